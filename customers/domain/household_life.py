"""The life of households, framework-free: who may change what, what follows from it, and what always holds.

A change is proposed, confirmed by every side it shifts responsibility between, carried out once, or refused or withdrawn. The
database carries it out (``customers/sql/life.sql``) by the same rules as ``carried_out`` here, which the tests compare it with.
Semantics, sections 1 and 8; Domain, 2.7 and 3.5.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from customers.domain import catalogue
from customers.domain.economics import Problem

GIVING: Final = frozenset({"split", "merge", "move", "transfer", "marriage", "leave", "return"})
"""Changes that need a second person on the side of the household."""
RECEIVING: Final = frozenset({"merge", "move", "transfer", "marriage"})
"""Changes that need the receiving side too."""
KINDS: Final = (
    "split", "merge", "move", "transfer", "marriage", "death", "head", "borrower", "leave", "return", "rejoin", "identity",
)  # fmt: skip
WHOLE: Final = frozenset({"merge", "move", "leave", "return"})
TIES: Final[Mapping[str, frozenset[str]]] = {
    "round": frozenset({"split", "merge", "move", "transfer", "marriage", "leave"}),
    "decision": frozenset({"split", "merge", "move", "transfer", "marriage", "leave"}),
    "line": frozenset({"merge", "leave"}),
}
"""What of credit stops which change: a running round and an undecided decision any that moves people, a line one that closes."""


@dataclass(frozen=True)
class Member:
    """A person as far as a change is judged; ``left`` is "" while present, else why he left."""

    pk: int
    relation: str
    sex: str = ""
    born_on: date | None = None
    left: str = ""


@dataclass(frozen=True)
class Home:
    """A household with everybody who is or was in it; ``left`` is "" while active."""

    pk: int
    grid: int
    head: int | None
    borrower: int | None
    people: tuple[Member, ...]
    left: str = ""

    @property
    def present(self) -> dict[int, Member]:
        """The present members by id."""
        return {one.pk: one for one in self.people if not one.left}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change as proposed. ``head``: who heads what is left (transfer, death) or the new household (split)."""

    kind: str
    on: date | None
    reason: str
    person: int | None = None
    people: tuple[int, ...] = ()
    head: int | None = None
    relation: str = ""
    relations: Mapping[int, str] = field(default_factory=dict)
    why: str = ""
    to_home: int | None = None
    to_grid: int | None = None
    completes: bool = False
    """The household on the receiving side has no head yet: he may become it."""


# --- Relations to a new head ------------------------------------------------------------------------------------------
# (what the new head was to the old one, what the other was to the old one) -> what the other is to the new head. Words that
# depend on the sex stand as (man, woman, unknown).

_PARENT = ("father", "mother", "other")
_CHILD = ("son", "daughter", "other")
_INLAW = ("son_in_law", "daughter_in_law", "other")
_AFTER: Final[Mapping[tuple[str, str], str | tuple[str, str, str]]] = {
    ("spouse", "head"): "spouse",
    ("spouse", "son"): "son",
    ("spouse", "daughter"): "daughter",
    ("spouse", "son_in_law"): "son_in_law",
    ("spouse", "daughter_in_law"): "daughter_in_law",
    ("spouse", "grandchild"): "grandchild",
    ("spouse", "father"): "parent_in_law",
    ("spouse", "mother"): "parent_in_law",
    ("spouse", "parent_in_law"): _PARENT,
    ("child", "head"): _PARENT,
    ("child", "spouse"): _PARENT,
    ("child", "son"): "sibling",
    ("child", "daughter"): "sibling",
    ("child", "father"): "grandparent",
    ("child", "mother"): "grandparent",
    ("parent", "head"): _CHILD,
    ("parent", "spouse"): _INLAW,
    ("parent", "son"): "grandchild",
    ("parent", "daughter"): "grandchild",
    ("parent", "sibling"): _CHILD,
    ("parent", "father"): "spouse",
    ("parent", "mother"): "spouse",
    ("sibling", "head"): "sibling",
    ("sibling", "sibling"): "sibling",
    ("sibling", "father"): "father",
    ("sibling", "mother"): "mother",
    ("sibling", "grandparent"): "grandparent",
    ("child_in_law", "head"): "parent_in_law",
    ("child_in_law", "spouse"): "parent_in_law",
}
_CLASS: Final = {
    "son": "child",
    "daughter": "child",
    "father": "parent",
    "mother": "parent",
    "son_in_law": "child_in_law",
    "daughter_in_law": "child_in_law",
}


