"""Addresses of reporting in the API."""

from rest_framework.routers import SimpleRouter

from reporting.api.views import SamplePlans, WeeklyReports

router = SimpleRouter(use_regex_path=False)
router.register("weekly-reports", WeeklyReports, basename="weekly_report")
router.register("sample-plans", SamplePlans, basename="sample_plan")
urlpatterns = router.urls
