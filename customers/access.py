"""The only door through which a person comes to a customer's row. Row security stands behind it (Decision record 0002).

A row outside the acting post's scope and a row that does not exist look the same: Http404.
"""

from typing import Any, TypeVar

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from config.lib.acting import open_queues, open_subjects
from customers.models import (
    Business,
    Consent,
    DuplicateCase,
    Evidence,
    GridMerger,
    Household,
    HouseholdEvent,
    ListEntry,
    ListFile,
    ListRelease,
    MoveRequest,
    Person,
    PersonMerge,
    PlannedVisit,
    Principal,
    Profile,
    ProfileCheck,
    ProfileFile,
    RosterImport,
    SimilarCase,
    SimilarMember,
    Subject,
    SubjectGrid,
    Unit,
    UnplacedRow,
    Visit,
)
from grids.access import CUSTOMER_POSTS, Branch, Post, PostKind, grids_for, reached_by

Row = TypeVar("Row", bound=Model)


def scope(post: Post) -> Q:
    """Return the condition that keeps a customer table to what a post may see."""
    if post.is_whole:
        return Q(institution_id=post.staff.institution_id)
    if post.kind == PostKind.OFFICER:
        return Q(grid__in=reached_by(post))
    if post.kind in CUSTOMER_POSTS and post.branch_id is not None:
        return Q(grid__in=grids_for(post).order_by().values("pk"))
    return Q(pk__in=())


def subjects_for(post: Post) -> QuerySet[Subject]:
    """Return the subjects a post may see."""
    return Subject.objects.filter(scope(post))


def households_for(post: Post) -> QuerySet[Household]:
    """Return the households a post may see."""
    return Household.objects.filter(scope(post))


def businesses_for(post: Post) -> QuerySet[Business]:
    """Return the businesses a post may see."""
    return Business.objects.filter(scope(post))


def units_for(post: Post) -> QuerySet[Unit]:
    """Return the units a post may see."""
    return Unit.objects.filter(scope(post))


def visits_for(post: Post) -> QuerySet[Visit]:
    """Return the visits of the households a post may see."""
    return Visit.objects.filter(scope(post))


def profiles_for(post: Post) -> QuerySet[Profile]:
    """Return the revisions of the files a post may see."""
    return Profile.objects.filter(scope(post))


def checks_for(post: Post) -> QuerySet[ProfileCheck]:
    """Return the verdicts on the files a post may see."""
    return ProfileCheck.objects.filter(scope(post))


def list_entries_for(post: Post) -> QuerySet[ListEntry]:
    """Return the list entries whose member and reason a post may know (Decision record 0016).

    A branch manager knows all of his branch, an auditor all but those of hidden households; anybody else those he proposed,
    settled, or asked to release. That a household is blocked, everybody who sees it knows (``selectors.files``).
    """
    entries = ListEntry.objects.filter(scope(post))
    if post.kind == PostKind.BRANCH_MANAGER:
        return entries
    if post.kind == PostKind.AUDITOR:
        return entries.exclude(subject_id__in=hidden_subjects())
    me = post.staff_id
    asked = ListRelease.objects.filter(entry=OuterRef("pk"), asked_by=me)
    return entries.filter(Q(proposed_by=me) | Q(confirmed_by=me) | Q(rejected_by=me) | Q(Exists(asked)))


def household_events_for(post: Post) -> QuerySet[HouseholdEvent]:
    """Return the changes of the households a post may see, and those its grids would receive."""
    received = Q(to_grid__in=grids_for(post).order_by().values("pk")) if not post.is_whole else Q()
    if post.kind not in CUSTOMER_POSTS or not (post.is_whole or post.branch_id or post.kind == PostKind.OFFICER):
        return HouseholdEvent.objects.none()
    return HouseholdEvent.objects.filter(scope(post) | received if received else scope(post))


def _open(rows: QuerySet[Row], **wanted: Any) -> Row:
    row = rows.filter(**wanted).first()
    if row is None:
        raise Http404
    return row


def open_household(post: Post, pk: int) -> Household:
    """Return a household with its subject, grid, branch and institution."""
    return _open(
        households_for(post).select_related("subject", "grid__branch", "grid__institution", "head", "borrower"), pk=pk
    )


