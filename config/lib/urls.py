"""Pages of the primitives: jobs and files."""

from django.urls import URLPattern, URLResolver

app_name = "lib"
urlpatterns: list[URLPattern | URLResolver] = []
