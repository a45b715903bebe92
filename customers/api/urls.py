"""Addresses of customers in the API."""

from rest_framework.routers import SimpleRouter

from customers.api.rosters import RosterImports
from customers.api.views import (
    Businesses,
    Checks,
    Consents,
    Forms,
    HouseholdEvents,
    Households,
    ListEntries,
    Profiles,
    Units,
    Visits,
)

router = SimpleRouter(use_regex_path=False)
router.register("households", Households, basename="household")
router.register("household-events", HouseholdEvents, basename="household_event")
router.register("businesses", Businesses, basename="business")
router.register("units", Units, basename="unit")
router.register("visits", Visits, basename="visit")
router.register("consents", Consents, basename="consent")
router.register("profiles", Profiles, basename="profile")
router.register("checks", Checks, basename="check")
router.register("forms", Forms, basename="form")
router.register("list-entries", ListEntries, basename="list_entry")
router.register("roster-imports", RosterImports, basename="roster_import")
urlpatterns = router.urls
