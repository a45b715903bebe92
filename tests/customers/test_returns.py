"""The second check as released: reasons beside words, a deadline, and what is returned, by officer, part and reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, releases
from config.lib.parameters.kinds import ParameterKind, find
from customers.models import Household, ProfileCheck
from customers.selectors.checking import rules_on
from customers.services import lists
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import filed
from tests.world import SINCE, World

RULES: dict[str, Any] = {
    "due_working_days": 3,
    "reasons": [
        {"code": "amount", "zh": "金额不实", "en": "amount wrong"},
        {"code": "missing", "zh": "漏填", "en": "missing"},
    ],
}


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    releases.publish(
        institution_id=world.bank.pk,
        kind="second_check",
        document=RULES,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    return make_household(world.liu)


def _kind(code: str) -> ParameterKind:
    kind = find(code)
    assert kind is not None
    return kind


def _returned(client: Client, home: Household, **said: str) -> Any:
    data = {"verdict": "returned"} | {name.replace("__", ":"): value for name, value in said.items()}
    return client.post(reverse("customers:check", args=[home.pk]), data)


def test_a_reason_alone_returns_a_file_in_its_own_words(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    filed(world, home)
    deng = client_of(world.deng)
    assert "漏填" in deng.get(reverse("customers:check", args=[home.pk])).content.decode()
    assert _returned(deng, home, reason__="nonsense").status_code == 422
    assert _returned(deng, home, reason__="missing").status_code == 302
    assert ProfileCheck.objects.get().remarks == [{"path": "", "text": "漏填", "reason": "missing"}]
    assert "漏填" in client_of(world.chen).get(reverse("customers:today")).content.decode()


def test_a_check_keeps_the_reasons_it_chose_from_and_who_keeps_them_sees_how_many(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    filed(world, home)
    _returned(client_of(world.deng), home, reason__="missing")
    check = ProfileCheck.objects.get()
    assert check.release.kind == "second_check"
    with acting_as(world.chen) as post:
        lists.propose(
            staff=world.chen, post_id=post.pk, household=home, person=home.head, colour="grey", reason="overdue"
        )
    with acting_as(world.mo, "parameter_manager"):
        assert _kind("second_check").uses[0].count([check.release]) == {check.release.pk: 1}
        reasons = releases.in_force(world.bank.pk, "list_reasons", clock.today())
        assert _kind("list_reasons").uses[0].count([reasons]) == {reasons.pk: 1}
        assert _kind("duplicate_rules").uses[0].count([reasons]) == {}


def test_words_stand_beside_a_reason(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    filed(world, home)
    data = {"verdict": "returned", "remark:assets.0": "房屋偏高", "reason:assets.0": "amount"}
    assert client_of(world.deng).post(reverse("customers:check", args=[home.pk]), data).status_code == 302
    assert ProfileCheck.objects.get().remarks == [{"path": "assets.0", "text": "房屋偏高", "reason": "amount"}]


def test_what_waits_too_long_is_marked(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    filed(world, home)
    deng = client_of(world.deng)
    assert "已过期限" not in deng.get(reverse("customers:queues")).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table customers_profile disable trigger user")
        for table in ("customers_profile", "customers_waitingfile"):
            cursor.execute(f"update {table} set submitted_at = %s", [clock.now() - timedelta(days=20)])
        cursor.execute("alter table customers_profile enable trigger user")
    assert "已过期限" in deng.get(reverse("customers:queues")).content.decode()
    assert "应在" in deng.get(reverse("customers:check", args=[home.pk])).content.decode()


def test_without_a_release_nothing_is_overdue(world: World) -> None:
    rules = rules_on(world.bank.pk, clock.today())
    assert rules.reasons == ()
    assert not rules.is_overdue(clock.now() - timedelta(days=400))


def test_what_is_returned_by_officer_part_and_reason(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    deng, gao = client_of(world.deng), client_of(world.gao)
    filed(world, home)
    data = {"verdict": "returned", "remark:assets.0": "房屋偏高", "reason:assets.0": "amount"}
    deng.post(reverse("customers:check", args=[home.pk]), data)
    other = make_household(world.wang, "0002")
    filed(world, other)
    deng.post(reverse("customers:check", args=[other.pk]), {"verdict": "accepted"})

    url = reverse("customers:check_returns")
    page = gao.get(url)
    assert [(row.name, row.checked, row.returned) for row in page.context["officers"]] == [("陈立", 2, 1)]
    assert [(row.section, row.reason, row.count) for row in page.context["parts"]] == [("assets", "amount", 1)]
    assert "金额不实" in page.content.decode()
    assert [one["row"].check.subject_id for one in page.context["files"]] == [home.pk]
    assert gao.get(url + "?reason=missing").context["page"].paginator.count == 0
    assert gao.get(url + f"?officer={world.deng.pk}").context["page"].paginator.count == 0
    assert client_of(world.he).get(url).context["page"].paginator.count == 0


def test_the_page_asks_as_much_for_twenty(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    deng, gao = client_of(world.deng), client_of(world.gao)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert gao.get(reverse("customers:check_returns")).status_code == 200
        return len(captured)

    filed(world, home)
    _returned(deng, home, reason__="missing")
    asked()
    one = asked()
    for number in range(2, 8):
        other = make_household(world.wang, f"{number:04d}")
        filed(world, other)
        _returned(deng, other, reason__="amount")
    assert asked() == one
