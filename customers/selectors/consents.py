"""What stands of what households said: one definition (the view ``customers_standing_consent``) for everybody who uses it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from config.lib import clock, releases
from customers.domain import consents
from customers.models import Consent, Person, StandingConsent

NOTICE = "consent_notice"
_OF_ALL = Q(whose__isnull=True)
_OF_THE_BORROWER = Q(whose_id=F("subject__household__borrower_id"))


def notice_in_force(institution_id: int) -> Any:
    """Return the release of the consent notice in force today, or None while there is none."""
    try:
        return releases.in_force(institution_id, NOTICE, clock.today())
    except releases.NotReleased:
        return None


@dataclass(frozen=True)
class Standing:
    """What stands of a household: the scopes given with the word each rests on, and the scopes members took back for themselves."""

    scopes: dict[str, StandingConsent]
    taken_back: dict[int, frozenset[str]]

    def has(self, scope: str, notice_version: int | None = None) -> bool:
        """Tell whether a scope stands; with ``notice_version`` only where it was given under that version."""
        word = self.scopes.get(scope)
        return word is not None and (notice_version is None or word.notice_version == notice_version)


def standing_of(subject_id: int) -> Standing:
    """Return what stands of one household, business or unit, in one query."""
    scopes: dict[str, StandingConsent] = {}
    own: dict[int, set[str]] = {}
    for word in StandingConsent.objects.filter(subject_id=subject_id):
        if word.whose_id is None and word.is_given:
            scopes[word.scope] = word
        elif word.whose_id is not None and not word.is_given:
            own.setdefault(word.whose_id, set()).add(word.scope)
    return Standing(scopes, {person: frozenset(found) for person, found in own.items()})


def withdrawn_among(subject_ids: Iterable[int] | None = None) -> set[int]:
    """Return the subjects whose file may not be used: collection was taken back by the household, or by its borrower for himself.

    All those the acting person sees without ``subject_ids``. Few take anything back, so those who ever did are found first.
    """
    ever = Consent.objects.filter(how__in=(Consent.How.WITHDRAWN, Consent.How.REFUSED))
    if subject_ids is not None:
        ever = ever.filter(subject_id__in=list(subject_ids))
    asked = list(ever.order_by().values_list("subject_id", flat=True).distinct())
    if not asked:
        return set()
    ended = StandingConsent.objects.filter(
        _OF_ALL | _OF_THE_BORROWER, subject_id__in=asked, scope=consents.COLLECTION, is_given=False
    )
    return set(ended.values_list("subject_id", flat=True))


def withdrawn_since(subject_id: int, at: datetime) -> bool:
    """Tell whether a household took collection back after an instant, the time of a visit that arrives late."""
    said = Consent.objects.filter(subject_id=subject_id, whose__isnull=True, given_at__gt=at)
    ended = Q(how=Consent.How.WITHDRAWN, scopes__contains=[consents.COLLECTION]) | Q(how=Consent.How.REFUSED)
    return said.filter(ended).exists()


def agreed_under(scope: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """Return the subjects of whom a scope and collection stand, the borrower's own word included, each with the version of the
    notice the scope was agreed to under."""
    asked = list(subject_ids)
    words = StandingConsent.objects.filter(subject_id__in=asked, scope__in=(scope, consents.COLLECTION))
    given = {(word.subject_id, word.scope): word.notice_version for word in words.filter(_OF_ALL, is_given=True)}
    against = set(words.filter(_OF_THE_BORROWER, is_given=False).values_list("subject_id", flat=True))
    return {
        pk: given[pk, scope]
        for pk in asked
        if (pk, scope) in given and (pk, consents.COLLECTION) in given and pk not in against
    }


def agreed_to(scope: str, subject_ids: Iterable[int]) -> set[int]:
    """Return the subjects of whom a scope and collection stand, the borrower's own word included: what may be shown in the
    village (publicity), who may be sent messages, whose credit may be queried."""
    return set(agreed_under(scope, subject_ids))


def usable(files: QuerySet[Any]) -> QuerySet[Any]:
    """Keep the files (rows with a ``subject``) that may be used: collection was not taken back."""
    ended = StandingConsent.objects.filter(
        _OF_ALL, subject_id=OuterRef("subject_id"), scope=consents.COLLECTION, is_given=False
    )
    return files.exclude(Exists(ended))


@dataclass(frozen=True)
class Line:
    """A scope as it stands: ``state`` is given, taken (back), refused or unasked; ``note`` what it means."""

    scope: str
    name: str
    note: str
    word: StandingConsent | None
    is_given: bool
    is_old: bool


def lines_of(subject_id: int, institution_id: int, language: str) -> list[Line]:
    """Return every scope with how it stands for a household as a whole; ``is_old``: given under a former notice."""
    notice = notice_in_force(institution_id)
    version = notice.version if notice else None
    words = {word.scope: word for word in StandingConsent.objects.filter(_OF_ALL, subject_id=subject_id)}
    offered = consents.asked(notice.document) if notice else ()
    found = []
    for scope in consents.SCOPES:
        word = words.get(scope)
        if word is None and scope not in offered:
            continue
        is_given = word is not None and word.is_given
        is_old = word is not None and is_given and word.notice_version != version
        name, note = consents.scope_name(scope, language), consents.scope_note(scope, language)
        found.append(Line(scope, name, note, word, is_given, is_old))
    return found


def history_of(subject_id: int) -> list[Consent]:
    """Return everything a household said, the newest first."""
    rows = Consent.objects.filter(subject_id=subject_id).select_related("taken_by", "person", "whose", "guardian")
    return list(rows.order_by("-given_at", "-pk")[:200])


def scope_names(scopes: Iterable[str], language: str) -> list[str]:
    """Return scopes in words, in their fixed order."""
    named = set(scopes)
    return [consents.scope_name(scope, language) for scope in consents.SCOPES if scope in named]


def adults_of(people: Iterable[Person]) -> list[Person]:
    """Return the members who may be named as a guardian today."""
    return [person for person in people if consents.may_be_guardian(person.born_on, clock.today())]
