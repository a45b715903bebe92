"""Addresses of the API's own nouns."""

from rest_framework.routers import SimpleRouter

from config.lib.api.jobs import Runs

router = SimpleRouter(use_regex_path=False)
router.register("jobs", Runs, basename="job")
urlpatterns = router.urls
