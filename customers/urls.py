"""Pages of customers."""

from django.urls import URLPattern, URLResolver, path

from customers.views import checks, households, list_files, lists, roster, today, visits

app_name = "customers"
urlpatterns: list[URLPattern | URLResolver] = [
    path("today/", today.today, name="today"),
    path("today/drafts/", today.drafts, name="drafts"),
    path("drafts/key/", visits.draft_key, name="draft_key"),
    path("households/", households.household_list, name="household_list"),
    path("households/<int:pk>/", households.household, name="household"),
    path("households/<int:pk>/visit/", visits.visit, name="visit"),
    path("households/<int:pk>/propose/", lists.propose, name="list_propose"),
    path("people/<int:pk>/reveal/<str:field>/", households.reveal, name="reveal"),
    path("people/<int:pk>/phone/", households.correct_phone, name="correct_phone"),
    path("households/<int:pk>/withdraw/", households.withdraw_consent, name="withdraw_consent"),
    path("photos/<int:pk>/", visits.photo, name="photo"),
    path("rosters/", roster.roster_list, name="roster_list"),
    path("rosters/new/", roster.roster_upload, name="roster_upload"),
    path("rosters/<int:pk>/", roster.roster, name="roster"),
    path("rosters/<int:pk>/progress/", roster.roster_progress, name="roster_progress"),
    path("rosters/<int:pk>/confirm/", roster.roster_confirm, name="roster_confirm"),
    path("rosters/<int:pk>/discard/", roster.roster_discard, name="roster_discard"),
    path("rosters/<int:pk>/problems.xlsx", roster.roster_problems, name="roster_problems"),
    path("queues/", checks.queues, name="queues"),
    path("queues/<int:pk>/", checks.check, name="check"),
    path("queues/<int:pk>/photos/<int:photo>/", checks.check_photo, name="check_photo"),
    path("queues/duplicates/<int:pk>/settle/", checks.settle_duplicate, name="duplicate_settle"),
    path("lists/", lists.entry_list, name="list_entries"),
    path("lists/export.xlsx", list_files.export, name="list_export"),
    path("lists/files/", list_files.file_list, name="list_files"),
    path("lists/files/new/", list_files.file_upload, name="list_file_upload"),
    path("lists/files/<int:pk>/", list_files.file, name="list_file"),
    path("lists/files/<int:pk>/confirm/", list_files.confirm, name="list_file_confirm"),
    path("lists/files/<int:pk>/reject/", list_files.reject, name="list_file_reject"),
    path("lists/<int:pk>/", lists.entry, name="list_entry"),
    path("lists/<int:pk>/review/", lists.review, name="list_review"),
    path("lists/<int:pk>/confirm/", lists.confirm, name="list_confirm"),
    path("lists/<int:pk>/reject/", lists.reject, name="list_reject"),
    path("lists/<int:pk>/release/", lists.ask_release, name="list_release_ask"),
    path("lists/releases/<int:pk>/confirm/", lists.confirm_release, name="list_release_confirm"),
    path("lists/releases/<int:pk>/reject/", lists.reject_release, name="list_release_reject"),
]
