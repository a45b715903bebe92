"""Addresses of credit in the API."""

from rest_framework.routers import SimpleRouter

from credit.api.views import Applications, Decisions, LineResults, Rounds

router = SimpleRouter(use_regex_path=False)
router.register("rounds", Rounds, basename="round")
router.register("applications", Applications, basename="application")
router.register("decisions", Decisions, basename="decision")
router.register("line-results", LineResults, basename="line_result")
urlpatterns = router.urls
