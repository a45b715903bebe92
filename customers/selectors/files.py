"""The state of a household's file (Domain, section 12.2): what was last submitted and what became of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from config.lib.weeks import Week
from customers.models import ChangeFlag, ListEntry, ListRelease, Milestone, Profile, ProfileCheck, Visit
from grids.selectors.campaigns import open_campaign

# state: (label, tone of its badge)
STATES: dict[str, tuple[Any, str]] = {
    "never": (_("未走访"), "neutral"),
    "visited": (_("已走访未建档"), "neutral"),
    "waiting": (_("待复核"), "wait"),
    "checked": (_("已复核"), "good"),
    "held": (_("变化待确认"), "wait"),
    "returned": (_("已退回"), "orange"),
}


@dataclass(frozen=True)
class FileState:
    """Where the file of one household stands, and the rows that say so."""

    code: str
    newest: Profile | None = None
    last_visit: Visit | None = None
    blocked_by: str = ""
    # Whether sudden changes of the newest revision wait for proof or a second person.
    has_changes: bool = False

    @property
    def label(self) -> Any:
        """The state in words."""
        return STATES[self.code][0]

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return STATES[self.code][1]


def verdict_of(profile: Profile | None) -> ProfileCheck | None:
    """Return the verdict on a revision, None while it waits."""
    return getattr(profile, "check_verdict", None) if profile is not None else None


def state_code(newest: Profile | None, is_visited: bool, changes: Collection[str] = ()) -> str:
    """Tell the state from the newest revision, whether the campaign has seen a visit, and how the sudden changes of the revision
    stand ("" open, confirmed, refused)."""
    if newest is None:
        return "visited" if is_visited else "never"
    verdict = verdict_of(newest)
    if verdict is None:
        return "waiting"
    if verdict.verdict != ProfileCheck.Verdict.ACCEPTED or ChangeFlag.Outcome.REFUSED in changes:
        return "returned"
    return "held" if "" in changes else "checked"


def _newest(**conditions: Any) -> Exists:
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    return Exists(Profile.objects.filter(~Exists(newer), subject_id=OuterRef("pk"), **conditions))


def _reached(campaign: Any, kind: str, week: Week | None = None) -> Exists | Q:
    if campaign is None:
        return Q(pk__in=())
    events = Milestone.objects.filter(campaign=campaign, subject_id=OuterRef("pk"), kind=kind)
    if week is not None:
        events = events.filter(reached_at__gte=week.starts_at, reached_at__lt=week.ends_at)
    return Exists(events)


def in_state(code: str, institution_id: int) -> Q:
    """Return the condition on households that are in a state."""
    if code == "waiting":
        return Q(_newest(check_verdict__isnull=True))
    if code == "returned":
        return Q(_newest(check_verdict__verdict=ProfileCheck.Verdict.RETURNED)) | Q(_newest(changes__outcome="refused"))
    if code in ("checked", "held"):
        accepted = Q(_newest(check_verdict__verdict=ProfileCheck.Verdict.ACCEPTED))
        refused, is_open = Q(_newest(changes__outcome="refused")), Q(_newest(changes__outcome=""))
        return accepted & ~refused & (is_open if code == "held" else ~is_open)
    visited = Q(_reached(open_campaign(institution_id), Milestone.Kind.VISITED))
    unfiled = ~Q(Exists(Profile.objects.filter(subject_id=OuterRef("pk"))))
    return unfiled & (visited if code == "visited" else ~visited)


def has_reached(kind: str, institution_id: int, week: Week | None = None) -> Q:
    """Return the condition on households that reached a stage in the open campaign, in one week or at all."""
    return Q(_reached(open_campaign(institution_id), kind, week))


def is_blocked() -> Q:
    """Return the condition on households with an active entry that blocks (Semantics, section 1)."""
    return Q(Exists(_blocking().filter(subject_id=OuterRef("pk"))))


def releases_of_entries() -> "Prefetch[str, Any, str]":
    """Return how list entries fetch the requests to release them, the oldest first, with who asked and who answered."""
    people = ("asked_by", "confirmed_by", "rejected_by")
    return Prefetch("releases", ListRelease.objects.select_related(*people).order_by("pk"))


def _blocking() -> Any:
    # Of who is there: an entry of a member who left blocks nobody here, it went with him.
    return ListEntry.objects.filter(
        blocks=True, confirmed_at__isnull=False, released_at__isnull=True, person__left_on__isnull=True
    )


def states_of(subject_ids: Iterable[int], institution_id: int) -> dict[int, FileState]:
    """Return the state of each household, in a fixed number of queries whatever their number."""
    ids = list(subject_ids)
    newest = {
        profile.subject_id: profile
        for profile in Profile.objects.filter(subject_id__in=ids)
        .select_related("check_verdict")
        .order_by("subject_id", "-number")
        .distinct("subject_id")
        .defer("document")
    }
    visits = {
        visit.subject_id: visit
        for visit in Visit.objects.filter(subject_id__in=ids)
        .select_related("lead")
        .order_by("subject_id", "-received_at", "-pk")
        .distinct("subject_id")
    }
    campaign = open_campaign(institution_id)
    visited = set(
        Milestone.objects.filter(campaign=campaign, kind=Milestone.Kind.VISITED, subject_id__in=ids).values_list(
            "subject_id", flat=True
        )
    )
    colours = _blocking().filter(subject_id__in=ids).values_list("subject_id", "colour")
    blocked = dict(sorted(colours, key=lambda one: one[1] == ListEntry.Colour.BLACK))  # black wins
    changes: dict[int, set[str]] = {}
    revisions = [profile.pk for profile in newest.values()]
    for pk, outcome in ChangeFlag.objects.filter(profile_id__in=revisions).values_list("subject_id", "outcome"):
        changes.setdefault(pk, set()).add(outcome)
    return {
        pk: FileState(
            state_code(newest.get(pk), pk in visited, changes.get(pk, ())),
            newest.get(pk),
            visits.get(pk),
            str(blocked.get(pk, "")),
            has_changes="" in changes.get(pk, ()),
        )
        for pk in ids
    }
