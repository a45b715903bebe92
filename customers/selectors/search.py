"""What the one search box finds: people by name, pinyin, initials and ends of numbers, households by number, businesses and units
by name, pinyin, credit code and who answers for them.

Names are found through the token table, numbers through blind indexes, household numbers by their beginning: equality and
ranges only, so that every look-up is an index condition under row security. At most four queries whatever is typed.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from config.lib import clock, crypto
from customers import access
from customers.domain import entities, names
from customers.domain.catalogue import RELATIONS
from customers.domain.identity import mask_id
from customers.domain.names import MIDDLE_DOT, Query
from customers.models import Business, Household, Person, Subject, Unit
from customers.selectors.identity import decrypt
from grids.access import Post

MOST = 20
# Candidates looked at: several tokens of a name may match, and only whole matches of a longer name are kept.
CANDIDATES = 60
_AFTER = "\U0010ffff"
PERSON, HOUSEHOLD, ENTITY = "person", "household", "entity"
# Beside households so many businesses and units are shown at least.
ENTITIES = 5
SHORTEST_CODE = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One household found, and the member through whom: ``who`` he is and his ``tie`` to the head. ``note`` tells namesakes
    apart and says what was typed of a number. Of a business or unit ``who`` is its name, ``tie`` its class, ``number`` its code.
    """

    household_id: int
    who: str
    tie: str
    head: str
    number: str
    village: str
    group: str
    note: str
    kind: str = HOUSEHOLD


@dataclass(frozen=True, slots=True)
class Results:
    """What a text found; ``more`` when there is more than is shown."""

    query: Query
    hits: list[Hit]
    more: bool = False


def search(post: Post, text: str) -> Results:
    """Find people and households in the scope of a post."""
    query = names.classify(text)
    people, homes, others = _candidates(post, query)
    found = [*_by_person(post, query, people), *_by_number(post, query, homes)]
    entities_found = _by_entity(post, query, others)
    room = MOST - min(len(entities_found), ENTITIES)
    return Results(query, [*found[:room], *entities_found][:MOST], len(found) + len(entities_found) > MOST)


# --- Candidates ---------------------------------------------------------------------------------------------------


