"""The report of a village: a preview while the round runs, kept when it closes, and from then on it never moves."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib.models import AuditEvent
from config.lib.releases import document_hash
from credit.models import VillageReport
from credit.services import decisions
from tests.conftest import acting_as
from tests.credit import posting as make
from tests.credit import village as villages
from tests.credit.test_decisions import decision_of, opened, same
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)


def closed(world: World, *wan: str) -> villages.Village:
    """A round through all its stages, nobody having agreed to be shown."""
    village = make.decided(world, *wan, agreed=0)
    for stage in ("notice", "sign", "closed"):
        make.move(world, village.round, stage)
    return village


def test_closing_keeps_the_report_and_it_never_moves(world: World, client_of: Callable[..., Client]) -> None:
    village = closed(world, "4", "1", "0")
    kept = VillageReport.objects.get()
    counts = kept.document["counts"]
    assert (counts["roster"], counts["assessable"], counts["assessed"], counts["granted"]) == (3, 3, 3, 2)
    assert kept.document["amount"] == "50000.00"
    assert [(band["upto"], band["households"]) for band in kept.document["bands"][:3]] == [
        ("10000", 1),
        ("30000", 0),
        ("50000", 1),
    ]
    assert kept.document["agreement"]["identical"] == 3
    assert [one["stage"] for one in kept.document["stages"]] == [
        "prepare", "list", "assess", "opening", "decide", "notice", "sign",
    ]  # fmt: skip
    assert kept.sha256 == document_hash(kept.document)

    page = reverse("credit:village_report", args=[village.round.pk])
    before = client_of(world.gao).get(page).content.decode()
    assert "已冻结" in before
    assert "66.67 %" in before
    assert kept.sha256 in before
    with acting_as(world.jiang) as post:
        assert post is not None
        decisions.withdraw(
            by=world.jiang, post=post, decision=decision_of(village.households[0]), seen=2, reason="迁出"
        )
    assert VillageReport.objects.get().document == kept.document
    assert "66.67 %" in client_of(world.gao).get(page).content.decode()
    for staff in (world.gao, world.jiang):
        with acting_as(staff), pytest.raises(DatabaseError), transaction.atomic():
            VillageReport.objects.update(document={})


def test_before_the_close_it_is_a_preview_and_before_the_opening_there_is_none(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = villages.started(world, 2)
    page = reverse("credit:village_report", args=[village.round.pk])
    assert client_of(world.gao).get(page).status_code == 404
    villages.seal_all(village, *[dict.fromkeys(village.households, villages.amount("4"))] * 3)
    villages.open_sheets(village)
    assert "未冻结 · 预览" in client_of(world.gao).get(page).content.decode()
    assert not VillageReport.objects.exists()


def test_the_paper_in_both_languages_leaves_an_event(world: World, client_of: Callable[..., Client]) -> None:
    village = closed(world, "4")
    for language in ("zh-hans", "en"):
        answer = client_of(world.gao, **{"Accept-Language": language}).get(
            reverse("credit:village_report_pdf", args=[village.round.pk])
        )
        assert answer.content.startswith(b"%PDF-")
    assert AuditEvent.objects.filter(verb="village_report_printed", detail__frozen=True).count() == 2


def test_who_still_waits_is_listed(world: World, client_of: Callable[..., Client]) -> None:
    make.release_rules(world)
    village = opened(world, same("4"), (villages.UNKNOWN,) * 3)
    body = (
        client_of(world.gao).get(reverse("credit:village_report", args=[village.round.pk]) + "?why=supplement").content
    )
    assert "刘2" in body.decode()
    assert "刘1" not in body.decode()


def test_queries_do_not_grow_with_the_village(world: World, client_of: Callable[..., Client]) -> None:
    make.release_rules(world)
    village = opened(world, *[same("4")] * 2, *[(villages.UNKNOWN,) * 3] * 10)
    gao, page = client_of(world.gao), reverse("credit:village_report", args=[village.round.pk])

    def asked() -> int:
        gao.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert gao.get(page).status_code == 200
        return len(queries)

    make.grant(world, village.households[0], Decimal(4))
    few = asked()
    make.grant(world, village.households[1], Decimal(3))
    assert asked() == few
