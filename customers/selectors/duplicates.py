"""Cases of people filed twice as the branch manager sees them: the queue by weight and age, one case side by side, merges waiting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict

from config.lib import clock
from config.lib.weeks import business_day
from customers import access
from customers.models import Household, Person, PersonMerge, SimilarCase, SimilarMember, Visit
from customers.selectors.identity import masked
from customers.selectors.places import Place, places_of
from grids.access import Post, PostKind

PER_PAGE = 20
MEMBERS_SHOWN = 30


@dataclass(frozen=True)
class CaseFilter:
    """What the queue shows: open cases by default."""

    kind: str = ""
    state: str = SimilarCase.State.OPEN
    red: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> "CaseFilter":
        """Read the filter from an address; unknown values mean no filter."""
        kind, state = query.get("kind", ""), query.get("state", "")
        return cls(
            kind=kind if kind in SimilarCase.Kind.values else "",
            state=state if state in SimilarCase.State.values else SimilarCase.State.OPEN,
            red=query.get("red") == "1",
        )


@dataclass(frozen=True)
class CaseRow:
    """One line of the queue: the case, the members the reader sees, how many days it is open."""

    case: SimilarCase
    names: str
    places: str
    days: int


def page_of(post: Post, wanted: CaseFilter, number: str | None) -> tuple[Page[SimilarCase], list[CaseRow]]:
    """Return one page of the cases of a post, red ones and the oldest first."""
    cases = access.similar_cases_for(post).filter(state=wanted.state)
    if wanted.kind:
        cases = cases.filter(kind=wanted.kind)
    if wanted.red:
        cases = cases.filter(is_red=True)
    page = Paginator(cases.order_by("-is_red", "opened_at", "pk"), PER_PAGE).get_page(number)
    members: dict[int, list[SimilarMember]] = {}
    found = list(_members(post).filter(case__in=[case.pk for case in page]))
    for member in found:
        members.setdefault(member.case_id, []).append(member)
    places = places_of({member.subject_id for member in found})
    today = clock.today()
    return page, [
        CaseRow(
            case,
            "、".join(dict.fromkeys(_called(one, places) for one in members.get(case.pk, [])[:4])),
            "、".join(dict.fromkeys(places[one.subject_id].place.grid.name for one in members.get(case.pk, [])[:4])),
            (today - business_day(case.opened_at)).days,
        )
        for case in page
    ]


def _called(member: SimilarMember, places: Mapping[int, Place]) -> str:
    return member.person.name if member.person is not None else places[member.subject_id].title


def _members(post: Post) -> QuerySet[SimilarMember]:
    return access.similar_members_for(post).filter(gone_at__isnull=True).select_related("person").order_by("pk")


def open_cases(post: Post) -> tuple[int, int]:
    """Count the open cases of a branch manager and the days the oldest waits; merges that wait for him count, too."""
    if post.kind != PostKind.BRANCH_MANAGER:
        return 0, 0
    cases = access.similar_cases_for(post).filter(state=SimilarCase.State.OPEN)
    first = cases.order_by("opened_at").values_list("opened_at", flat=True).first()
    count = cases.count() + waiting_merges(post).exclude(asked_by=post.staff_id).count()
    return count, (clock.today() - business_day(first)).days if first else 0


def waiting_merges(post: Post) -> QuerySet[PersonMerge]:
    """Return the merges, and the undoings, that wait for a second person."""
    asked = Q(confirmed_at__isnull=True, rejected_at__isnull=True)
    undoing = Q(undo_asked_at__isnull=False, undone_at__isnull=True)
    return access.person_merges_for(post).filter(asked | undoing)


@dataclass(frozen=True)
class Side:
    """One member of a case as he is filed, numbers masked, or a place whose visit used a photo; ``equal`` names the fields in which
    all agree."""

    member: SimilarMember
    place: Place
    person: Person | None
    id_number: str
    phone: str
    last_visit: Visit | None
    equal: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CaseSheet:
    """What the branch manager has before him."""

    case: SimilarCase
    sides: list[Side]
    elsewhere: list[tuple[str, str, int]]
    merges: list[PersonMerge] = field(default_factory=list)
    decisions: list[Any] = field(default_factory=list)


def sheet_of(post: Post, case: SimilarCase) -> CaseSheet:
    """Return a case side by side; members of other branches are told by place and number alone."""
    members = list(_members(post).filter(case=case)[:MEMBERS_SHOWN])
    visits = {
        visit.subject_id: visit
        for visit in Visit.objects.filter(subject_id__in=[member.subject_id for member in members])
        .select_related("lead")
        .order_by("subject_id", "-received_at")
        .distinct("subject_id")
    }
    places = places_of({member.subject_id for member in members})
    sides = []
    for member in members:
        numbers = masked(member.person) if member.person is not None else None
        sides.append(
            Side(
                member,
                places[member.subject_id],
                member.person,
                numbers.id_number if numbers else "",
                numbers.phone if numbers else "",
                visits.get(member.subject_id),
            )
        )
    equal = frozenset(
        name
        for name in ("name", "sex", "born_on", "phone_index")
        if len(sides) > 1 and len({_value(side.person, name) for side in sides}) == 1 and _value(sides[0].person, name)
    )
    return CaseSheet(
        case=case,
        sides=[Side(**{**side.__dict__, "equal": equal}) for side in sides],
        elsewhere=_elsewhere(post, case),
        merges=list(_with_people(access.person_merges_for(post).filter(case=case)).order_by("-asked_at")),
        decisions=list(case.decisions.select_related("decided_by").order_by("-decided_at")),
    )


def _value(person: Person | None, name: str) -> Any:
    value = getattr(person, name, None)
    return bytes(value) if isinstance(value, memoryview) else value


def _with_people(merges: QuerySet[PersonMerge]) -> QuerySet[PersonMerge]:
    people = (
        "gone__household__grid",
        "kept__household__grid",
        "asked_by",
        "confirmed_by",
        "rejected_by",
        "undo_asked_by",
    )
    return merges.select_related(*people, "undone_by")


def _elsewhere(post: Post, case: SimilarCase) -> list[tuple[str, str, int]]:
    if post.is_whole:
        return []
    with connection.cursor() as cursor:
        cursor.execute("select grid, branch, members from acc.similar_elsewhere(%s)", [case.pk])
        return [(str(grid), str(branch), int(members)) for grid, branch, members in cursor.fetchall()]


@dataclass(frozen=True)
class Told:
    """What the page of a household says: that something is being looked into, and who of it is filed elsewhere, too."""

    kinds: list[str]
    merges: list[PersonMerge]


def told_on(household: Household) -> Told:
    """Return what every reader of a household is told; who the others are, is not among it."""
    open_here = SimilarMember.objects.filter(
        subject_id=household.pk, gone_at__isnull=True, case__state=SimilarCase.State.OPEN
    )
    kinds = [str(SimilarCase.Kind(kind).label) for kind in open_here.values_list("case__kind", flat=True).distinct()]
    merged = PersonMerge.objects.filter(
        Q(subject_id=household.pk) | Q(kept__household=household), confirmed_at__isnull=False, undone_at__isnull=True
    )
    return Told(kinds, list(_with_people(merged)))
