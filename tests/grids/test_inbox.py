"""The inbox: every queue leads to its page, counts what its page lists, and costs the same however much waits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, inbox, releases
from config.lib.inbox import Asked, Heap
from customers import access
from customers.models import Household, ListEntry, PlannedVisit
from customers.services.checks import check_profile
from grids.models import Post, PostKind, Staff
from grids.services import absences
from tests.access.test_matrix import PEOPLE
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import filed, jumped, release_guard
from tests.grids.test_transfers import away, proposed
from tests.world import SINCE, World

ClientOf = Callable[..., Client]


def rows(client: Client) -> dict[str, Any]:
    """The lines of an inbox: queue, and of whom it is where the person stands in."""
    parts = client.get(reverse("grids:inbox")).context["parts"]
    return {
        row.queue.code + (f" {part['name']}" if part["name"] else ""): row for part in parts for row in part["rows"]
    }


def counts(client: Client) -> dict[str, int]:
    return {name: row.heap.count for name, row in rows(client).items()}


def returned(world: World, home: Household) -> None:
    """Deng sends the newest revision back."""
    with acting_as(world.deng):
        profile = access.open_check(home.pk)
        remarks = [{"path": "", "text": "补齐", "reason": ""}]
        check_profile(staff=world.deng, post_id=None, profile=profile, verdict="returned", remarks=remarks)


def test_every_queue_leads_to_a_page_its_posts_may_open(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    inbox.rows_of(Asked(post=world.chen.posts.get()))
    assert len(inbox.QUEUES) >= 30
    for queue in inbox.QUEUES.values():
        assert queue.posts <= {kind for kind in PostKind if kind != PostKind.ASSESSOR}
        for kind in queue.posts & set(PEOPLE):
            person: Staff = world.staff[PEOPLE[PostKind(kind)]]
            asked = Asked(post=person.posts.get())
            url = queue.page(asked, Heap(count=1, due=clock.today(), whose=person.pk)).partition("#")[0]
            assert client_of(person).get(url).status_code == 200, (queue.code, kind)


def test_a_file_waits_for_the_colleague_then_for_its_collector(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    releases.publish(
        institution_id=world.bank.pk, kind="second_check", document={"due_working_days": 3, "reasons": []},
        effective_on=SINCE, drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip
    home = make_household(world.liu)
    filed(world, home)
    chen, deng = client_of(world.chen), client_of(world.deng)
    assert (counts(chen), counts(deng)) == ({}, {"customers.to_check": 1})
    page = deng.get(reverse("grids:inbox")).content.decode()
    assert "待复核的档案" in page
    assert "逾期" not in page
    assert counts(client_of(world.gao)) == {}, "it is in Deng's hands"
    with time_machine.travel(clock.now() + timedelta(days=9)):
        late = client_of(world.deng)
        assert "1 件逾期" in late.get(reverse("grids:inbox")).content.decode()
        told = late.get(reverse("grids:inbox_count"))
        assert told.json() == {"count": 1, "overdue": 1, "text": "1 件待办，其中 1 件逾期"}
        assert told["Cache-Control"] == "private, max-age=60"
        assert counts(client_of(world.gao)) == {"customers.to_check": 1}, "late, whoever has it"
    returned(world, home)
    assert (counts(chen), counts(deng)) == ({"customers.returned": 1}, {})
    empty = deng.get(reverse("grids:inbox")).content.decode()
    assert "没有待办" in empty


def test_overdue_before_agrees_with_overdue(world: World) -> None:
    from customers.selectors.checking import CheckRules

    today = clock.today()
    for days in (1, 2, 5, 10):
        rules = CheckRules(days)
        limit = rules.overdue_before(today)
        assert limit is not None
        for hours in range(0, 24 * 25, 7):
            at = clock.now() - timedelta(hours=hours)
            assert rules.is_overdue(at) == (at < limit)
    assert CheckRules().overdue_before(today) is None


def test_a_deputy_sees_whose_work_it_is(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    release_guard(world)
    home, other = make_household(world.liu), make_household(world.wang, "0002")
    filed(world, home)
    returned(world, home)
    jumped(world, other)
    PlannedVisit.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, officer=world.chen,
        on=clock.today(), position=1, put_by=world.gao,
    )  # fmt: skip
    deng = client_of(world.deng)
    assert "customers.returned 陈立" not in counts(deng)
    away(world)
    found = rows(deng)
    assert {"customers.returned 陈立", "customers.to_prove 陈立"} <= set(found)
    own = rows(client_of(world.chen))
    assert {"customers.returned", "customers.to_prove", "customers.plan"} <= set(own)
    assert "刘建国" in client_of(world.chen).get(own["customers.plan"].url).content.decode()
    page = deng.get(reverse("grids:inbox")).content.decode()
    assert "代 陈立" in page
    for name in ("customers.returned 陈立", "customers.to_prove 陈立"):
        assert deng.get(found[name].url).status_code == 200
    today = deng.get(reverse("customers:today")).content.decode()
    assert "代 陈立" in today
    assert "补齐" in today
    assert "王家村" in deng.get(found["customers.to_prove 陈立"].url).content.decode()
    absences.end(absence=world.chen.absences.get(), by=world.gao, post=Post.objects.get(staff=world.gao))
    assert not [name for name in counts(deng) if "陈立" in name]


def _pile(world: World, client_of: ClientOf, count: int, since: int) -> None:
    """Work of several kinds for Gao, Deng and Chen."""
    for number in range(since, since + count):
        home = make_household(world.liu, f"{number:04d}")
        if number % 2:
            filed(world, home)
        else:
            jumped(world, home)
        ListEntry.objects.create(
            institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, colour="grey",
            reason="overdue", proposed_by=world.chen, proposed_at=clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize("who", ["gao", "deng"])
def test_the_inbox_costs_the_same_for_one_and_for_twenty(world: World, client_of: ClientOf, who: str) -> None:
    release_parameters(world)
    release_guard(world)
    asked: list[int] = []
    for count, since in ((2, 1), (18, 3)):
        _pile(world, client_of, count, since)
        client = client_of(world.staff[who])
        client.get(reverse("grids:inbox"))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("grids:inbox"))
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 52
    waits = counts(client_of(world.staff[who]))
    assert waits["customers.entries" if who == "gao" else "customers.to_check"] >= 10


def test_what_one_asked_for_does_not_wait_for_himself(world: World, client_of: ClientOf) -> None:
    an, gao, he = client_of(world.an), client_of(world.gao), client_of(world.he)
    proposed(world, an)
    assert [counts(one).get("grids.transfers") for one in (an, gao, he)] == [None, 1, 1]
    assert "grids.transfers" not in counts(client_of(world.chen))
