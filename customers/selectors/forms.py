"""The collection forms in force, and the one a revision was filled in by."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from config.lib import clock
from config.lib.models import Release
from customers.domain.form import Form, read_form
from customers.domain.form.definition import SUBJECTS, Fault
from customers.domain.form.succession import breaks
from customers.models import Business, Household, Profile, Subject, Unit

KIND = "form"
SHIPPED = Path(__file__).parent.parent / "parameters" / "forms"
FIRST_EDITION = "farm_household"


@dataclass(frozen=True)
class Edition:
    """A form as released: ``key`` names the form, ``version`` its edition."""

    release_id: int
    key: str
    version: int
    form: Form

    def label(self, language: str) -> str:
        """The name of the form."""
        return self.form.words.label(language)


_READ: dict[str, Form] = {}


def _form(release: Release) -> Form:
    """Read a release once a process: it never changes."""
    found = _READ.get(release.sha256)
    if found is None:
        found, _faults = read_form(release.document)
        _READ[release.sha256] = found
    return found


def editions_for(subject: Subject, fits: str = "", on: date | None = None) -> list[Edition]:
    """Return the forms in force for a subject, the one released first at the head; ``fits`` is the kind of a business.

    A household's officer chooses among them (farm household, large grower); a business has those that fit its kind.
    """
    found = [
        edition
        for edition in _in_force(subject.institution_id, on or clock.today())
        if edition.form.subject == subject.kind
    ]
    return [edition for edition in found if not edition.form.fits or not fits or fits in edition.form.fits]


def fits_of(place: Household | Business | Unit) -> str:
    """Return the kind a form must fit: that of a business; "" for a household or unit."""
    return place.kind if isinstance(place, Business) else ""


def editions_of(institution_id: int, kind: str = "") -> list[Edition]:
    """Return the forms in force for a kind of subject (of every kind: households, businesses, units), first released first."""
    found = _in_force(institution_id, clock.today())
    if kind:
        return [edition for edition in found if edition.form.subject == kind]
    return sorted(found, key=lambda edition: SUBJECTS.index(edition.form.subject))


def edition_released(institution_id: int, release_id: int) -> Edition | None:
    """Return an edition by its release, also one superseded since: a paper form is typed by the edition it was printed from."""
    releases = Release.objects.filter(institution_id=institution_id, kind=KIND, effective_on__lte=clock.today())
    release = releases.filter(pk=release_id).first()
    return Edition(release.pk, release.key, release.version, _form(release)) if release is not None else None


def edition_for(place: Household | Business | Unit, release_id: int) -> Edition | None:
    """Return an edition by its release; None for one that is not for this kind of household, business or unit."""
    found = edition_released(place.institution_id, release_id)
    if found is None or found.form.subject != place.subject.kind:
        return None
    return found if not found.form.fits or not (fits := fits_of(place)) or fits in found.form.fits else None


def _newest(institution_id: int, on: date) -> list[tuple[int, str, int, str]]:
    """Return release, key, version and hash of every form in force on a day."""
    releases = Release.objects.filter(institution_id=institution_id, kind=KIND)
    known = list(releases.order_by("pk").values_list("pk", "key", "version", "effective_on", "sha256"))
    newest: dict[str, tuple[date, int, int, str]] = {}
    for pk, key, version, effective_on, sha256 in known:
        if effective_on <= on:
            newest[key] = max(newest.get(key, (effective_on, version, pk, sha256)), (effective_on, version, pk, sha256))
    return [(pk, key, version, sha256) for key, (_day, version, pk, sha256) in newest.items()]


def _in_force(institution_id: int, on: date) -> list[Edition]:
    newest = _newest(institution_id, on)
    unread = [pk for pk, _key, _version, sha256 in newest if sha256 not in _READ]
    for release in Release.objects.filter(pk__in=unread) if unread else ():
        _form(release)
    return [Edition(pk, key, version, _READ[sha256]) for pk, key, version, sha256 in newest]


def releases_in_force(institution_id: int) -> QuerySet[Release]:
    """Return the releases of every form in force today."""
    newest = _newest(institution_id, clock.today())
    return Release.objects.filter(pk__in=[pk for pk, _key, _version, _sha256 in newest])


def first_edition() -> Form:
    """Return the form of households as it was first shipped, for the names of its parts."""
    return _first_edition()


def edition_before(institution_id: int, key: str) -> Release | None:
    """Return the newest edition of a form, in force or to come: what the next one may not take from files."""
    return Release.objects.filter(institution_id=institution_id, kind=KIND, key=key).order_by("-version").first()


def faults_after(before: Any, document: Any) -> list[Fault]:
    """Return everything that keeps a document from following the one of the edition before (None for a first edition)."""
    found = read_form(document)[1]
    return [*found, *breaks(before, document)] if before is not None else found


def starts(institution_id: int) -> list[Release]:
    """Return the editions in force that a new form may begin from, by the code of their form."""
    return list(releases_in_force(institution_id).order_by("key"))


@cache
def _first_edition() -> Form:
    return read_form(json.loads((SHIPPED / f"{FIRST_EDITION}.json").read_text("utf-8")))[0]


def form_of(profile: Profile) -> Form:
    """Return the form a revision was filled in by: old revisions are shown with their own edition."""
    if profile.form_id is None:
        return _first_edition()
    if Profile.form.is_cached(profile):  # type: ignore[attr-defined]
        return _by_release(profile.form_id, profile.form.sha256)  # type: ignore[union-attr]
    return form_released(profile.form_id)


def form_released(release_id: int) -> Form:
    """Return the form of a release."""
    return _by_release(release_id, Release.objects.only("sha256").get(pk=release_id).sha256)


def _by_release(release_id: int, sha256: str) -> Form:
    found = _READ.get(sha256)
    return found if found is not None else _form(Release.objects.get(pk=release_id))
