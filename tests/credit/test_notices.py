"""Notices: only who agreed, masked, by two people, for working days; a consent taken back is gone from the page and the next paper."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib.models import AuditEvent
from config.lib.weeks import SHANGHAI, working_days
from credit.models import Notice, NoticePrint, NoticeRow
from credit.selectors.gates_notices import LEAVING
from credit.selectors.notices import posted as posted_of
from credit.selectors.stages import blockers
from credit.services import decisions, notices, stages
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import posting as make
from tests.credit import village as villages
from tests.credit.test_decisions import decision_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def codes(round: object) -> list[str]:
    """The codes of what keeps a round from signing."""
    return [one.code for one in blockers([round], LEAVING[1]).get(round.pk, [])]  # type: ignore[attr-defined, list-item]


def test_only_who_agreed_and_holds_a_line_is_shown_masked_and_without_amounts(
    world: World, client_of: Callable[..., Client]
) -> None:
    village, notice = make.prepared(world, "4", "0", "3", "2", agreed=3)
    first, _nothing, third, _silent = village.households
    rows = NoticeRow.objects.filter(notice=notice).order_by("place")
    assert [(row.place, row.subject_id, row.amount) for row in rows] == [(1, first, None), (2, third, None)]

    body = client_of(world.gao).get(reverse("credit:notice", args=[notice.pk])).content.decode()
    assert "刘*" in body
    assert "刘1" not in body
    assert "4.00" not in body
    assert notice.number == 1


def test_amounts_are_shown_only_of_who_agreed_under_the_notice_that_says_so(world: World) -> None:
    village = make.decided(world, "4", "3", agreed=0, amounts_from=2)
    old, new = village.households
    make.consent(world, old, version=1)
    make.consent(world, new, version=2)
    make.move(world, village.round, "notice")
    notice = make.prepare(world, village.round)
    assert dict(NoticeRow.objects.filter(notice=notice).values_list("subject_id", "amount")) == {
        old: None,
        new: 3 * WAN,
    }


def test_prepared_by_one_confirmed_by_another(world: World) -> None:
    village = make.decided(world, "4")
    make.move(world, village.round, "notice")
    notice = make.prepare(world, village.round, by=world.gao)
    with pytest.raises(Refused, match="两个人"):
        make.confirm(world, notice)
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(
            confirmed_by=world.gao, confirmed_at=MONDAY, posted_on=date(2026, 11, 23), ends_on=date(2026, 12, 2)
        )
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(
            confirmed_by=world.jiang, confirmed_at=MONDAY, posted_on=date(2026, 11, 23), ends_on=date(2026, 12, 2)
        )
    assert make.confirm(world, notice, by=world.jiang).confirmed_by_id == world.jiang.pk
    for change in ({"place": "别处"}, {"ends_on": date(2026, 11, 24)}, {"rules": None}):
        with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
            Notice.objects.filter(pk=notice.pk).update(**change)


def test_the_database_shows_nobody_who_did_not_agree(world: World) -> None:
    village, notice = make.prepared(world, "4", "3", "2", agreed=1)
    _first, silent, late = village.households
    row = {
        "institution": world.bank, "grid": world.liu, "recorded_grid": world.liu, "notice": notice, "place": 9,
    }  # fmt: skip
    with acting_as(world.chen):
        with pytest.raises(DatabaseError, match="agreed"), transaction.atomic():
            NoticeRow.objects.create(**row, subject_id=silent, decision=decision_of(silent))
        make.consent(world, silent)
        NoticeRow.objects.create(**row, subject_id=silent, decision=decision_of(silent))
    make.confirm(world, notice)
    make.consent(world, late)
    with acting_as(world.chen), pytest.raises(DatabaseError, match="decisions of its round"), transaction.atomic():
        NoticeRow.objects.create(**{**row, "place": 10}, subject_id=late, decision=decision_of(late))


def test_a_consent_taken_back_is_gone_from_the_page_and_asks_for_a_new_paper(
    world: World, client_of: Callable[..., Client]
) -> None:
    village, notice = make.posted(world, "4", "3")
    kept, leaving = village.households
    gao = client_of(world.gao)
    paper, page = reverse("credit:notice_paper", args=[notice.pk]), reverse("credit:notice", args=[notice.pk])
    answer = gao.post(paper)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert [one.must_reprint for one in posted_of(village.round)] == [False]

    make.consent(world, leaving, how="withdrawn")
    assert [(one.shown, one.frozen, one.must_reprint) for one in posted_of(village.round)] == [(1, 2, True)]
    body = gao.get(page).content.decode()
    assert body.count("刘*") == 1
    assert "已从名单上拿掉" in body
    assert "重新打印" in gao.get(reverse("credit:round_stage", args=[village.round.pk, "notice"])).content.decode()
    gao.post(paper)
    assert list(NoticePrint.objects.order_by("pk").values_list("rows", flat=True)) == [2, 1]
    assert [one.must_reprint for one in posted_of(village.round)] == [False]

    with acting_as(world.gao) as post:
        assert post is not None
        decisions.withdraw(by=world.gao, post=post, decision=decision_of(kept), seen=2, reason="搬走了")
    assert [(one.shown, one.must_reprint) for one in posted_of(village.round)] == [(0, True)]
    assert "刘*" not in gao.get(page).content.decode()


def test_a_blocked_household_is_not_shown(world: World) -> None:
    village, _notice = make.posted(world, "4", "3")
    villages.block(world, village.households[0])
    with acting_as(world.gao):
        assert [one.shown for one in posted_of(village.round)] == [1]


def test_the_window_is_the_banks_working_days_and_holds_the_round(world: World) -> None:
    with time_machine.travel(MONDAY, tick=False):
        village, notice = make.posted(world, "4")
        assert notice.posted_on == date(2026, 11, 23)
        assert notice.ends_on is not None
        assert working_days(notice.posted_on + timedelta(days=1), notice.ends_on) == 7
        assert codes(village.round) == ["notice_hangs"]
        with pytest.raises(Refused, match="公示到"):
            make.move(world, village.round, "sign")
    on_the_last = make.after(notice) - timedelta(days=1)
    with time_machine.travel(on_the_last, tick=False):
        assert codes(village.round) == ["notice_hangs"]
        with acting_as(world.gao), pytest.raises(DatabaseError, match="still hangs"), transaction.atomic():
            type(village.round).objects.filter(pk=village.round.pk).update(stage="sign", stage_since=on_the_last)
    with time_machine.travel(make.after(notice), tick=False):
        assert codes(village.round) == []
        assert make.move(world, village.round, "sign").stage == "sign"
        with pytest.raises(Refused, match="不在公示阶段"):
            make.prepare(world, village.round)


def test_nobody_agreed_nothing_hangs_and_the_round_goes_on(world: World) -> None:
    village = make.decided(world, "4", agreed=0)
    make.move(world, village.round, "notice")
    assert codes(village.round) == []
    with pytest.raises(Refused, match="没有可以公示"):
        make.prepare(world, village.round)
    assert make.move(world, village.round, "sign").stage == "sign"


def test_who_agreed_must_hang_before_signing(world: World) -> None:
    village = make.decided(world, "4", "3", agreed=1)
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="同意公示"):
            stages.move(by=world.gao, post=post, round=village.round, to="sign")
    make.move(world, village.round, "notice")
    assert codes(village.round) == ["not_shown"]
    with time_machine.travel(MONDAY, tick=False):
        notice = make.prepare(world, village.round)
        assert codes(village.round) == ["notice_hangs"]
        notice = make.confirm(world, notice)
    # Who agrees while it hangs may be shown on a second notice, and holds nothing up.
    make.consent(world, village.households[1])
    with time_machine.travel(make.after(notice), tick=False):
        assert codes(village.round) == []
        second = make.prepare(world, village.round)
        assert (second.number, NoticeRow.objects.filter(notice=second).count()) == (2, 1)


def test_a_waiting_notice_may_be_dropped_and_its_number_is_not_given_again(world: World) -> None:
    village, notice = make.prepared(world, "4")
    with pytest.raises(Refused, match="等人核对"):
        make.prepare(world, village.round)
    with acting_as(world.gao) as post:
        assert post is not None
        notices.drop(by=world.gao, post=post, notice=notice)
    assert make.prepare(world, village.round).number == 2


def test_a_photo_of_the_paper_where_it_hangs(world: World, client_of: Callable[..., Client]) -> None:
    _village, notice = make.posted(world, "4")
    photo = BytesIO(villages.picture())
    photo.name = "wall.jpg"
    client_of(world.chen).post(reverse("credit:notice_photo_add", args=[notice.pk]), {"photo": photo})
    answer = client_of(world.gao).get(reverse("credit:notice_photo", args=[notice.pk]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"


def test_every_step_leaves_an_event(world: World, client_of: Callable[..., Client]) -> None:
    _village, notice = make.posted(world, "4")
    client_of(world.gao).post(reverse("credit:notice_paper", args=[notice.pk]))
    verbs = list(AuditEvent.objects.filter(verb__startswith="notice_").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["notice_prepared", "notice_posted", "notice_printed"]


def test_pages_ask_as_often_for_one_row_as_for_twenty(world: World, client_of: Callable[..., Client]) -> None:
    village, notice = make.prepared(world, *["4"] * 20, agreed=1)
    gao = client_of(world.gao)

    def asked(pk: int) -> list[int]:
        counts = []
        for url in (
            reverse("credit:notice", args=[pk]),
            reverse("credit:round_stage", args=[village.round.pk, "notice"]),
        ):
            gao.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert gao.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    few = asked(notice.pk)
    for subject in village.households[1:]:
        make.consent(world, subject)
    rows = [
        NoticeRow(
            institution=world.bank, grid=world.liu, recorded_grid=world.liu, notice=notice, place=place,
            subject_id=subject, decision=decision_of(subject),
        )
        for place, subject in enumerate(village.households[1:], start=2)
    ]  # fmt: skip
    NoticeRow.objects.bulk_create(rows)
    assert asked(notice.pk) == few
