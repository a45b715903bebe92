"""Pages of the primitives: jobs, files and parameters."""

from django.urls import path

from config.lib import views
from config.lib.parameters import views as parameter_pages

app_name = "lib"
urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/<int:pk>/", views.job, name="job"),
    path("jobs/<int:pk>/cancel/", views.job_cancel, name="job_cancel"),
    path("files/<uuid:uuid>/", views.file, name="file"),
    path("parameters/models/", parameter_pages.parameter_list, {"area": "models"}, name="models"),
    path("parameters/forms/", parameter_pages.parameter_list, {"area": "forms"}, name="forms"),
    path("parameters/rules/", parameter_pages.parameter_list, {"area": "rules"}, name="rules"),
    path("parameters/notices/", parameter_pages.parameter_list, {"area": "notices"}, name="notices"),
    path("parameters/releases/", parameter_pages.release_list, name="releases"),
    path("parameters/kinds/<slug:kind>/", parameter_pages.parameter, name="parameter"),
    path("parameters/versions/<int:pk>/", parameter_pages.parameter_version, name="parameter_version"),
    path("parameters/versions/<int:pk>/document.json", parameter_pages.version_file, name="version_file"),
    path("parameters/drafts/begin/", parameter_pages.draft_begin, name="draft_begin"),
    path("parameters/drafts/<int:pk>/", parameter_pages.parameter_draft, name="parameter_draft"),
    path("parameters/drafts/<int:pk>/edit/", parameter_pages.draft_edit, name="draft_edit"),
    path("parameters/drafts/<int:pk>/document.json", parameter_pages.draft_file, name="draft_file"),
    path("parameters/drafts/<int:pk>/submit/", parameter_pages.draft_submit, name="draft_submit"),
    path("parameters/drafts/<int:pk>/withdraw/", parameter_pages.draft_withdraw, name="draft_withdraw"),
    path("parameters/drafts/<int:pk>/release/", parameter_pages.draft_release, name="draft_release"),
    path("parameters/drafts/<int:pk>/return/", parameter_pages.draft_return, name="draft_return"),
]
