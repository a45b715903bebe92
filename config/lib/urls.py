"""Pages of the primitives: jobs and files."""

from django.urls import path

from config.lib import views

app_name = "lib"
urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/<int:pk>/", views.job, name="job"),
    path("jobs/<int:pk>/cancel/", views.job_cancel, name="job_cancel"),
    path("files/<uuid:uuid>/", views.file, name="file"),
]