def open_entity(post: Post, pk: int) -> Business | Unit:
    """Return a business or unit with its subject, grid, branch and institution."""
    kind = subjects_for(post).filter(pk=pk).values_list("kind", flat=True).first()
    wanted = ("subject", "grid__branch", "grid__institution")
    if kind == Subject.Kind.BUSINESS:
        return _open(businesses_for(post).select_related(*wanted), pk=pk)
    return _open(units_for(post).select_related(*wanted), pk=pk)


def open_place(post: Post, pk: int) -> Household | Business | Unit:
    """Return a household, business or unit by its subject, with its grid."""
    kind = subjects_for(post).filter(pk=pk).values_list("kind", flat=True).first()
    return open_household(post, pk) if kind == Subject.Kind.HOUSEHOLD else open_entity(post, pk)


def is_hidden(post: Post, subject_id: int) -> bool:
    """Whether a household's file is hidden from an auditor for now: his own work, or drawn and not yet re-entered."""
    return post.kind == PostKind.AUDITOR and subject_id in hidden_subjects()


def hidden_subjects() -> list[int]:
    """Return the subjects hidden from the acting auditor for now."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(nullif(current_setting('app.hidden', true), '')::bigint[], '{}')")
        return list(cursor.fetchone()[0])


def open_person(post: Post, pk: int) -> Person:
    """Return a member of a household."""
    return _open(Person.objects.filter(scope(post), erased_at__isnull=True), pk=pk)


def open_subject(post: Post, pk: int) -> Subject:
    """Return a household, business or unit as what is counted and visited."""
    return _open(subjects_for(post), pk=pk)


def open_feature(post: Post, pk: int) -> SubjectGrid:
    """Return a membership in a feature grid that has not ended."""
    rows = SubjectGrid.objects.filter(scope(post), to_on__isnull=True).select_related("feature", "subject")
    return _open(rows, pk=pk)


def open_principal(post: Post, pk: int) -> Principal:
    """Return who answers for a business or unit."""
    return _open(Principal.objects.filter(scope(post), erased_at__isnull=True), pk=pk)


def open_visit(post: Post, pk: int) -> Visit:
    """Return a visit with its people."""
    return _open(Visit.objects.filter(scope(post)).select_related("lead", "partner", "person_met", "subject"), pk=pk)


def open_planned(post: Post, pk: int) -> PlannedVisit:
    """Return a line of a day's plan that still counts, under a row lock: his own for an officer, any of his branch for a manager."""
    rows = PlannedVisit.objects.filter(scope(post), PlannedVisit.LIVE).select_for_update(of=("self",))
    if post.kind == PostKind.OFFICER:
        rows = rows.filter(officer=post.staff_id)
    return _open(rows.select_related("officer"), pk=pk)


def open_evidence(post: Post, pk: int) -> Evidence:
    """Return a photo of a visit with its file."""
    return _open(Evidence.objects.filter(scope(post)).select_related("file"), pk=pk)


def consents_for(post: Post) -> QuerySet[Consent]:
    """Return what the households, businesses and units a post may see said about their data."""
    return Consent.objects.filter(scope(post))


def open_consent(post: Post, pk: int) -> Consent:
    """Return one consent with its signature."""
    return _open(consents_for(post).select_related("signature"), pk=pk)


def open_list_entry(post: Post, pk: int) -> ListEntry:
    """Return a list entry the post may know of with who proposed it, under a row lock."""
    entries = list_entries_for(post).select_related("proposed_by", "subject")
    return _open(entries.select_for_update(of=("self",)), pk=pk)


def find_list_entry(post: Post, pk: int) -> ListEntry:
    """Return a list entry the post may know of, to read it."""
    people = ("proposed_by", "confirmed_by", "rejected_by", "released_by", "person", "superseded_by")
    return _open(list_entries_for(post).select_related(*people, "subject__household__grid__branch"), pk=pk)


def open_list_release(post: Post, pk: int) -> ListRelease:
    """Return a request to release an entry, under a row lock."""
    releases = ListRelease.objects.filter(scope(post)).select_related("entry", "asked_by")
    return _open(releases.select_for_update(of=("self",)), pk=pk)


def open_household_event(post: Post, pk: int) -> HouseholdEvent:
    """Return a change of a household of the post, or one its grids would receive."""
    related = ("grid__branch", "to_grid__branch", "proposed_by", "giving_by", "receiving_by", "ended_by")
    return _open(household_events_for(post).select_related(*related), pk=pk)


