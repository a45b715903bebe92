"""Pages of signing: a visit proves nothing, one way from the list to the card, lists that stay quick."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from config.lib.tablefile import read
from credit.domain.signing import in_order
from credit.models import CallEntry, CallList, Decision, Signing
from credit.services import bulk_decisions, decisions
from tests.credit import signings as make
from tests.credit import village as villages
from tests.credit.village import Village
from tests.world import World

Clients = Callable[..., Client]


@pytest.fixture(autouse=True)
def opener(tmp_path: Path) -> Iterator[None]:
    with villages.opener_key(tmp_path):
        yield


def _text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def _canonical(answer: Any) -> tuple[int, bytes]:
    """A page without its token and without the numbers of this list's own rows."""
    body = re.sub(rb'(name="csrfmiddlewaretoken" value|nonce|data-csrf)="[^"]+"', b"", answer.content)
    body = re.sub(rb"X-CSRFToken[^}]+}", b"", body)
    return answer.status_code, re.sub(rb"calls/(entries/)?[0-9]+", b"calls", body)


def _fixed_list(village: Village) -> CallList:
    """A list over all households in the order of a known seed."""
    common = {"institution_id": village.round.institution_id, "grid_id": village.round.grid_id}
    made = CallList.objects.create(
        **common, round=village.round, number=1, mode="door", held_on=clock.today(), caller=village.world.chen, seed="seed",
        size=len(village.households), made_by=village.world.gao, made_at=village.round.created_at,
    )  # fmt: skip
    for place, subject in enumerate(in_order("seed", village.households), start=1):
        CallEntry.objects.create(
            **common, recorded_grid_id=village.round.grid_id, call_list=made, place=place, subject_id=subject
        )
    return made