def _candidates(post: Post, query: Query) -> tuple[list[int], list[int], list[int]]:
    """Ids of people, of households, and of businesses and units that may match, in one query."""
    parts, values = _parts(query, post.staff.institution_id)
    if not parts:
        return [], [], []
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(f"({part})" for part in parts), values)
        rows = cursor.fetchall()
    people, homes, others = (
        list(dict.fromkeys(pk for kind, pk in rows if kind == wanted))[:CANDIDATES]
        for wanted in (PERSON, HOUSEHOLD, ENTITY)
    )
    return people, homes, others


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
        tokens = " intersect ".join(
            ["select subject_id from customers_subjecttoken where token = %s and institution_id = %s"]
            * len(query.pieces)
        )
        add(
            f"select '{ENTITY}', subject_id from ({tokens}) as found limit {CANDIDATES}",  # noqa: S608
            *[value for piece in query.pieces for value in (piece, institution_id)],
        )
    elif query.prefix:
        add(
            f"select distinct '{PERSON}', person_id from (select person_id from customers_persontoken "  # noqa: S608
            f"where token >= %s and token < %s and institution_id = %s limit {CANDIDATES * 3}) as found",
            query.prefix, query.prefix + _AFTER, institution_id,
        )  # fmt: skip
        add(
            f"select distinct '{ENTITY}', subject_id from (select subject_id from customers_subjecttoken "  # noqa: S608
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
            add(
                f"select '{ENTITY}', subject_id from customers_principal where institution_id = %s "  # noqa: S608
                f"and {column} = any(%s) limit {CANDIDATES}",
                institution_id, crypto.live_indexes(kind, institution_id, number),
            )  # fmt: skip
    if len(query.household_number) >= SHORTEST_CODE:
        add(
            f"select '{ENTITY}', id from customers_subject where institution_id = %s and uscc is not null "  # noqa: S608
            f"and left_on is null and uscc >= %s and uscc < %s limit {CANDIDATES}",
            institution_id, query.household_number, query.household_number + _AFTER,
        )  # fmt: skip
    if query.household_number:
        add(
            f"select '{HOUSEHOLD}', subject_id from customers_household where institution_id = %s "  # noqa: S608
            f"and number >= %s and number < %s limit {CANDIDATES}",
            institution_id, query.household_number, query.household_number + _AFTER,
        )  # fmt: skip
    return parts, values


# --- Hits ---------------------------------------------------------------------------------------------------------

_HOME = ("number", "group", "grid__name", "head_id", "head__name")
_WHO = ("pk", "name", "relation", "sort_key", "born_on", "left_on", "household_id", "uuid", "data_key", "id_number")
# The register's one-character words as people say them of somebody else; a second "head" and "other" are family.
_KIN = {
    Person.Relation.SON: gettext_lazy("儿子"),
    Person.Relation.DAUGHTER: gettext_lazy("女儿"),
    Person.Relation.HEAD: gettext_lazy("家人"),
    Person.Relation.OTHER: gettext_lazy("家人"),
}
_NUMBERS = ("id_index", "id_tail", "phone_index", "phone_tail")


def _by_person(post: Post, query: Query, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    people = Person.objects.filter(access.scope(post), pk__in=ids, erased_at__isnull=True).values(
        *_WHO, *_NUMBERS, *(f"household__{name}" for name in _HOME)
    )
    found = [person for person in people if query.name in _bare(person["name"])]
    # Whole matches first, then in the order of the pinyin; households of one village stand together.
    found.sort(key=lambda one: (_bare(one["name"]) != query.name, one["sort_key"], one["household__number"]))
    shown: dict[int, dict[str, Any]] = {}
    for person in found:
        shown.setdefault(person["household_id"], person)
    people_shown = list(shown.values())[: MOST + 1]
    names_shown = Counter(person["name"] for person in people_shown)
    reasons = _reasons(query, post.staff.institution_id)
    today = clock.today()
    return [_hit(person, reasons, today, has_namesake=names_shown[person["name"]] > 1) for person in people_shown]


def _bare(name: str) -> str:
    return name.replace(MIDDLE_DOT, "").replace(" ", "").lower()


def _reasons(query: Query, institution_id: int) -> list[tuple[str, list[bytes], str]]:
    """Columns and values through which a number is found, and how that is said: with no more of it than was typed."""
    words = (
        ("id_index", "id", query.id_number, _("身份证号相符")),
        ("id_tail", "id4", query.id_tail, _("身份证尾号 %(tail)s")),
        ("phone_index", "phone", query.phone, _("手机号相符")),
        ("phone_tail", "phone4", query.phone_tail, _("手机尾号 %(tail)s")),
    )
    return [
        (column, crypto.live_indexes(kind, institution_id, number), text % {"tail": number})
        for column, kind, number, text in words
        if number
    ]


def _hit(
    person: dict[str, Any], reasons: list[tuple[str, list[bytes], str]], today: date, *, has_namesake: bool
) -> Hit:
    notes = []
    if person["born_on"] is not None:
        notes.append(age_in_words(person["born_on"], today))
    if person["left_on"] is not None:
        notes.append(_("已离户"))
    through = next((text for column, values, text in reasons if bytes(person[column] or b"") in values), "")
    if through or has_namesake:
        notes.append(through or _masked_id(person))
    return Hit(
        household_id=person["household_id"],
        who=person["name"],
        tie=_tie(person),
        head=person["household__head__name"] or person["name"],
        number=person["household__number"],
        village=person["household__grid__name"],
        group=person["household__group"],
        note=" · ".join(filter(None, notes)),
    )


def _tie(person: dict[str, Any]) -> str:
    """Say how a member belongs to the household: as its head, or as whose son, wife, mother."""
    if person["household__head_id"] == person["pk"]:
        return str(Person.Relation.HEAD.label)
    head = person["household__head__name"]
    if not head:
        return _("本户没有户主")
    code = person["relation"]
    relation = _KIN.get(code) or RELATIONS[code].label(get_language() or "zh-hans")
    return _("户主 %(head)s 的%(relation)s") % {"head": head, "relation": relation}


def _masked_id(person: dict[str, Any]) -> str:
    if person["id_number"] is None or person["data_key"] is None:
        return ""
    holder = Person(uuid=person["uuid"], data_key=person["data_key"], id_number=person["id_number"])
    return _("身份证 %(masked)s") % {"masked": mask_id(decrypt(holder, "id_number"))[-4:]}


def age_in_words(born_on: date, today: date) -> str:
    """Write a person's age in full years."""
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    return ngettext("%(count)s 岁", "%(count)s 岁", age) % {"count": age}


def _by_number(post: Post, query: Query, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    homes = Household.objects.filter(access.scope(post), pk__in=ids).values_list(
        "pk", "number", "group", "grid__name", "grid__pinyin", "head__name"
    )
    found = sorted(homes, key=lambda home: (home[1] != query.household_number, home[1], home[4]))
    note = _("户号相符")
    return [
        Hit(pk, head or "", str(Person.Relation.HEAD.label) if head else "", head or "", number, village, group, note)
        for pk, number, group, village, _pinyin, head in found[: MOST + 1]
    ]


def _by_entity(post: Post, query: Query, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    wanted = ("subject_id", "kind", "name", "address", "subject__uscc", "subject__left_on", "subject__principal__name")
    rows = Business.objects.filter(access.scope(post), pk__in=ids).values_list(*wanted, "grid__name", "licence_name")
    hits: list[tuple[Any, str, Any]] = [(row, Subject.Kind.BUSINESS, Business) for row in rows]
    if len(hits) < len(ids):
        units = Unit.objects.filter(access.scope(post), pk__in=ids).values_list(*wanted, "grid__name", "address")
        hits += [(row, Subject.Kind.UNIT, Unit) for row in units]
    found = []
    for (pk, kind, name, address, code, left_on, principal, grid, licence), subject_kind, model in hits:
        if query.name and not any(
            query.name in one for one in (entities.fold(name), entities.fold(licence), _bare(principal or ""))
        ):
            continue
        through = principal if query.name and query.name in _bare(principal or "") else ""
        notes = [principal or "", address, _("已离册") if left_on else ""]
        is_whole = query.name in (entities.fold(name), _bare(through))
        hit = Hit(
            household_id=pk,
            who=name,
            tie=str(model.Kind(kind).label),
            head=principal or "",
            number=code or "",
            village=grid,
            group="",
            note=" · ".join(filter(None, notes)),
            kind=subject_kind,
        )
        found.append((not is_whole, name, pk, hit))
    return [hit for *_order, hit in sorted(found, key=lambda one: one[:3])]
