"""Addresses of the territory in the API."""

from rest_framework.routers import SimpleRouter

from grids.api.views import Branches, Grids

router = SimpleRouter(use_regex_path=False)
router.register("branches", Branches, basename="branch")
router.register("grids", Grids, basename="grid")
urlpatterns = router.urls
