"""Changes in the life of households of the demo county: of every kind, done, waiting on one side or on both, refused, withdrawn.

Everything passes through the services under the rights of who does it, in villages where no round is held.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from config.lib.acting import transaction_frame
from config.lib.clock import SHANGHAI
from credit.models import Round
from customers import access
from customers.domain.household_life import Change
from customers.domain.identity import make_id
from customers.models import Household, HouseholdEvent, Person
from customers.services import life
from grids.access import Post, act_as, posts_of
from grids.models import Grid, Staff
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import clock_at

COUNTY = "370685"


@contextmanager
def in_person(staff: Staff, moment: datetime) -> Iterator[Post]:
    """Act as somebody at a moment, with what his post sees and no more."""
    with clock_at(moment), transaction_frame():
        post = posts_of(staff).first()
        if post is None:
            raise ValueError(f"{staff.number} holds no post")
        act_as(staff, post, "demo")
        yield post


@dataclass
class Village:
    """A village, who covers and who manages it, and its households not yet in any story."""

    grid: Grid
    officer: Staff
    manager: Staff
    homes: list[Household] = field(default_factory=list)
    people: dict[int, list[Person]] = field(default_factory=dict)

    def take(self, fits: Callable[[list[Person]], bool]) -> tuple[Household, list[Person]]:
        """Take the first household whose people fit; each is told of once."""
        home = next(home for home in self.homes if fits(self.people[home.pk]))
        self.homes.remove(home)
        return home, self.people[home.pk]


def of_village(organisation: Organisation, grid: Grid) -> Village:
    """Return a village with its people, members who left aside."""
    people: dict[int, list[Person]] = defaultdict(list)
    members = Person.objects.filter(grid=grid, left_on__isnull=True).defer("id_number", "phone")
    for person in members.order_by("household_id", "pk"):
        people[person.household_id].append(person)
    homes = list(Household.objects.filter(grid=grid, subject__left_on__isnull=True).order_by("number"))
    manager = organisation.managers[grid.branch_id]
    return Village(grid, organisation.officer_of[grid.pk], manager, homes, dict(people))


def quiet_villages(organisation: Organisation, villages: Sequence[Grid]) -> list[Village]:
    """Return the villages without a round, the first branch's before others."""
    held = set(Round.objects.values_list("grid_id", flat=True))
    home = organisation.branches[0].pk
    quiet = sorted((grid for grid in villages if grid.pk not in held), key=lambda grid: grid.branch_id != home)
    there = next(one for one in quiet if one.branch_id != home)
    return [of_village(organisation, grid) for grid in (quiet[0], there)]


def _one(people: list[Person], *relations: str) -> Person:
    return next(one for one in people if one.relation in relations)


def _has(*relations: str, least: int = 1) -> Callable[[list[Person]], bool]:
    wanted = [set(one.split("|")) for one in relations]
    return lambda people: len(people) >= least and all(one & {person.relation for person in people} for one in wanted)


def _alone(people: list[Person]) -> bool:
    return len(people) == 1


