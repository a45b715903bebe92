"""What the one search box finds: people by name, pinyin, initials and ends of numbers, households by number.

Names are found through the token table, numbers through blind indexes, household numbers by their beginning: equality and
ranges only, so that every look-up is an index condition under row security. At most three queries whatever is typed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import clock, crypto
from customers import access
from customers.domain import names
from customers.domain.identity import mask_id
from customers.domain.names import MIDDLE_DOT, Query
from customers.models import Household, Person
from customers.services.identity import ErasedError, decrypt
from grids.access import Post

MOST = 20
# Candidates looked at: several tokens of a name may match, and only whole matches of a longer name are kept.
CANDIDATES = 60
_AFTER = "\U0010ffff"
PERSON, HOUSEHOLD = "person", "household"


@dataclass(frozen=True, slots=True)
class Hit:
    """One household found, and the member through whom. ``note`` tells who that is, and tells namesakes apart."""

    household_id: int
    head: str
    number: str
    village: str
    group: str
    note: str


@dataclass(frozen=True, slots=True)
class Results:
    """What a text found; ``more`` when there is more than is shown."""

    query: Query
    hits: list[Hit]
    more: bool = False


def search(post: Post, text: str) -> Results:
    """Find people and households in the scope of a post."""
    query = names.classify(text)
    people, homes = _candidates(post, query)
    found = [*_by_person(post, query, people), *_by_number(post, query, homes)]
    return Results(query, found[:MOST], len(found) > MOST)


# --- Candidates ---------------------------------------------------------------------------------------------------


def _candidates(post: Post, query: Query) -> tuple[list[int], list[int]]:
    """Ids of people and of households that may match, in one query."""
    parts, values = _parts(query, post.staff.institution_id)
    if not parts:
        return [], []
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(f"({part})" for part in parts), values)
        rows = cursor.fetchall()
    return [pk for kind, pk in rows if kind == PERSON], [pk for kind, pk in rows if kind == HOUSEHOLD]


def _parts(query: Query, institution_id: int) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    values: list[Any] = []

    def add(sql: str, *arguments: Any) -> None:
        parts.append(sql)
        values.extend(arguments)

    if query.pieces:
        tokens = " intersect ".join(
            ["select person_id from customers_persontoken where token = %s and institution_id = %s"] * len(query.pieces)
        )
        add(
            f"select '{PERSON}', person_id from ({tokens}) as found limit {CANDIDATES}",  # noqa: S608
            *[value for piece in query.pieces for value in (piece, institution_id)],
        )
    elif query.prefix:
        add(
            f"select distinct '{PERSON}', person_id from (select person_id from customers_persontoken "  # noqa: S608
            f"where token >= %s and token < %s and institution_id = %s limit {CANDIDATES * 3}) as found",
            query.prefix, query.prefix + _AFTER, institution_id,
        )  # fmt: skip
    for column, kind, number in (
        ("id_index", "id", query.id_number),
        ("id_tail", "id4", query.id_tail),
        ("phone_index", "phone", query.phone),
        ("phone_tail", "phone4", query.phone_tail),
    ):
        if number:
            add(
                f"select '{PERSON}', id from customers_person where institution_id = %s and {column} = any(%s) "  # noqa: S608
                f"limit {CANDIDATES}",
                institution_id, crypto.live_indexes(kind, institution_id, number),
            )  # fmt: skip
    if query.household_number:
        add(
            f"select '{HOUSEHOLD}', subject_id from customers_household where institution_id = %s "  # noqa: S608
            f"and number >= %s and number < %s limit {CANDIDATES}",
            institution_id, query.household_number, query.household_number + _AFTER,
        )  # fmt: skip
    return parts, values


# --- Hits ---------------------------------------------------------------------------------------------------------


def _by_person(post: Post, query: Query, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    people = Person.objects.filter(access.scope(post), pk__in=ids, erased_at__isnull=True).select_related(
        "household__grid", "household__head"
    )
    found = [person for person in people if query.name in _bare(person.name)]
    # Whole matches first, then in the order of the pinyin; households of one village stand together.
    found.sort(key=lambda person: (_bare(person.name) != query.name, person.sort_key, person.household.number))
    shown: dict[int, Person] = {}
    for person in found:
        shown.setdefault(person.household_id, person)
    people_shown = list(shown.values())[: MOST + 1]
    same_names = [person.name for person in people_shown]
    return [_hit(query, person, has_namesake=same_names.count(person.name) > 1) for person in people_shown]


def _bare(name: str) -> str:
    return name.replace(MIDDLE_DOT, "").replace(" ", "").lower()


def _hit(query: Query, person: Person, *, has_namesake: bool) -> Hit:
    home = person.household
    head = home.head.name if home.head is not None else ""
    notes = []
    if home.head_id != person.pk:
        notes.append(person.name)
    if person.born_on is not None:
        notes.append(age_in_words(person.born_on, clock.today()))
    if person.left_on is not None:
        notes.append(_("已离户"))
    number = _tail_found(query, person) or (_masked_id(person) if has_namesake else "")
    if number:
        notes.append(number)
    return Hit(home.pk, head or person.name, home.number, home.grid.name, home.group, " · ".join(notes))


def _tail_found(query: Query, person: Person) -> str:
    """Say through which number a person was found, with no more of it than was typed."""
    for column, kind, number, words in (
        ("id_index", "id", query.id_number, _("身份证号相符")),
        ("id_tail", "id4", query.id_tail, _("身份证尾号 %(tail)s")),
        ("phone_index", "phone", query.phone, _("手机号相符")),
        ("phone_tail", "phone4", query.phone_tail, _("手机尾号 %(tail)s")),
    ):
        value = getattr(person, column)
        if number and value and bytes(value) in crypto.live_indexes(kind, person.institution_id, number):
            return words % {"tail": number}
    return ""


def _masked_id(person: Person) -> str:
    try:
        number = mask_id(decrypt(person, "id_number"))
    except ErasedError:
        return ""
    return _("身份证 %(masked)s") % {"masked": number[-4:]} if number else ""


def age_in_words(born_on: date, today: date) -> str:
    """Write a person's age in full years."""
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    return ngettext("%(count)s 岁", "%(count)s 岁", age) % {"count": age}


def _by_number(post: Post, query: Query, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    homes = Household.objects.filter(access.scope(post), pk__in=ids).select_related("grid", "head")
    found = sorted(homes, key=lambda home: (home.number != query.household_number, home.number, home.grid.pinyin))
    return [
        Hit(home.pk, home.head.name if home.head else "", home.number, home.grid.name, home.group, _("户号相符"))
        for home in found[: MOST + 1]
    ]