def test_two_worlds_that_differ_in_grants_have_the_same_call_list(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    village = villages.started(world, 4)
    villages.seal_all(village, *[{subject: villages.amount("4") for subject in village.households}] * 3)
    villages.open_sheets(village)
    found = Decision.objects.filter(round=village.round)
    make.act(bulk_decisions.propose_many, world.chen, decisions=found)
    people = [client_of(person) for person in (world.chen, world.gao, world.jiang, world.kang)]

    def seen(granted: list[int]) -> list[tuple[Any, int]]:
        answers: list[tuple[Any, int]] = []
        with transaction.atomic():
            make.act(bulk_decisions.approve_many, world.gao, decisions=found.filter(subject__in=granted))
            for decision in found.exclude(subject__in=granted):
                make.act(decisions.refuse, world.gao, decision=decision, seen=1, reason="暂不授信")
            make.begin(village)
            listed = _fixed_list(village)
            for client in people:
                for name in ("credit:call_list", "credit:call_list_file"):
                    with CaptureQueriesContext(
                        connection,
                    ) as queries:
                        answer = client.get(reverse(name, args=[listed.pk]))
                    answers.append((_canonical(answer), len(queries)))
            transaction.set_rollback(True)
        village.round.refresh_from_db()
        return answers

    first, second = seen(village.households[:2]), seen(village.households[2:])
    assert first == second
    assert {status for (status, _body), _count in first} == {200}


def test_only_the_caller_opens_what_a_call_is_for(world: World, client_of: Clients) -> None:
    village = make.granted(world, 2, [0])
    listed = make.call_list(village)
    to_sign, other = (make.entry_of(listed, subject) for subject in village.households)
    chen = client_of(world.chen)
    assert "合同号" in _text(chen.get(reverse("credit:call_entry", args=[to_sign.pk])))
    assert "服务走访" in _text(chen.get(reverse("credit:call_entry", args=[other.pk])))
    for person in (world.gao, world.jiang, world.kang, world.deng):
        assert client_of(person).get(reverse("credit:call_entry", args=[to_sign.pk])).status_code == 404
    assert AuditEvent.objects.filter(verb="call_entry_opened").count() == 2
    done = chen.post(reverse("credit:call_entry", args=[other.pk]), {"result": "met"})
    assert done["Location"] == reverse("credit:call_list", args=[listed.pk])
    answer = chen.get(reverse("credit:call_list_file", args=[listed.pk]))
    titles = {
        "number": ["户号 Household no.", "户号\nHousehold no."],
        "result": ["走访结果 Result", "走访结果\nResult"],
    }
    rows = read(BytesIO(answer.content), titles, required=["number"], most_rows=10)
    assert sorted(row["result"] for _at, row in rows) == ["", "已见到"]


def test_from_the_list_to_the_card(world: World, client_of: Clients) -> None:
    village = make.granted(world, 2, [0])
    chen, gao = client_of(world.chen), client_of(world.gao)
    page = reverse("credit:round_stage", args=[village.round.pk, "sign"])
    assert "待签约" in _text(gao.get(page))
    wrong = gao.post(reverse("credit:call_list_new", args=[village.round.pk]), {"mode": "door"})
    assert wrong.status_code == 422
    form = {"mode": "door", "held_on": clock.today().isoformat(), "caller": world.chen.pk, "most": "20"}
    made = gao.post(reverse("credit:call_list_new", args=[village.round.pk]), form)
    listed = CallList.objects.get()
    assert made["Location"] == reverse("credit:call_list", args=[listed.pk])

    decision = make.line(village)
    url = reverse("credit:sign", args=[decision.pk])
    entry = make.entry_of(listed, village.households[0])
    given = {"mode": "door", "outcome": "declined", "reason": "away:season", "seen": "0", "entry": entry.pk}
    assert "请选择这种结果的原因" in _text(chen.post(url, given))
    assert "请填写合同号" in _text(chen.post(url, given | {"outcome": "signed"}))
    assert chen.post(url, given | {"outcome": "away"})["Location"] == reverse("credit:call_list", args=[listed.pk])
    stale = chen.post(url, given | {"outcome": "signed", "contract": "ZY2026-0001"})
    assert (stale.status_code, "刚刚有人办理过" in _text(stale)) == (422, True)
    signed = {
        "mode": "remote",
        "outcome": "signed",
        "contract": "zy2026-0001",
        "seen": "1",
        "device_at": "2026-01-02T03:04:05Z",
    }
    assert chen.post(url, signed)["Location"] == url
    found = Signing.objects.get(outcome="signed")
    assert (found.contract, found.device_at is not None) == ("ZY2026-0001", True)
    assert "发卡" in _text(chen.get(url))
    chen.post(reverse("credit:card_issue", args=[found.pk]))
    card = found.card
    paper = chen.get(reverse("credit:card", args=[card.pk]))
    assert paper.content.startswith(b"%PDF-")
    assert card.number in _text(chen.get(url))
    chain = _text(gao.get(reverse("credit:household_chain", args=[village.households[0]])))
    assert "已发卡" in chain
    assert "没有授信" in _text(gao.get(reverse("credit:household_chain", args=[village.households[1]])))
    assert "已发卡" in _text(gao.get(page, {"link": "carded"}))
    assert {"call_list_made", "card_printed"} <= set(AuditEvent.objects.values_list("verb", flat=True))


def test_pages_ask_as_often_for_twenty_households_as_for_one(world: World, client_of: Clients) -> None:
    village = make.granted(world, 20)
    gao = client_of(world.gao)
    listed = make.call_list(village, 20)
    make.sign(village, 0)
    page, one_list = (
        reverse("credit:round_stage", args=[village.round.pk, "sign"]),
        reverse("credit:call_list", args=[listed.pk]),
    )

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert gao.get(url).status_code == 200
        return len(queries)

    gao.get(page)
    whole = (count(page), count(one_list))
    for place in range(1, 20):
        make.card(village, make.sign(village, place))
    assert count(page) == whole[0]
    assert count(one_list) == whole[1]
    assert count(f"{page}?link=signed") <= whole[0]