class _Story:
    """Writes the changes, one after the other."""

    def __init__(self, here: Village, there: Village, now: datetime) -> None:
        self.here, self.there, self.now = here, there, now
        self.told = 0

    def propose(self, at: Village, days: int, home: Household, change: Change, number: str = "") -> HouseholdEvent:
        """Let the officer of a village propose, some days ago."""
        self.told += 1
        with in_person(at.officer, self._moment(days, 10)) as post:
            found = access.open_household(post, home.pk)
            return life.propose(staff=at.officer, post_id=post.pk, household=found, change=change, number=number)

    def confirm(self, event: HouseholdEvent, days: int, *sides: Village) -> None:
        """Let the managers of the villages confirm, the day after at the earliest."""
        for side in sides:
            with in_person(side.manager, self._moment(days, 15)) as post:
                found = access.open_household_event(post, event.pk)
                life.confirm(staff=side.manager, post_id=post.pk, event=found)

    def day(self, days: int) -> date:
        """Return the business day so many days ago."""
        return self._moment(days, 9).date()

    def _moment(self, days: int, hour: int) -> datetime:
        local = self.now.astimezone(SHANGHAI) - timedelta(days=days)
        return min(self.now, local.replace(hour=hour, minute=20))

    def run(self) -> int:
        """Tell everything; returns how many changes."""
        here, there = self.here, self.there
        grown = _has("spouse", "son|daughter", least=3)

        # Done: a son with a household of his own, an old man with his neighbour's family, a bride, a family that moved.
        home, people = here.take(_has("spouse", "son", least=4))
        son = _one(people, "son")
        event = self.propose(
            here, 24, home, self._change("split", 26, "儿子成家，户口簿已分", people=(son.pk,), head=son.pk)
        )
        self.confirm(event, 23, here)
        old, _people = here.take(_alone)
        kin, _people = here.take(grown)
        event = self.propose(
            here, 19, old, self._change("merge", 20, "老人随侄子生活", to_grid=here.grid.pk), kin.number
        )
        self.confirm(event, 18, here)
        bride_home, people = here.take(_has("spouse", "daughter", least=3))
        groom_home, _people = there.take(grown)
        bride = _one(people, "daughter")
        one = self._change("marriage", 17, "结婚证", person=bride.pk, relation="daughter_in_law", to_grid=there.grid.pk)
        event = self.propose(here, 15, bride_home, one, groom_home.number)
        self.confirm(event, 14, here, there)
        home, _people = here.take(grown)
        event = self.propose(here, 13, home, self._change("move", 15, "随务工地点落户", to_grid=there.grid.pk))
        self.confirm(event, 11, here, there)
        home, _people = there.take(grown)
        event = self.propose(there, 12, home, self._change("leave", 14, "全家迁往外省", why="moved"))
        self.confirm(event, 11, there)
        self.confirm(self.propose(there, 5, home, self._change("return", 6, "务工结束返乡")), 4, there)

        # At once, by the officer alone.
        home, people = here.take(_has("mother|father", "spouse", least=4))
        parent = _one(people, "mother", "father")
        self.propose(here, 10, home, self._change("death", 12, "死亡证明", person=parent.pk))
        home, people = here.take(_has("spouse", least=2))
        self.propose(here, 9, home, self._change("head", 9, "户口簿换户主", person=_one(people, "spouse").pk))
        home, people = here.take(_has("spouse", "son", least=3))
        self.propose(here, 8, home, self._change("borrower", 8, "由配偶办理贷款", person=_one(people, "spouse").pk))
        home, people = here.take(_has("spouse", "son", least=3))
        away = _one(people, "son")
        Person.objects.filter(pk=away.pk).update(left_on=self.day(60), left_reason="moved")
        self.propose(here, 6, home, self._change("rejoin", 7, "退伍返乡", person=away.pk, relation="son"))
        home, people = here.take(grown)
        self._correct(home, _one(people, "spouse"))

        # Waiting: for the own manager, for the other side, and one that comes from elsewhere.
        home, people = here.take(_has("spouse", "son|daughter", least=4))
        child = _one(people, "son", "daughter")
        self.propose(here, 3, home, self._change("split", 5, "成家另立户", people=(child.pk,), head=child.pk))
        home, _people = here.take(grown)
        event = self.propose(here, 6, home, self._change("move", 8, "在镇上买房落户", to_grid=there.grid.pk))
        self.confirm(event, 4, here)
        home, _people = there.take(grown)
        event = self.propose(there, 5, home, self._change("move", 6, "回原籍村居住", to_grid=here.grid.pk))
        self.confirm(event, 3, there)
        home, people = here.take(_has("mother", "spouse", least=4))
        other, _people = here.take(grown)
        mother = _one(people, "mother")
        one = self._change("transfer", 3, "随小儿子生活", person=mother.pk, relation="mother", to_grid=here.grid.pk)
        self.propose(here, 2, home, one, other.number)
        home, _people = here.take(_alone)
        self.propose(here, 2, home, self._change("leave", 4, "迁往外县与子女同住", why="moved"))
        home, people = here.take(grown)
        self._correct_number(home, _one(people, "spouse"))

        # Not agreed to, and taken back.
        home, _people = here.take(_alone)
        other, _people = here.take(grown)
        one = self._change("merge", 9, "邻里代为照料", to_grid=here.grid.pk)
        event = self.propose(here, 9, home, one, other.number)
        with in_person(here.manager, self._moment(8, 11)) as post:
            found = access.open_household_event(post, event.pk)
            life.refuse(staff=here.manager, post_id=post.pk, event=found, answer="户口簿未合，照料不等于并户")
        home, _people = here.take(grown)
        event = self.propose(here, 7, home, self._change("leave", 7, "全家外出", why="moved"))
        with in_person(here.officer, self._moment(6, 9)) as post:
            found = access.open_household_event(post, event.pk)
            life.withdraw(staff=here.officer, post_id=post.pk, event=found)
        return self.told

    def _change(self, kind: str, days: int, reason: str, **more: Any) -> Change:
        return Change(kind=kind, on=self.day(days), reason=reason, **more)

    def _correct(self, home: Household, person: Person) -> None:
        self.told += 1
        born = (person.born_on or self.day(9000)) + timedelta(days=1)
        typed = {"name": person.name, "sex": person.sex, "born_on": born, "phone": ""}
        who = self.here.officer
        with in_person(who, self._moment(4, 16)) as post:
            life.correct_person(
                staff=who, post_id=post.pk, household=home, person=person, reason="对照户口簿更正", typed=typed
            )

    def _correct_number(self, home: Household, person: Person) -> None:
        self.told += 1
        number = make_id(COUNTY, person.born_on or self.day(9000), 900 + (person.sex == "M"))
        who = self.here.officer
        with in_person(who, self._moment(1, 16)) as post:
            found = Person.objects.get(pk=person.pk)
            life.correct_number(
                staff=who, post_id=post.pk, household=home, person=found, reason="名册录错一位", id_number=number
            )


def write(organisation: Organisation, villages: Sequence[Grid], now: datetime) -> int:
    """Write the changes of a month; returns how many."""
    here, there = quiet_villages(organisation, villages)
    told = _Story(here, there, now).run()
    with connection.cursor() as cursor:
        # The database stamps the true time; in the story each step was taken the day after it was proposed.
        cursor.execute(
            "update customers_householdevent set giving_at = case when giving_at is not null then proposed_at + interval '29 hours' end, "
            "receiving_at = case when receiving_at is not null then proposed_at + interval '30 hours' end, "
            "done_at = case when done_at is not null then "
            "proposed_at + case when needs_giving or needs_receiving then interval '30 hours' else interval '0' end end"
        )
    return told
