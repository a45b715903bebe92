"""Businesses and units as lists, and everything the page of one says."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q
from django.http import QueryDict

from config.lib import clock
from customers import access
from customers.models import Business, Evidence, Person, Principal, Subject, SubjectGrid, Unit
from customers.selectors import files
from customers.selectors.effective import VisitCounts, visit_counts
from customers.selectors.files import FileState
from customers.selectors.identity import Masked, masked
from grids.access import Grid, Post, grids_for

PER_PAGE = 20
Entity = Business | Unit
SORTS: dict[str, tuple[Any, ...]] = {
    "name": ("sort_key", "pk"),
    "-name": ("-sort_key", "-pk"),
    "next": (F("next_visit_on").asc(nulls_last=True), "pk"),
    "-next": (F("next_visit_on").desc(nulls_last=True), "pk"),
}
MODELS: dict[str, Any] = {Subject.Kind.BUSINESS: Business, Subject.Kind.UNIT: Unit}


@dataclass(frozen=True)
class EntityFilter:
    """What a list shows; its text form is the page's address. Unknown values mean no filter."""

    grid: int | None = None
    feature: int | None = None
    kind: str = ""
    state: str = ""
    found: bool = False
    sort: str = "name"

    @classmethod
    def read(cls, query: QueryDict, subject_kind: str) -> "EntityFilter":
        """Read the filter from an address."""
        kind, state, sort = (query.get(name, "") for name in ("kind", "state", "sort"))
        return cls(
            grid=_number(query.get("grid", "")),
            feature=_number(query.get("feature", "")),
            kind=kind if kind in MODELS[subject_kind].Kind.values else "",
            state=state if state in files.STATES else "",
            found=query.get("found") == "1",
            sort=sort if sort in SORTS else "name",
        )


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 19 else None


def in_feature(grid_id: int) -> Q:
    """Return the condition on households, businesses and units that a feature grid shows today."""
    shown = SubjectGrid.objects.filter(subject_id=OuterRef("pk"), feature_id=grid_id, to_on__isnull=True)
    return Q(Exists(shown))


@dataclass(frozen=True)
class EntityRow:
    """One line of the list."""

    entity: Entity
    principal: str
    state: FileState


def filtered(post: Post, subject_kind: str, wanted: EntityFilter) -> Any:
    """Return the present businesses or units of a post's scope that a filter keeps, in its order."""
    rows = access.businesses_for(post) if subject_kind == Subject.Kind.BUSINESS else access.units_for(post)
    found: Any = rows.filter(subject__left_on__isnull=True)
    if wanted.grid is not None:
        found = found.filter(grid_id=wanted.grid)
    if wanted.feature is not None:
        found = found.filter(in_feature(wanted.feature))
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.state:
        found = found.filter(files.in_state(wanted.state, post.staff.institution_id))
    if wanted.found:
        found = found.filter(subject__listed_on__isnull=True)
    return found.order_by(*SORTS[wanted.sort])


def page_of(
    post: Post, subject_kind: str, wanted: EntityFilter, number: str | None
) -> tuple[Page[Any], list[EntityRow]]:
    """Return one page of the list and its lines."""
    rows = filtered(post, subject_kind, wanted).select_related("grid", "subject")
    page = Paginator(rows, PER_PAGE).get_page(number)
    return page, rows_of(list(page.object_list), post.staff.institution_id)


def rows_of(found: list[Entity], institution_id: int) -> list[EntityRow]:
    """Return the lines of some businesses or units; the number of queries does not grow with them."""
    ids = [entity.pk for entity in found]
    names = dict(Principal.objects.filter(pk__in=ids).values_list("pk", "name"))
    states = files.states_of(ids, institution_id)
    return [EntityRow(entity, names.get(entity.pk, ""), states[entity.pk]) for entity in found]


def grid_options(post: Post, subject_kind: str) -> list[tuple[int, str]]:
    """Return the grids of a post's scope that hold this kind, for a filter."""
    grids = grids_for(post).filter(kind__in=HOMES[subject_kind]).order_by("pinyin", "pk")
    return list(grids.values_list("pk", "name"))


# What a grid may be home to, as lib.holds says it (Semantics, section 1).
_TERRITORY = (Grid.Kind.VILLAGE, Grid.Kind.COMMUNITY)
HOMES: dict[str, tuple[str, ...]] = {
    Subject.Kind.HOUSEHOLD: _TERRITORY,
    Subject.Kind.BUSINESS: (Grid.Kind.MARKET, Grid.Kind.STREET, *_TERRITORY),
    Subject.Kind.UNIT: (Grid.Kind.INSTITUTION, Grid.Kind.ENTERPRISE, *_TERRITORY),
}


def feature_options(post: Post) -> list[tuple[int, str]]:
    """Return the feature grids of the institution, for a filter and for adding to one."""
    grids = Grid.objects.filter(institution_id=post.staff.institution_id, kind=Grid.Kind.FEATURE, is_active=True)
    return list(grids.order_by("pinyin", "pk").values_list("pk", "name"))


def feature_named(post: Post, pk: str) -> Grid | None:
    """Return an active feature grid of the institution by its id."""
    grids = Grid.objects.filter(institution_id=post.staff.institution_id, kind=Grid.Kind.FEATURE, is_active=True)
    return grids.filter(pk=_number(pk) or 0).first()


def features_of(subject_id: int) -> list[SubjectGrid]:
    """Return the feature grids that show a subject today."""
    rows = SubjectGrid.objects.filter(subject_id=subject_id, to_on__isnull=True)
    return list(rows.select_related("feature", "added_by").order_by("pk"))


# --- The page of one --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EntityCard:
    """Who, where, class, file state, last visit, next step; who answers for it.

    ``member`` is the household member who answers for it, where the reader may see him.
    """

    entity: Entity
    state: FileState
    principal: Principal | None
    masked: Masked
    member: Person | None
    photos: list[Evidence]
    visits: VisitCounts
    is_overdue: bool


def card_of(post: Post, entity: Entity) -> EntityCard:
    """Return everything the page of a business or unit says, its timeline apart."""
    principal = Principal.objects.filter(pk=entity.pk).first()
    member = None
    if principal is not None and principal.person_id is not None:
        member = Person.objects.filter(access.scope(post), pk=principal.person_id).first()
    return EntityCard(
        entity=entity,
        state=files.states_of([entity.pk], entity.institution_id)[entity.pk],
        principal=principal,
        masked=masked(principal) if principal is not None else Masked(),
        member=member,
        photos=list(Evidence.objects.filter(subject_id=entity.pk).order_by("-created_at")[:12]),
        visits=visit_counts(entity.pk),
        is_overdue=entity.next_visit_on is not None and entity.next_visit_on < clock.today(),
    )


def businesses_of(post: Post, people: list[Person]) -> list[Business]:
    """Return the businesses that members of a household answer for, where the reader may see them."""
    ids = Principal.objects.filter(access.scope(post), person_id__in=[one.pk for one in people]).values_list("pk")
    return list(
        access.businesses_for(post)
        .filter(pk__in=ids, subject__left_on__isnull=True)
        .select_related("grid")
        .order_by("pk")
    )
