"""The lists in full: white of one free member, reviews, reasons that are sensitive or block, and who may know a reason."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from config.lib import clock
from config.lib.weeks import add_months
from customers import access
from customers.domain import lists as rules
from customers.models import Household, ListEntry, ListReview, Person
from customers.selectors import lists as selectors
from customers.selectors.assessment import blocked_among
from customers.selectors.files import is_blocked
from customers.selectors.timeline import timeline_of
from customers.services import lists
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.world import World

FAR = date(2099, 1, 1)


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def member(home: Household, relation: str) -> Person:
    return Person.objects.get(household=home, relation=relation)


def propose(world: World, home: Household, colour: str, reason: str, who: str = "chen", **more: Any) -> ListEntry:
    staff = getattr(world, who)
    person = more.pop("person", member(home, "son"))
    with acting_as(staff) as post:
        return lists.propose(
            staff=staff, post_id=post.pk, household=home, person=person, colour=colour, reason=reason, **more
        )


def confirm(world: World, entry: ListEntry, who: str = "gao") -> ListEntry:
    staff = getattr(world, who)
    with acting_as(staff) as post:
        lists.confirm(staff=staff, post_id=post.pk, entry=access.open_list_entry(post, entry.pk))
    entry.refresh_from_db()
    return entry


def blocked(home: Household) -> bool:
    return Household.objects.filter(is_blocked(), pk=home.pk).exists()


# --- White ------------------------------------------------------------------------------------------------------------


def test_white_is_refused_while_a_member_blocks_the_household(world: World, home: Household) -> None:
    confirm(world, propose(world, home, "grey", "overdue"))
    with pytest.raises(lists.ListRefusedError, match="blocked"):
        propose(world, home, "white", "chosen", person=member(home, "head"))


def test_white_is_one_person(world: World, home: Household) -> None:
    with pytest.raises(lists.ListRefusedError, match="whole"):
        propose(world, home, "white", "chosen", person=None)


def test_a_second_white_takes_the_place_of_the_first_with_history(world: World, home: Household) -> None:
    first = confirm(world, propose(world, home, "white", "chosen", person=member(home, "head")))
    second = confirm(world, propose(world, home, "white", "chosen", person=member(home, "spouse")))
    first.refresh_from_db()
    assert (first.superseded_by, first.released_at, first.released_by) == (second, second.confirmed_at, world.gao)
    assert second.state == "active"
    with acting_as(world.gao) as post:
        titles = [event["title"] for event in timeline_of(home, post)]
        assert "白名单由新的名单取代" in titles
        assert selectors.history_of(first, "本户借款人")[0]["title"] == "由新的名单取代"


def test_a_blocking_entry_ends_the_white_one(world: World, home: Household) -> None:
    white = confirm(world, propose(world, home, "white", "chosen", person=member(home, "head")))
    black = confirm(world, propose(world, home, "black", "default"))
    white.refresh_from_db()
    assert white.superseded_by == black
    assert blocked(home)


def test_a_white_proposal_is_not_confirmed_after_the_household_was_blocked(world: World, home: Household) -> None:
    white = propose(world, home, "white", "chosen", person=member(home, "head"))
    confirm(world, propose(world, home, "grey", "overdue"))
    with pytest.raises(lists.ListRefusedError, match="blocked"):
        confirm(world, white)
    with pytest.raises(DatabaseError), acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute(
            "update customers_listentry set confirmed_at = now(), confirmed_by_id = %s where id = %s",
            [world.gao.pk, white.pk],
        )


def test_the_database_keeps_one_white_in_a_household(world: World, home: Household) -> None:
    both = [
        propose(world, home, "white", "chosen", person=member(home, relation)).pk for relation in ("head", "spouse")
    ]
    with transaction.atomic():
        ListEntry.objects.filter(pk__in=both).update(confirmed_by=world.gao, confirmed_at=clock.now())
        with pytest.raises(DatabaseError):
            connection.check_constraints()
        transaction.set_rollback(True)


# --- Attention, sensitive reasons ------------------------------------------------------------------------------------


def test_attention_blocks_only_where_its_reason_was_released_so(world: World, home: Household) -> None:
    confirm(world, propose(world, home, "attention", "guarantees"))
    assert not blocked(home)
    entry = confirm(world, propose(world, home, "attention", "disputed", person=member(home, "head")))
    assert entry.blocks
    assert blocked(home)
    assert blocked_among([home.pk]) == {home.pk: "attention"}


def test_a_sensitive_reason_must_be_acknowledged_and_explained_and_may_be_switched_off(
    world: World, home: Household
) -> None:
    with pytest.raises(lists.ListRefusedError, match="sensitive"):
        propose(world, home, "attention", "illness", note="住院")
    with pytest.raises(lists.ListRefusedError, match="note"):
        propose(world, home, "attention", "illness", acknowledged=True)
    assert propose(world, home, "attention", "illness", acknowledged=True, note="本人要求暂缓").is_sensitive
    with pytest.raises(lists.ListRefusedError, match="reason"):
        propose(world, home, "attention", "religion", acknowledged=True, note="x")


def test_shipped_reasons_are_sound_and_nothing_sensitive_is_switched_on() -> None:
    import json
    from pathlib import Path

    shipped = json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
    document = next(one["document"] for one in shipped if one["kind"] == lists.REASONS)
    assert rules.problems(document) == []
    assert rules.sensitive_in_use(document) == []
    assert any(one.sensitive for one in rules.read(document))
    assert {colour for one in rules.read(document) if one.enabled for colour in one.colours} == set(rules.COLOURS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": ""}, "no_code"),
        ({"code": "default"}, "twice"),
        ({"en": " "}, "no_words"),
        ({"colours": ["blue"]}, "colour"),
        ({"review_months": 25}, "months"),
        ({"blocking": True}, "blocking"),
    ],
)
def test_a_document_of_reasons_is_told_what_is_wrong(change: dict[str, Any], code: str) -> None:
    good = {"code": "default", "zh": "恶意", "en": "wilful", "colours": ["black"]}
    document = {"reasons": [good, {**good, "code": "second", **change}]}
    assert rules.problems(document) == [("reasons.1", code)]
    assert rules.problems({"reasons": []}) == [("reasons", "no_reasons")]
    assert rules.problems([]) == [("", "shape")]


# --- Reviews ---------------------------------------------------------------------------------------------------------


def test_grey_has_a_review_date_by_its_reason_and_a_review_moves_it(world: World, home: Household) -> None:
    entry = confirm(world, propose(world, home, "grey", "overdue"))
    assert entry.review_on == add_months(clock.today(), 6)
    day = clock.today() + timedelta(days=90)
    with acting_as(world.chen) as post:
        opened = access.open_list_entry(post, entry.pk)
        lists.review(staff=world.chen, post_id=post.pk, entry=opened, next_on=day, reason="仍未还清")
    entry.refresh_from_db()
    done = ListReview.objects.get()
    assert (entry.review_on, done.former_on, done.next_on) == (day, add_months(clock.today(), 6), day)
    assert blocked(home)


@pytest.mark.parametrize("next_on", [date(2020, 1, 1), FAR])
def test_a_review_lies_within_two_years(world: World, home: Household, next_on: date) -> None:
    entry = confirm(world, propose(world, home, "grey", "overdue"))
    with acting_as(world.chen) as post:
        opened = access.open_list_entry(post, entry.pk)
        with pytest.raises(lists.ListRefusedError, match="review"):
            lists.review(staff=world.chen, post_id=post.pk, entry=opened, next_on=next_on, reason="x")


@pytest.mark.parametrize(
    "sql",
    [
        "update customers_listentry set review_on = '2099-01-01'",
        "update customers_listentry set review_on = null",
        "update customers_listentry set reason = 'default'",
        "update customers_listentry set note = 'x'",
        "update customers_listentry set colour = 'attention'",
        "update customers_listentry set confirmed_at = now()",
        "update customers_listentry set released_at = now(), released_by_id = {gao}, superseded_by_id = id",
        "update customers_listreview set reason = 'x'",
        "delete from customers_listreview",
        "insert into customers_listentry (institution_id, grid_id, recorded_grid_id, subject_id, colour, reason, note, answer, "
        "proposed_by_id) select institution_id, grid_id, recorded_grid_id, subject_id, 'black', 'default', '', '', {chen} "
        "from customers_listentry",
        "insert into customers_listentry (institution_id, grid_id, recorded_grid_id, subject_id, colour, reason, note, answer, "
        "proposed_by_id, confirmed_by_id, confirmed_at) select institution_id, grid_id, recorded_grid_id, subject_id, 'black', "
        "'default', '', '', {gao}, {chen}, now() from customers_listentry",
    ],
)
def test_the_database_keeps_what_was_proposed_and_reviewed(world: World, home: Household, sql: str) -> None:
    entry = confirm(world, propose(world, home, "grey", "overdue"))
    with acting_as(world.chen) as post:
        opened = access.open_list_entry(post, entry.pk)
        day = clock.today() + timedelta(days=9)
        lists.review(staff=world.chen, post_id=post.pk, entry=opened, next_on=day, reason="x")
    with pytest.raises(DatabaseError), acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute(sql.format(gao=world.gao.pk, chen=world.chen.pk))


def test_overdue_reviews_are_a_queue_with_age_and_owner(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    entry = confirm(world, propose(world, home, "grey", "overdue"))
    ListEntry.objects.filter(pk=entry.pk).update(review_on=clock.today() - timedelta(days=4))
    for who in (world.gao, world.chen):
        text = client_of(who).get(reverse("customers:queues")).text
        assert "1 条名单到期未复核，最久 4 天" in text
        page = client_of(who).get(reverse("customers:list_entries"), {"state": "due"}).text
        assert "超 4 天" in page
        assert "陈立" in page
    assert "到期未复核" not in client_of(world.he).get(reverse("customers:queues")).text


# --- Who may know the reason -----------------------------------------------------------------------------------------


def test_the_household_is_blocked_for_all_and_the_reason_is_told_to_few(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    entry = confirm(world, propose(world, home, "grey", "overdue", who="chen", note="欠某行三万"))
    with acting_as(world.chen) as post:
        opened = access.open_list_entry(post, entry.pk)
        lists.ask_release(staff=world.chen, post_id=post.pk, entry=opened, reason="某行已还清")
    # Another officer takes over the village: he sees that the household is blocked, and by which rule.
    from grids.models import Seat

    Seat.objects.create(grid=world.liu, kind=world.manager_seat, staff=world.deng, from_on=clock.today())
    page = reverse("customers:household", args=[home.pk])
    secret = ("现有逾期贷款", "欠某行三万", "某行已还清")
    told = {who: client_of(getattr(world, who)).get(page).text for who in ("chen", "gao", "kang", "deng", "jiang")}
    for who, text in told.items():
        assert "本户有成员在名单内，不能评议" in text, who
        shown = [part for part in secret if part in text.split('id="list-reason"')[0]]
        assert shown == (list(secret) if who in ("chen", "gao", "kang") else []), who
    address = reverse("customers:list_entry", args=[entry.pk])
    assert {who: client_of(getattr(world, who)).get(address).status_code for who in told} == {
        "chen": 200, "gao": 200, "kang": 200, "deng": 404, "jiang": 404,
    }  # fmt: skip
    listing = reverse("customers:list_entries")
    assert "刘洋" in client_of(world.gao).get(listing).text
    assert "刘洋" not in client_of(world.deng).get(listing).text
    with acting_as(world.deng) as post:
        with pytest.raises(Http404):
            access.open_list_entry(post, entry.pk)
        assert blocked(home)


@pytest.mark.parametrize("who", ["chen", "gao", "kang"])
def test_the_list_needs_the_same_queries_for_one_row_and_for_twenty(
    world: World, home: Household, client_of: Callable[..., Client], who: str
) -> None:
    confirm(world, propose(world, home, "grey", "overdue"))
    client = client_of(getattr(world, who))
    client.get(reverse("customers:list_entries"))
    counts = []
    for number in (0, 19):
        for i in range(number):
            confirm(world, propose(world, make_household(world.liu, f"9{i:03d}"), "grey", "overdue"))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("customers:list_entries")).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_pages_from_proposal_to_review(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    page = reverse("customers:household", args=[home.pk])
    head = member(home, "head")
    chen.post(reverse("customers:list_propose", args=[home.pk]), {"person": head.pk, "reason": "white:chosen"})
    entry = ListEntry.objects.get()
    address = reverse("customers:list_entry", args=[entry.pk])
    assert "确认列入" not in chen.get(address).text
    gao.post(reverse("customers:list_confirm", args=[entry.pk]), {"next": address})
    assert "本户唯一可用信的人" in chen.get(address).text
    review = reverse("customers:list_review", args=[entry.pk])
    assert "复核日期须在明天到" in chen.post(review, {"next_on": "x", "reason": "y"}, follow=True).text
    day = (clock.today() + timedelta(days=30)).isoformat()
    assert "继续列入" in chen.post(review, {"next_on": day, "reason": "仍是借款人"}, follow=True).text
    assert "仍是借款人" in gao.get(address).text
    chen.post(reverse("customers:list_propose", args=[home.pk]), {"person": head.pk, "reason": "attention:illness"})
    assert "敏感" in chen.get(page).text
    assert ListEntry.objects.count() == 1


# --- The machine: every order of steps against the database ---------------------------------------------------------


class Entries(RuleBasedStateMachine):
    """Two people and any order of steps on the entries of one household; what the database holds is what the steps said."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world_module.build()
        release_parameters(self.world)
        self.home = make_household(self.world.liu)
        self.people = list(Person.objects.filter(household=self.home).order_by("pk"))
        self.expected: dict[int, str] = {}
        self.steps: dict[int, int] = {}

    def _attempt(self, work: Callable[[Any], None], who: str) -> bool:
        staff = getattr(self.world, who)
        try:
            with acting_as(staff) as post:
                work((staff, post))
        except lists.ListRefusedError:
            return False
        return True

    @rule(
        who=st.sampled_from(["chen", "gao"]),
        place=st.integers(0, 2),
        what=st.sampled_from(
            [
                ("black", "default"),
                ("grey", "overdue"),
                ("white", "chosen"),
                ("attention", "guarantees"),
                ("attention", "disputed"),
            ]
        ),
    )
    def propose(self, who: str, place: int, what: tuple[str, str]) -> None:
        def work(acting: Any) -> None:
            staff, post = acting
            lists.propose(
                staff=staff,
                post_id=post.pk,
                household=self.home,
                person=self.people[place],
                colour=what[0],
                reason=what[1],
            )

        if self._attempt(work, who):
            entry = ListEntry.objects.latest("pk")
            self.expected[entry.pk] = "proposed"

    @precondition(lambda self: self.expected)
    @rule(
        data=st.data(),
        who=st.sampled_from(["chen", "gao"]),
        step=st.sampled_from(["confirm", "reject", "review", "ask", "release"]),
    )
    def step(self, data: st.DataObject, who: str, step: str) -> None:
        pk = data.draw(st.sampled_from(sorted(self.expected)))
        before = self.expected[pk]

        def work(acting: Any) -> None:
            staff, post = acting
            entry = ListEntry.objects.get(pk=pk)
            common = {"staff": staff, "post_id": post.pk}
            if step == "confirm":
                lists.confirm(**common, entry=entry)
            elif step == "reject":
                lists.reject(**common, entry=entry, answer="否")
            elif step == "review":
                lists.review(**common, entry=entry, next_on=clock.today() + timedelta(days=30), reason="仍在")
            elif step == "ask":
                lists.ask_release(**common, entry=entry, reason="已结清")
            else:
                waiting = entry.releases.filter(confirmed_at__isnull=True, rejected_at__isnull=True).first()
                if waiting is None:
                    raise lists.ListRefusedError("asked")
                lists.confirm_release(**common, release=waiting)

        done = self._attempt(work, who)
        if step in ("confirm", "reject"):
            assert not done or before == "proposed"
        else:
            assert not done or before == "active"
        if not done:
            return
        if step == "confirm":
            entry = ListEntry.objects.get(pk=pk)
            if entry.blocks or entry.colour == "white":
                for other in ListEntry.objects.filter(pk__in=self.expected, colour="white").exclude(pk=pk):
                    if self.expected[other.pk] == "active":
                        self.expected[other.pk] = "released"
        self.expected[pk] = {"confirm": "active", "reject": "rejected", "release": "released"}.get(step, before)

    @invariant()
    def the_database_says_the_same(self) -> None:
        entries = list(ListEntry.objects.filter(pk__in=self.expected))
        assert {entry.pk: entry.state for entry in entries} == self.expected
        active = [entry for entry in entries if entry.state == "active"]
        whites = [entry for entry in active if entry.colour == "white"]
        assert len(whites) <= 1
        assert not (whites and any(entry.blocks for entry in active))
        assert blocked(self.home) == any(entry.blocks for entry in active)
        for entry in entries:
            assert entry.confirmed_by_id != entry.proposed_by_id
            if entry.state == "released" and entry.superseded_by_id is None:
                release = entry.releases.get(confirmed_at=entry.released_at)
                assert release.asked_by_id != release.confirmed_by_id
            last = entry.reviews.order_by("pk").last()
            assert last is None or last.next_on == entry.review_on


class TestEntries(TestCase):
    """Hypothesis against the database: each example in a transaction that is rolled back."""

    def test_no_order_of_steps_leads_to_an_illegal_state(self) -> None:
        class InTransaction(Entries):
            def __init__(self) -> None:
                self.frame = transaction.atomic()
                self.frame.__enter__()
                super().__init__()

            def teardown(self) -> None:
                transaction.set_rollback(True)
                self.frame.__exit__(None, None, None)

        run_state_machine_as_test(
            InTransaction, settings=settings(max_examples=15, stateful_step_count=20, deadline=None, database=None)
        )