def open_move_request(post: Post, pk: int) -> MoveRequest:
    """Return a roster's open request to move a member of a household the post sees."""
    return _open(MoveRequest.objects.filter(scope(post), state="open").select_related("person"), pk=pk)


def grid_mergers_for(post: Post) -> QuerySet[GridMerger]:
    """Return the village mergers of the bank for the administrator, those of his villages for a branch manager."""
    mergers = GridMerger.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.ADMINISTRATOR:
        return mergers
    if post.kind != PostKind.BRANCH_MANAGER or post.branch is None:
        return mergers.none()
    return mergers.filter(
        Q(from_grid__branch__path__startswith=post.branch.path) | Q(to_grid__branch__path__startswith=post.branch.path)
    )


def open_grid_merger(post: Post, pk: int) -> GridMerger:
    """Return a village merger of the post."""
    return _open(grid_mergers_for(post).select_related("from_grid__branch", "to_grid__branch", "proposed_by"), pk=pk)


def open_duplicate(post: Post, pk: int) -> DuplicateCase:
    """Return a duplicate found in the households a post may see."""
    return _open(DuplicateCase.objects.filter(scope(post)), pk=pk)


def similar_cases_for(post: Post) -> QuerySet[SimilarCase]:
    """Return the cases with a member a post may see."""
    mine = SimilarMember.objects.filter(scope(post), case=OuterRef("pk"))
    return SimilarCase.objects.filter(Exists(mine), institution_id=post.staff.institution_id)


def open_similar_case(post: Post, pk: int) -> SimilarCase:
    """Return a case with a member a post may see."""
    return _open(similar_cases_for(post), pk=pk)


def similar_members_for(post: Post) -> QuerySet[SimilarMember]:
    """Return the members of cases a post may see."""
    return SimilarMember.objects.filter(scope(post))


def person_merges_for(post: Post) -> QuerySet[PersonMerge]:
    """Return the merges of persons of the households a post may see."""
    return PersonMerge.objects.filter(scope(post))


def open_person_merge(post: Post, pk: int) -> PersonMerge:
    """Return a merge of persons, of whom the post sees both."""
    return _open(person_merges_for(post).filter(kept__grid__in=grids_for(post).order_by().values("pk")), pk=pk)


# --- Roster files -------------------------------------------------------------------------------------------------
# A file is handled by its branch and those above; row security behind this is acc.roster_branches().


def roster_branches_for(post: Post) -> QuerySet[Branch]:
    """Return the branches whose roster files a post handles: its own and those below."""
    branch = post.branch or post.staff.home_branch
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER) or branch is None:
        return Branch.objects.none()
    return Branch.objects.filter(institution_id=branch.institution_id, path__startswith=branch.path).order_by("path")


def list_files_for(post: Post) -> QuerySet[ListFile]:
    """Return the files of list entries a post handles."""
    return ListFile.objects.filter(branch__in=roster_branches_for(post).order_by())


def open_list_file(post: Post, pk: int) -> ListFile:
    """Return a file of list entries with its branch and its people."""
    return _open(list_files_for(post).select_related("branch", "uploaded_by", "settled_by"), pk=pk)


def profile_files_for(post: Post) -> QuerySet[ProfileFile]:
    """Return the files of visits a post handles."""
    return ProfileFile.objects.filter(branch__in=roster_branches_for(post).order_by())


def open_profile_file(post: Post, pk: int) -> ProfileFile:
    """Return a file of visits with its branch, its form, its people and its run."""
    people = ("branch", "form", "uploaded_by", "settled_by", "run__asked_by")
    return _open(profile_files_for(post).select_related(*people), pk=pk)


def rosters_for(post: Post) -> QuerySet[RosterImport]:
    """Return the roster imports a post handles."""
    return RosterImport.objects.filter(branch__in=roster_branches_for(post).order_by())


def open_roster(post: Post, pk: int) -> RosterImport:
    """Return a roster import with its branch, its people and its run."""
    return _open(
        rosters_for(post).select_related("branch", "uploaded_by", "confirmed_by", "discarded_by", "run__asked_by"),
        pk=pk,
    )


def unplaced_for(post: Post) -> QuerySet[UnplacedRow]:
    """Return the rows of imported lists that wait for a grid, of the branches whose files a post handles."""
    branches = roster_branches_for(post).order_by()
    return UnplacedRow.objects.filter(branch__in=branches, settled_at__isnull=True)


