"""The life of households as a small world: nobody vanishes or doubles, one head, the borrower present, every step by two people."""

from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from customers.domain import household_life as life
from customers.domain.household_life import Change, Home, Member, Standing
from customers.domain.life_words import SENTENCES

TODAY = date(2026, 11, 22)


def home(pk: int = 1, grid: int = 1) -> Home:
    people = (
        Member(pk * 10, "head", "M", date(1960, 1, 1)),
        Member(pk * 10 + 1, "spouse", "F", date(1962, 1, 1)),
        Member(pk * 10 + 2, "son", "M", date(1988, 1, 1)),
        Member(pk * 10 + 3, "daughter_in_law", "F", date(1990, 1, 1)),
        Member(pk * 10 + 4, "grandchild", "M", date(2015, 1, 1)),
    )
    return Home(pk, grid, pk * 10, pk * 10 + 2, people)


def change(kind: str, **fields: Any) -> Change:
    return Change(**{"kind": kind, "on": TODAY, "reason": "户口簿", **fields})


def codes(one: Change, of: Home | None = None) -> list[str]:
    return [problem.code for problem in life.check(one, of or home(), today=TODAY)]


def test_relations_to_a_new_head_follow_from_the_old_ones() -> None:
    people = home().people
    assert life.relations_under(people, 12) == {10: "father", 11: "mother", 12: "head", 13: "other", 14: "other"}
    assert life.relations_under(people, 11) == {
        10: "spouse", 11: "head", 12: "son", 13: "daughter_in_law", 14: "grandchild",
    }  # fmt: skip
    assert life.relations_under(people, 10) == {one.pk: one.relation for one in people}


def test_a_split_takes_the_son_and_his_family() -> None:
    one = change("split", people=(12, 13, 14), head=12, relations={13: "spouse", 14: "son", 12: "other"})
    assert codes(one) == []
    after = life.carried_out({1: home()}, one, 1)
    assert (sorted(after[1].present), sorted(after[2].present), after[2].head) == ([10, 11], [12, 13, 14], 12)
    assert after[1].borrower is None
    assert [one.relation for one in after[2].people] == ["head", "spouse", "son"]
    assert life.faults(after) == []


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (change("split", people=(10, 12), head=12), "head_stays"),
        (change("split", people=(12,), head=13), "new_head_missing"),
        (change("split"), "people_missing"),
        (change("death", person=10), "new_head_missing"),
        (change("death", person=10, head=10), "new_head_missing"),
        (change("death", person=99), "person_missing"),
        (change("death", person=14, on=date(2014, 1, 1)), "before_birth"),
        (change("head", person=10), "is_head"),
        (change("borrower", person=12), "is_borrower"),
        (change("transfer", person=12, relation="spouse", to_home=1, to_grid=1), "same_household"),
        (change("transfer", person=12, relation="spouse"), "household_unknown"),
        (change("transfer", person=12, relation="head", to_home=2), "has_head"),
        (change("move", to_grid=1), "same_grid"),
        (change("leave", why="bored"), "why_missing"),
        (change("return"), "not_left"),
        (change("merge", to_home=2, reason=" "), "reason_missing"),
        (change("merge", to_home=2, on=date(2026, 11, 23)), "future"),
        (change("merge", to_home=2, on=None), "on_missing"),
    ],
)
def test_what_is_wrong_is_named(one: Change, wanted: str) -> None:
    assert wanted in codes(one)
    assert all(SENTENCES[wanted])


def test_nobody_returns_from_a_merger_or_death() -> None:
    for left, wanted in (("moved", []), ("merged", ["no_return"]), ("deceased", ["no_return"])):
        gone = Home(1, 1, 10, None, home().people, left)
        assert codes(change("return"), gone) == wanted
        assert codes(change("death", person=12), gone) == ["left"]


class Village(RuleBasedStateMachine):
    """Random changes on a few households: whatever the rules let through keeps the world whole."""

    def __init__(self) -> None:
        super().__init__()
        self.world: dict[int, Home] = {pk: home(pk, pk % 2 + 1) for pk in (1, 2, 3)}
        self.everybody = {one.pk for each in self.world.values() for one in each.people}
        self.dead: set[int] = set()
        self.history: list[tuple[str, int]] = []

    @rule(data=st.data(), kind=st.sampled_from(life.KINDS[:-1]))
    def happens(self, data: st.DataObject, kind: str) -> None:
        giving = data.draw(st.sampled_from(sorted(self.world)))
        of = self.world[giving]
        ids = [one.pk for one in of.people] or [0]
        others = [pk for pk, each in self.world.items() if not each.left] or [0]
        one = change(
            kind,
            person=data.draw(st.sampled_from([None, *ids])),
            people=tuple(data.draw(st.sets(st.sampled_from(ids), max_size=3))),
            head=data.draw(st.sampled_from([None, *ids])),
            relation=data.draw(st.sampled_from(["spouse", "son", "head", ""])),
            relations=data.draw(st.dictionaries(st.sampled_from(ids), st.sampled_from(["head", "son"]), max_size=2)),
            why=data.draw(st.sampled_from(["moved", "deceased"])),
            to_home=data.draw(st.sampled_from(others)),
            to_grid=data.draw(st.sampled_from([1, 2])),
        )
        if life.check(one, of, today=TODAY):
            return
        before = sum(len(each.present) for each in self.world.values())
        self.world = life.carried_out(self.world, one, giving)
        self.history.append((kind, giving))
        after = sum(len(each.present) for each in self.world.values())
        died = len(of.present) if kind == "leave" and one.why == "deceased" else int(kind == "death")
        assert after == before - died + int(kind == "rejoin")

    @invariant()
    def is_whole(self) -> None:
        assert life.faults(self.world) == []
        assert {one.pk for each in self.world.values() for one in each.people} == self.everybody

    @invariant()
    def the_dead_stay_dead(self) -> None:
        dead = {one.pk for each in self.world.values() for one in each.people if one.left == "deceased"}
        assert self.dead <= dead
        self.dead = dead


class Confirming(RuleBasedStateMachine):
    """Any order of confirming, refusing and withdrawing by anybody: done only by all sides and never by the proposer."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing("transfer", proposed_by=1)
        self.settled: Standing | None = None

    @rule(by=st.integers(1, 4), sides=st.sets(st.sampled_from(["giving", "receiving"])))
    def confirm(self, by: int, sides: set[str]) -> None:
        self._take(life.confirmed(self.standing, by, sides))

    @rule(by=st.integers(1, 4))
    def end(self, by: int) -> None:
        self._take(life.ended(self.standing, by))

    def _take(self, found: Standing | str) -> None:
        if isinstance(found, str):
            return
        assert self.settled is None, "a settled change stands"
        self.standing = found
        if found.state != "proposed":
            self.settled = found

    @invariant()
    def two_people(self) -> None:
        one = self.standing
        assert one.proposed_by not in (one.giving_by, one.receiving_by)
        assert (one.state == "done") <= (not one.misses)


TestVillage = Village.TestCase
TestVillage.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestConfirming = Confirming.TestCase
TestConfirming.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
