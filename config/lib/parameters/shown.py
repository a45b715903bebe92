"""What the pages of parameters show: which version holds when, drafts on their way, the trail of a draft, what depends on it.

Whether a version is in force, to come or superseded follows from the dates and is stored nowhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import Http404

from config.lib import clock
from config.lib.models import AuditEvent, ParameterDraft, Release
from config.lib.parameters.kinds import Area, ParameterKind, kinds

Row = TypeVar("Row", bound=Model)
PEOPLE = ("drafted_by", "released_by")
LIVING = [str(state) for state in ParameterDraft.OPEN]


class Standing(StrEnum):
    """How a version stands on a day."""

    COMING = "coming"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    NEVER = "never"  # another version took its day before it came


@dataclass(frozen=True)
class Span:
    """From when to when (exclusive) a version holds; without an end it holds on."""

    starts: date
    ends: date | None
    standing: Standing


def spans(versions: Iterable[tuple[int, int, date]], on: date) -> dict[int, Span]:
    """Return how long each version of one parameter holds, by id, from rows (id, version, effective day).

    In force on a day is the one with the latest effective day not after it, ties by version (``releases.in_force``).
    """
    order = sorted(versions, key=lambda row: (row[2], row[1]))
    found = {}
    for place, (pk, _version, starts) in enumerate(order):
        ends = order[place + 1][2] if place + 1 < len(order) else None
        if ends == starts:
            standing = Standing.NEVER
        elif starts > on:
            standing = Standing.COMING
        elif ends is not None and ends <= on:
            standing = Standing.SUPERSEDED
        else:
            standing = Standing.IN_FORCE
        found[pk] = Span(starts, ends, standing)
    return found


@dataclass
class Line:
    """One parameter in the list: the version in force, the next one, drafts on their way."""

    kind: ParameterKind
    key: str = ""
    name: Any = None
    in_force: Release | None = None
    coming: Release | None = None
    drafts: list[ParameterDraft] = field(default_factory=list)

    def title(self, language: str) -> str:
        """What the parameter is called: its kind, or where there are several its own title and key."""
        own = self.name.get("en" if language.startswith("en") else "zh") if isinstance(self.name, dict) else None
        own = own if isinstance(own, str) else None
        return (
            f"{own}（{self.key}）"
            if own and language.startswith("zh")
            else f"{own} ({self.key})"
            if own
            else self.key or ""
        )


def lines(institution_id: int, area: Area) -> list[Line]:
    """Return the parameters of an area in the order of their kinds, then by key. Three queries."""
    codes = [kind.code for kind in kinds(area)]
    today = clock.today()
    released = Release.objects.filter(institution_id=institution_id, kind__in=codes).defer("document")
    named = released.annotate(
        named=KeyTransform("title", "document"), zh=KeyTransform("zh", "document"), en=KeyTransform("en", "document")
    )
    found: dict[tuple[str, str], Line] = {}

    known = {kind.code: kind for kind in kinds(area)}

    def line(kind: str, key: str) -> Line:
        return found.setdefault((kind, key), Line(known[kind], key))

    in_force = named.filter(effective_on__lte=today).order_by("kind", "key", "-effective_on", "-version")
    for one in in_force.distinct("kind", "key"):
        line(one.kind, one.key).in_force = one
        line(one.kind, one.key).name = _name(one)
    coming = named.filter(effective_on__gt=today).order_by("kind", "key", "effective_on", "-version")
    for one in coming.distinct("kind", "key"):
        line(one.kind, one.key).coming = one
        line(one.kind, one.key).name = line(one.kind, one.key).name or _name(one)
    for draft in drafts_for(institution_id).filter(kind__in=codes):
        line(draft.kind, draft.key).drafts.append(draft)
    for kind in kinds(area):
        if not kind.key_label.zh:
            line(kind.code, "")
    return sorted(found.values(), key=lambda one: (codes.index(one.kind.code), one.key))


def _name(release: Any) -> Any:
    """Return what a document calls itself, where several of its kind are told apart."""
    return release.named or {"zh": release.zh, "en": release.en} if release.key else None


def drafts_for(institution_id: int) -> QuerySet[ParameterDraft]:
    """Return the drafts that are open, those that wait for release first, the longest first."""
    living = ParameterDraft.objects.filter(institution_id=institution_id, state__in=LIVING, kind__in=_registered())
    return (
        living.defer("document")
        .select_related("drafted_by", "settled_by")
        .order_by(F("submitted_at").asc(nulls_last=True), "pk")
    )


def _registered() -> list[str]:
    return [kind.code for kind in kinds()]


def releases_for(institution_id: int) -> QuerySet[Release]:
    """Return every version of every known parameter, the last released first, without the documents."""
    found = Release.objects.filter(institution_id=institution_id, kind__in=_registered())
    return found.defer("document").select_related(*PEOPLE).order_by("-released_at", "-pk")


def versions(institution_id: int, kind: str, key: str) -> QuerySet[Release]:
    """Return the versions of one parameter, the newest first, without the documents."""
    return releases_for(institution_id).filter(kind=kind, key=key).order_by("-version")


def spans_of(institution_id: int, kind: str, key: str) -> dict[int, Span]:
    """Return how long each version of one parameter holds."""
    rows = Release.objects.filter(institution_id=institution_id, kind=kind, key=key)
    return spans(rows.values_list("pk", "version", "effective_on"), clock.today())


def spans_of_all(releases: Sequence[Release]) -> dict[int, Span]:
    """Return how long each of these versions holds, whatever their parameters; one query."""
    if not releases:
        return {}
    names = {(one.kind, one.key) for one in releases}
    rows = Release.objects.filter(institution_id=releases[0].institution_id, kind__in={kind for kind, _key in names})
    grouped: dict[tuple[str, str], list[tuple[int, int, date]]] = {}
    for kind, key, pk, version, starts in rows.values_list("kind", "key", "pk", "version", "effective_on"):
        grouped.setdefault((kind, key), []).append((pk, version, starts))
    today = clock.today()
    return {pk: span for name in names for pk, span in spans(grouped.get(name, ()), today).items()}


def coming_for(institution_id: int) -> QuerySet[Release]:
    """Return the versions that take effect after today, the next first."""
    return (
        releases_for(institution_id)
        .filter(effective_on__gt=clock.today())
        .order_by("effective_on", "kind", "key", "version")
    )


def coming_of(draft: ParameterDraft) -> list[Release]:
    """Return the versions of a draft's parameter that are released and take effect after today."""
    return list(coming_for(draft.institution_id).filter(kind=draft.kind, key=draft.key))


