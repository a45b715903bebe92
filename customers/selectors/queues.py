"""What waits for a second person: files to check, list entries to confirm; and one file side by side with the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import get_language

from config.lib import clock, display
from config.lib.weeks import business_day
from customers import access
from customers.domain import diff, form, words
from customers.domain.economics import Problem
from customers.models import (
    Business,
    Consent,
    DuplicateCase,
    Evidence,
    Household,
    ListEntry,
    ListRelease,
    Person,
    Profile,
    Unit,
)
from customers.selectors.files import releases_of_entries
from customers.selectors.forms import form_of
from customers.selectors.visits import members, newest_consent, previous_profile
from grids.access import Post


def newest_of(subject_ids: Iterable[int]) -> QuerySet[Profile]:
    """Return the newest revision of some subjects each."""
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    return Profile.objects.filter(~Exists(newer), subject_id__in=list(subject_ids)).order_by()


def places_of(subject_ids: Iterable[int]) -> tuple[dict[int, Household | Business | Unit], dict[int, str]]:
    """Return the rows of some households, businesses and units, and what each is called; in four queries, however many."""
    ids = list(subject_ids)
    kinds = (Household, Business, Unit)
    places = {
        place.pk: place for kind in kinds for place in kind.objects.filter(pk__in=ids).select_related("grid", "subject")
    }
    heads = dict(
        Person.objects.filter(
            pk__in=[home.head_id for home in places.values() if isinstance(home, Household)]
        ).values_list("pk", "name")
    )
    return places, {pk: title_of(place, heads) for pk, place in places.items()}


def title_of(place: Household | Business | Unit, heads: Mapping[int, str]) -> str:
    """Return what a subject is called: the head's name, the sign of a business or unit."""
    return heads.get(place.head_id or 0, "") or place.number if isinstance(place, Household) else place.name


def waiting_entries(post: Post) -> list[ListEntry]:
    """Return the list entries of a branch that wait for confirmation one by one, the oldest first; files wait as a whole."""
    return list(
        ListEntry.objects.filter(access.scope(post), confirmed_at__isnull=True, rejected_at__isnull=True)
        .filter(released_at__isnull=True, file__isnull=True)
        .select_related("subject__household__grid", "subject__household__head", "person", "proposed_by")
        .order_by("proposed_at")[:100]
    )


def waiting_releases(post: Post) -> list[ListEntry]:
    """Return the entries of a branch somebody asked to release, the longest waiting first."""
    asked = ListRelease.objects.filter(access.scope(post), confirmed_at__isnull=True, rejected_at__isnull=True)
    ids = list(asked.order_by("asked_at").values_list("entry_id", flat=True)[:100])
    entries = (
        ListEntry.objects.filter(access.scope(post), pk__in=ids)
        .select_related("subject__household__grid", "subject__household__head", "person", "proposed_by", "confirmed_by")
        .prefetch_related(releases_of_entries())
    )
    return sorted(entries, key=lambda entry: ids.index(entry.pk))


def open_duplicates(post: Post) -> list[DuplicateCase]:
    """Return the ID numbers that were typed in a branch and are filed elsewhere, the newest first, with where that is."""
    return list(
        DuplicateCase.objects.filter(access.scope(post), settled_at__isnull=True)
        .select_related("subject__household__grid", "subject__household__head", "found_by", "filed_grid__branch")
        .order_by("-found_at")[:50]
    )


# --- Side by side -------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """One line of the comparison, in words and figures of the reader's language; ``remark`` is what the checker typed."""

    label: str
    before: str
    after: str
    changed: bool
    change: Any
    path: str
    item: str = ""
    field: str = ""
    remark: str = ""
    reason: str = ""


@dataclass
class Section:
    """A part of the file; ``changed`` counts its differing lines."""

    code: str
    title: str
    rows: list[Line] = field(default_factory=list)
    carried: bool = False

    @property
    def changed(self) -> int:
        """How many lines differ."""
        return sum(line.changed for line in self.rows)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What the checker has before him."""

    place: Household | Business | Unit
    profile: Profile
    previous: Profile | None
    people: list[Person]
    sections: list[Section]
    notes: list[str]
    photos: list[Evidence]
    consent: Consent | None
    late_days: int
    overtaken: list[Profile]

    @property
    def newer_visit(self) -> Profile | None:
        """The earlier revision whose visit took place after this one's, as when a paper form was typed late; None as a rule."""
        before = [*self.overtaken, *([self.previous] if self.previous is not None else [])]
        later = [one for one in before if one.visit.device_at > self.profile.visit.device_at]
        return max(later, key=lambda one: one.visit.device_at, default=None)

    @property
    def unchanged(self) -> list[str]:
        """The parts of the file in which nothing differs."""
        return [section.title for section in self.sections if not section.changed and not section.carried]


