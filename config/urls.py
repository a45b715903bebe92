"""All URLs: the frame's own pages by name, the apps' by inclusion; error pages."""

from django.urls import include, path

from config import session
from config.lib.api.document import SchemaView
from config.lib.styleguide import styleguide
from config.lib.views import healthz
from customers.views.search import search

handler400 = "config.lib.errors.bad_request"
handler403 = "config.lib.errors.permission_denied"
handler404 = "config.lib.errors.page_not_found"
handler500 = "config.lib.errors.server_error"

API = ("config.lib.api.urls", "grids.api.urls", "customers.api.urls", "credit.api.urls", "reporting.api.urls")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", session.home, name="home"),
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("switch-post/", session.switch_post, name="switch_post"),
    path("language/", session.set_language, name="set_language"),
    path("search/", search, name="search"),
    path("style/", styleguide, name="styleguide"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/v1/", include(([path("", include(urls)) for urls in API], "api"))),
    path("", include("config.lib.urls")),
    path("", include("grids.urls")),
    path("", include("customers.urls")),
    path("", include("credit.urls")),
    path("", include("reporting.urls")),
]