def relations_under(people: Collection[Member], head: int) -> dict[int, str]:
    """Return what everybody is to a new head, as far as the old relations tell; where they do not, ``other``: a suggestion that the
    officer sees and may put right before it is sent."""
    chosen = next(one for one in people if one.pk == head)
    was = _CLASS.get(chosen.relation, chosen.relation)
    found = {}
    for one in people:
        said = _AFTER.get((was, one.relation), "other")
        if isinstance(said, tuple):
            said = said["MF".index(one.sex)] if one.sex in ("M", "F") else said[2]
        found[one.pk] = one.relation if was == "head" else said
    return found | {head: "head"}


# --- What is wrong with a proposal ------------------------------------------------------------------------------------


def check(change: Change, home: Home, *, today: date) -> list[Problem]:
    """Return everything that keeps a change from being proposed; ``path`` is the field it is said at."""
    found = []
    if change.kind not in KINDS:
        return [Problem("kind", "kind")]
    if bool(home.left) != (change.kind == "return"):
        return [Problem("", "left" if home.left else "not_left")]
    if not change.reason.strip():
        found.append(Problem("reason", "reason_missing"))
    if change.on is None:
        found.append(Problem("on", "on_missing"))
    elif change.on > today:
        found.append(Problem("on", "future"))
    found += _CHECKS.get(change.kind, _nothing)(change, home)
    named = [one for one in home.people if one.pk == change.person or one.pk in change.people]
    if change.on is not None and any(one.born_on is not None and change.on < one.born_on for one in named):
        found.append(Problem("on", "before_birth"))
    if any(one not in catalogue.RELATIONS for one in change.relations.values()):
        found.append(Problem("relations", "relation_missing"))
    return found


def _nothing(change: Change, home: Home) -> list[Problem]:
    return []


def _split(change: Change, home: Home) -> list[Problem]:
    people = set(change.people)
    if not people or not people <= set(home.present):
        return [Problem("people", "people_missing")]
    if home.head in people:
        return [Problem("people", "head_stays")]
    return [] if change.head in people else [Problem("head", "new_head_missing")]


def _person(change: Change, home: Home) -> list[Problem]:
    return [] if change.person in home.present else [Problem("person", "person_missing")]


def _parting(change: Change, home: Home) -> list[Problem]:
    found = _person(change, home)
    if not found and len(home.present) == 1:
        return [Problem("person", "last_member")]
    if not found and change.person == home.head and (change.head == change.person or change.head not in home.present):
        found.append(Problem("head", "new_head_missing"))
    return found


def _transfer(change: Change, home: Home) -> list[Problem]:
    found = _parting(change, home) + _target(change, home)
    if change.relation not in catalogue.RELATIONS:
        found.append(Problem("relation", "relation_missing"))
    elif change.relation == "head" and not change.completes:
        found.append(Problem("relation", "has_head"))
    return found


def _target(change: Change, home: Home) -> list[Problem]:
    if change.to_home is None:
        return [Problem("number", "household_unknown")]
    return [Problem("number", "same_household")] if change.to_home == home.pk else []


def _move(change: Change, home: Home) -> list[Problem]:
    if change.to_grid is None:
        return [Problem("grid", "grid_missing")]
    return [Problem("grid", "same_grid")] if change.to_grid == home.grid else []