def sheet_of(place: Household | Business | Unit, profile: Profile, against: int = 0) -> Sheet:
    """Return a revision beside the one it is compared with, what it lacks and what is odd in it.

    ``against`` is the number of a replaced revision (``Sheet.overtaken``) to compare with instead.
    """
    previous = previous_profile(profile)
    overtaken = overtaken_by(profile, previous)
    previous = next((one for one in overtaken if one.number == against), previous)
    people = members(place) if isinstance(place, Household) else []
    # Who has left since stands in the files compared and is named there.
    everyone = Person.objects.filter(household_id=place.pk)
    return Sheet(
        place=place,
        profile=profile,
        previous=previous,
        people=people,
        sections=sections_of(profile, previous, everyone),
        notes=_notes(profile),
        photos=list(Evidence.objects.filter(visit_id=profile.visit_id).order_by("pk")),
        consent=newest_consent(place.pk),
        late_days=_days(profile.visit.device_at, profile.visit.received_at),
        overtaken=overtaken,
    )


def overtaken_by(profile: Profile, previous: Profile | None) -> list[Profile]:
    """Return the revisions between the one a file is compared with and the file itself that were replaced before anybody had
    checked them, as by two officers on one day; what they say and the newest does not is lost unless somebody looks."""
    since = previous.number if previous is not None else 0
    between = Profile.objects.filter(subject_id=profile.subject_id, number__gt=since, number__lt=profile.number)
    rows = between.filter(check_verdict__isnull=True).select_related("collector", "visit__typed_by", "form")
    return list(rows.order_by("number"))


def _days(earlier: datetime, later: datetime) -> int:
    return (business_day(later) - business_day(earlier)).days


def sections_of(profile: Profile, previous: Profile | None, people: Iterable[Person]) -> list[Section]:
    """Return the comparison in the order of the form, members named; a first revision with one line an item."""
    language = get_language() or "zh-hans"
    names = {str(person.pk): person.name for person in people}
    found: dict[str, Section] = {}
    before_form = form_of(previous) if previous is not None else None
    before = previous.document if previous is not None else None
    for row in diff.compare(form_of(profile), before, profile.document, before_form):
        section = found.setdefault(
            row.section,
            Section(row.section, row.section_words.label(language), carried=row.section in profile.carried),
        )
        section.rows.append(_line(row, names, language, is_first=previous is None))
    if previous is None:
        for section in found.values():
            section.rows = _one_line_an_item(section.rows)
    return list(found.values())


def _one_line_an_item(lines: list[Line]) -> list[Line]:
    """Put the fields of each item into one line; a remark then belongs to the item."""
    merged: list[Line] = []
    for line in lines:
        place, _dot, _field = line.path.rpartition(".")
        if not line.item or not place:
            merged.append(line)
        elif merged and merged[-1].path == place:
            merged[-1].after += f" · {line.field} {line.after}"
        else:
            merged.append(
                Line(
                    line.item, "", f"{line.field} {line.after}", changed=False, change=None, path=place, item=line.item
                )
            )
    return merged


def _line(row: diff.Row, names: dict[str, str], language: str, *, is_first: bool) -> Line:
    parts = []
    if row.section == "members":
        parts.append(names.get(row.item, row.item))
    elif row.item_words is not None:
        parts.append(row.item_words.label(language))
    elif row.item:
        parts.append(names.get(row.item, row.item))
    if row.note:
        parts.append(row.note)
    gap = " · " if language.startswith("en") else "·"
    item = gap.join(parts)
    field_label = row.field_label(language)
    label = gap.join(part for part in (item, field_label) if part) or row.section_words.label(language)

    def written(value: str) -> str:
        if not value:
            return ""
        if row.asked is not None and row.asked.type == "member":
            return names.get(value, value)
        if row.section == "totals" or (row.asked is not None and row.asked.type == "yuan"):
            return display.yuan(value)
        return row.value(value, language)

    return Line(
        label=label,
        before=written(row.before),
        after=written(row.after),
        changed=row.change != "same" and not is_first,
        change=row.delta if row.change in ("up", "down") else None,
        path=row.path,
        item=item,
        field=field_label,
    )


def _notes(profile: Profile) -> list[str]:
    language = get_language() or "zh-hans"
    asked = form_of(profile)
    _clean, odd = form.read(asked, profile.document, today=clock.today())
    problems = [*form.incomplete(asked, profile.document), *odd]
    alike = access.files_that_agree(profile.pk)
    if alike:
        problems.append(Problem("", "copied", str(alike), "warning"))
    return list(dict.fromkeys(words.sentence(problem, language) for problem in problems))
