"""Pages of reporting."""

from django.urls import URLPattern, URLResolver, path

from reporting.views import kin, overview, samples, targeted, visits, weekly

app_name = "reporting"
urlpatterns: list[URLPattern | URLResolver] = [
    path("overview/", overview.overview, name="overview"),
    path("overview/map.geojson", overview.overview_map, name="overview_map"),
    path("visit-statistics/", visits.visit_statistics, name="visit_statistics"),
    path("visit-statistics.xlsx", visits.visit_statistics_xlsx, name="visit_statistics_xlsx"),
    path("visit-statistics/visits/", visits.visits_behind, name="visits_behind"),
    path("weekly/", weekly.weekly_report, name="weekly"),
    path("weekly/households/", weekly.figure_households, name="figure_households"),
    path("weekly/<str:week>/report.xlsx", weekly.weekly_xlsx, name="weekly_xlsx"),
    path("weekly/<str:week>/report.pdf", weekly.weekly_pdf, name="weekly_pdf"),
    path("weekly/<str:week>/paper/", weekly.weekly_paper, name="weekly_paper"),
    path("plans/", samples.plan_list, name="plan_list"),
    path("plans/new/", samples.plan_new, name="plan_new"),
    path("plans/redraw.py", samples.redraw, name="redraw"),
    path("plans/<int:pk>/", samples.plan, name="plan"),
    path("plans/<int:pk>/draw/", samples.draw, name="draw"),
    path("plans/<int:pk>/again/", samples.verify, name="verify"),
    path("plans/<int:pk>/population.csv", samples.population, name="population"),
    path("plans/<int:pk>/conclude/", samples.conclude, name="conclude"),
    path("plans/<int:pk>/kin/", kin.kin, name="kin"),
    path("plans/<int:pk>/kin/earlier/", kin.kin_earlier, name="kin_earlier"),
    path("plans/<int:pk>/kin/<int:declaration_id>/withdraw/", kin.kin_withdraw, name="kin_withdraw"),
    path("plans/<int:pk>/targeted/", targeted.targeted, name="targeted"),
    path("inspections/", samples.inspection_list, name="inspection_list"),
    path("inspections/<int:pk>/", samples.inspection, name="inspection"),
    path("conclusions/", samples.conclusion_list, name="conclusion_list"),
    path("conclusions/<int:pk>/", samples.conclusion, name="conclusion"),
    path("conclusions/<int:pk>/conclusion.pdf", samples.conclusion_pdf, name="conclusion_pdf"),
]
