"""Pages of reporting."""

from django.urls import URLPattern, URLResolver, path

from reporting.views import overview, weekly

app_name = "reporting"
urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", overview.overview, name="overview"),
    path("overview/map.geojson", overview.overview_map, name="overview_map"),
    path("weekly/", weekly.weekly_report, name="weekly"),
    path("weekly/households/", weekly.figure_households, name="figure_households"),
    path("weekly/<str:week>/report.xlsx", weekly.weekly_xlsx, name="weekly_xlsx"),
    path("weekly/<str:week>/report.pdf", weekly.weekly_pdf, name="weekly_pdf"),
    path("weekly/<str:week>/paper/", weekly.weekly_paper, name="weekly_paper"),
]