def _head(change: Change, home: Home) -> list[Problem]:
    return _person(change, home) or ([Problem("person", "is_head")] if change.person == home.head else [])


def _borrower(change: Change, home: Home) -> list[Problem]:
    if change.person == home.borrower:
        return [Problem("person", "is_borrower")]
    return [] if change.person is None else _person(change, home)


def _leave(change: Change, home: Home) -> list[Problem]:
    return [] if change.why in ("moved", "deceased") else [Problem("why", "why_missing")]


def _return(change: Change, home: Home) -> list[Problem]:
    return [] if home.left == "moved" else [Problem("", "no_return")]


def _rejoin(change: Change, home: Home) -> list[Problem]:
    former = {one.pk for one in home.people if one.left and one.left != "deceased"}
    found = [] if change.person in former else [Problem("person", "person_missing")]
    if change.relation not in catalogue.RELATIONS or change.relation == "head":
        found.append(Problem("relation", "relation_missing"))
    return found


_CHECKS: Final = {
    "split": _split,
    "merge": _target,
    "move": _move,
    "transfer": _transfer,
    "marriage": _transfer,
    "death": _parting,
    "head": _head,
    "borrower": _borrower,
    "leave": _leave,
    "return": _return,
    "rejoin": _rejoin,
    "identity": _person,
}


# --- What follows -----------------------------------------------------------------------------------------------------


def suggested(change: Change, home: Home) -> dict[int, str]:
    """Return the relations a change rewrites, by person, as suggested before the officer looked at them."""
    present = list(home.present.values())
    if change.kind == "split" and change.head in change.people:
        return relations_under([one for one in present if one.pk in change.people], change.head or 0)
    if change.kind == "merge":
        return {one.pk: "other" for one in present}
    if change.kind == "head" and change.person in home.present:
        return relations_under(present, change.person or 0)
    if change.kind in ("transfer", "marriage", "death") and change.person == home.head and change.head in home.present:
        said = relations_under(present, change.head or 0)
        return {pk: relation for pk, relation in said.items() if pk != change.person}
    return {}


def effects(change: Change, home: Home) -> dict[str, Any]:
    """Return what the event says will happen, people by id."""
    relations = suggested(change, home)
    relations = {pk: change.relations.get(pk, relation) for pk, relation in relations.items()}
    for pk, said in suggested(change, home).items():
        # Who heads is not a matter of wording.
        if said == "head" or relations[pk] == "head":
            relations[pk] = said
    found: dict[str, Any] = {}
    if relations:
        found["relations"] = {str(pk): relation for pk, relation in sorted(relations.items())}
    if change.kind == "split":
        found["people"] = sorted(change.people)
    if change.head is not None and (change.kind == "split" or change.person == home.head):
        found["head"] = change.head
    if change.kind in ("transfer", "marriage", "rejoin"):
        found["relation"] = change.relation
    if change.kind == "leave":
        found["why"] = change.why
    return found


World = Mapping[int, Home]