def open_unplaced(post: Post, pk: int) -> UnplacedRow:
    """Return a row that waits for a grid, under a row lock."""
    return _open(unplaced_for(post).select_for_update(of=("self",)), pk=pk)


# --- The check in hand --------------------------------------------------------------------------------------------
# A second officer need not cover the grid. The database says which files wait for him and opens exactly those.


def check_queue() -> list[int]:
    """Return the subjects whose newest revision waits for the acting person, the oldest first, opened to this transaction."""
    return open_subjects("check_queue")


def second_queues() -> tuple[list[int], list[int]]:
    """Return the subjects whose file the acting person may check and those whose changes he may settle, all opened to this
    transaction."""
    files, changes = open_queues("check_queue", "change_queue")
    return files, changes


def open_to_share(post: Post, subject_id: int) -> Profile:
    """Return a revision that waits, to who may check it, and to the branch manager even where he had a part in it himself."""
    if open_subjects("check_queue", subject_id) == [subject_id]:
        return open_check(subject_id)
    found = (
        profiles_for(post).filter(subject_id=subject_id).select_related("visit", "subject__grid").order_by("-number")
    )
    newest = found.first()
    if post.kind != PostKind.BRANCH_MANAGER or newest is None or ProfileCheck.objects.filter(profile=newest).exists():
        raise Http404
    return newest


def open_check(subject_id: int) -> Profile:
    """Return the revision that waits for the acting person to check, with its visit; nobody else gets it."""
    if open_subjects("check_queue", subject_id) != [subject_id]:
        raise Http404
    profiles = Profile.objects.filter(subject_id=subject_id).select_related(
        "visit__lead",
        "visit__partner",
        "visit__person_met",
        "collector",
        "form",
        "subject__grid",
        "subject__household__grid",
        "subject__business__grid",
        "subject__unit__grid",
    )
    newest = profiles.order_by("-number").first()
    if newest is None:
        raise Http404
    return newest


def files_that_agree(profile_id: int) -> int:
    """Return how many other subjects of the grid have a file that agrees with this one to the cent."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.files_that_agree(%s)", [profile_id])
        return int(cursor.fetchone()[0])


def open_check_evidence(subject_id: int, pk: int) -> Evidence:
    """Return a photo of a file that waits for the acting person to check."""
    open_check(subject_id)
    return _open(Evidence.objects.filter(subject_id=subject_id).select_related("file"), pk=pk)


# --- Sudden changes -----------------------------------------------------------------------------------------------------


def change_queue() -> list[int]:
    """Return the subjects with a sudden change the acting person may settle, the nearest deadline first, opened to this
    transaction."""
    return open_subjects("change_queue")


def may_settle_change(subject_id: int) -> bool:
    """Whether the acting person may settle the changes of a file; if so the file is open to this transaction."""
    return open_subjects("change_queue", subject_id) == [subject_id]


def open_changes(post: Post, subject_id: int) -> Profile:
    """Return the newest revision of a file with sudden changes: to who sees its grid, and to the second person it waits for."""
    found = Profile.objects.filter(subject_id=subject_id)
    if not may_settle_change(subject_id):
        found = found.filter(scope(post))
    newest = found.select_related("visit", "collector", "subject").order_by("-number").first()
    if newest is None or not newest.changes.exists():
        raise Http404
    return newest


def covers(post: Post, profile: Profile) -> bool:
    """Whether a file lies in what a post sees by itself, without a task that opens it."""
    return Profile.objects.filter(scope(post), pk=profile.pk).exists()


def open_changes_to_prove(post: Post, subject_id: int) -> Profile:
    """Return the newest revision of a file with sudden changes, to who sees its grid."""
    profile = open_changes(post, subject_id)
    if not covers(post, profile):
        raise Http404
    return profile


def open_changes_to_settle(subject_id: int) -> Profile:
    """Return the revision whose changes wait for the acting person; nobody else gets it."""
    if not may_settle_change(subject_id):
        raise Http404
    found = Profile.objects.filter(subject_id=subject_id).select_related("visit", "collector").order_by("-number")
    return _open(found)


def open_change_proof(post: Post, subject_id: int, pk: int) -> Evidence:
    """Return a photo or document that proves a change of a file."""
    profile = open_changes(post, subject_id)
    proofs = Evidence.objects.filter(proves__flag__profile=profile).select_related("file").distinct()
    return _open(proofs, pk=pk)