def _open(rows: QuerySet[Row], institution_id: int, pk: int) -> Row:
    found = rows.filter(institution_id=institution_id, pk=pk, kind__in=_registered()).first()
    if found is None:
        raise Http404
    return found


def open_release(institution_id: int, pk: int) -> Release:
    """Return a version of the institution, or raise Http404."""
    return _open(Release.objects.select_related(*PEOPLE, "draft"), institution_id, pk)


def open_draft(institution_id: int, pk: int) -> ParameterDraft:
    """Return a draft of the institution, or raise Http404."""
    return _open(
        ParameterDraft.objects.select_related("drafted_by", "settled_by", "base", "release"), institution_id, pk
    )


def before(release: Release) -> Release | None:
    """Return the version before one."""
    rows = Release.objects.filter(institution_id=release.institution_id, kind=release.kind, key=release.key)
    return rows.filter(version__lt=release.version).order_by("-version").first()


def trail(draft: ParameterDraft) -> QuerySet[AuditEvent]:
    """Return what happened to a draft, the last first."""
    events = AuditEvent.objects.filter(
        about="parameter_draft", about_id=str(draft.pk), institution_id=draft.institution_id
    )
    return events.select_related("staff").order_by("-pk")


def uses_of(kind: ParameterKind, releases: Sequence[Release]) -> dict[int, list[tuple[Any, int]]]:
    """Return by release what depends on it: the words of each sort of result and how many; one query a sort."""
    found: dict[int, list[tuple[Any, int]]] = {release.pk: [] for release in releases}
    for use in kind.uses if releases else ():
        counted = use.count(releases)
        for pk, told in found.items():
            told.append((use.title, counted.get(pk, 0)))
    return found