def carried_out(world: World, change: Change, giving: int) -> dict[int, Home]:
    """Return the world after a checked change of the household ``giving``; a new household gets the next id."""
    home = world[giving]
    told = effects(change, home)
    relations = {int(pk): relation for pk, relation in told.get("relations", {}).items()}
    people = tuple(replace(one, relation=relations.get(one.pk, one.relation)) for one in home.people)
    after = dict(world)
    if change.kind == "split":
        gone = set(change.people)
        new = max(world) + 1
        after[giving] = replace(
            home,
            people=tuple(one for one in home.people if one.pk not in gone),
            borrower=None if home.borrower in gone else home.borrower,
        )
        after[new] = Home(new, home.grid, change.head, None, tuple(one for one in people if one.pk in gone))
    elif change.kind == "merge":
        target = world[change.to_home or 0]
        coming = tuple(one for one in people if not one.left)
        after[giving] = replace(
            home, people=tuple(one for one in home.people if one.left), head=None, borrower=None, left="merged"
        )
        after[target.pk] = replace(target, people=target.people + coming)
    elif change.kind == "move":
        after[giving] = replace(home, grid=change.to_grid or 0)
    elif change.kind in ("transfer", "marriage"):
        target = world[change.to_home or 0]
        who = next(one for one in home.people if one.pk == change.person)
        after[target.pk] = replace(
            target,
            people=(*target.people, replace(who, relation=change.relation)),
            head=change.person if change.relation == "head" else target.head,
        )
        after[giving] = _without(replace(home, people=tuple(one for one in people if one.pk != change.person)), change)
    elif change.kind == "death":
        people = tuple(replace(one, left="deceased") if one.pk == change.person else one for one in people)
        after[giving] = _without(replace(home, people=people), change)
    elif change.kind == "head":
        after[giving] = replace(home, people=people, head=change.person)
    elif change.kind == "borrower":
        after[giving] = replace(home, borrower=change.person)
    elif change.kind == "leave":
        if change.why == "deceased":
            people = tuple(replace(one, left=one.left or "deceased") for one in people)
            home = replace(home, people=people, borrower=None)
        after[giving] = replace(home, left=change.why)
    elif change.kind == "return":
        after[giving] = replace(home, left="")
    elif change.kind == "rejoin":
        people = tuple(
            replace(one, left="", relation=change.relation) if one.pk == change.person else one for one in people
        )
        after[giving] = replace(home, people=people)
    return after


def _without(home: Home, change: Change) -> Home:
    return replace(
        home,
        borrower=None if home.borrower == change.person else home.borrower,
        head=change.head if home.head == change.person else home.head,
    )


def faults(world: World) -> list[str]:
    """Return, in words for a test, where a world is not as it must always be."""
    found = []
    seen: dict[int, int] = {}
    for home in world.values():
        for one in home.people:
            if one.pk in seen:
                found.append(f"person {one.pk} in households {seen[one.pk]} and {home.pk}")
            seen[one.pk] = home.pk
        if home.left:
            continue
        heads = [one.pk for one in home.present.values() if one.relation == "head"]
        if heads != [home.head]:
            found.append(f"household {home.pk} has heads {heads}, not {home.head}")
        if home.borrower is not None and home.borrower not in home.present:
            found.append(f"borrower of household {home.pk} is not present")
    return found


# --- Two people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where an event stands: who proposed, who confirmed for which side."""

    kind: str
    proposed_by: int
    giving_by: int | None = None
    receiving_by: int | None = None
    state: str = "proposed"

    @property
    def misses(self) -> frozenset[str]:
        """The sides that have not confirmed."""
        wanted = {"giving"} if self.kind in GIVING else set()
        wanted |= {"receiving"} if self.kind in RECEIVING else set()
        return frozenset(side for side in wanted if getattr(self, f"{side}_by") is None)


def confirmed(standing: Standing, by: int, sides: Collection[str]) -> Standing | str:
    """Return the standing after a person who answers for ``sides`` confirmed, or the code of why he may not."""
    if standing.state != "proposed":
        return "settled"
    if by == standing.proposed_by:
        return "own"
    if not sides:
        return "unknown"
    now = standing.misses & set(sides)
    if not now:
        return "confirmed"
    after = replace(
        standing,
        giving_by=by if "giving" in now else standing.giving_by,
        receiving_by=by if "receiving" in now else standing.receiving_by,
    )
    return after if after.misses else replace(after, state="done")


def ended(standing: Standing, by: int) -> Standing | str:
    """Return the standing after it was withdrawn by its proposer or refused by anybody else, or why it cannot be."""
    if standing.state != "proposed":
        return "settled"
    return replace(standing, state="withdrawn" if by == standing.proposed_by else "refused")
