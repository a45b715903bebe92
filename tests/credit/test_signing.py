"""Signing of granted lines: what the database holds, call lists that prove nothing, cards, the first drawing."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from config.lib import clock
from config.lib.acting import job_frame
from config.lib.models import AuditEvent
from credit.domain.signing import Link, in_order, is_card_number
from credit.models import CallResult, Card, Drawing, Signing
from credit.selectors import signing as selectors
from credit.selectors.snapshots import in_force
from credit.services import decisions
from credit.services import signing as services
from customers.models import Household, Milestone, Person
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import coresnapshots as core
from tests.credit import signings as make
from tests.credit import village as villages
from tests.world import World


@pytest.fixture(autouse=True)
def opener(tmp_path: Path) -> Iterator[None]:
    with villages.opener_key(tmp_path):
        yield


def link(village: Any, place: int = 0) -> Link | None:
    found = {one.subject_id: one for one in selectors.chains_of(village.round)}
    return found[village.households[place]].link if village.households[place] in found else None


def test_a_line_goes_from_granted_to_drawn(world: World) -> None:
    village = make.granted(world, 2)
    assert link(village) is Link.GRANTED
    signed = make.sign(village, 0, "ｚｙ2026—0001")
    assert (signed.contract, signed.amount, signed.borrower.name if signed.borrower else "") == (
        "ZY2026-0001",
        40_000,
        "刘1",
    )
    assert link(village) is Link.SIGNED
    issued = make.card(village, signed)
    assert is_card_number(issued.number)
    assert issued.valid_until > issued.issued_on
    assert link(village) is Link.CARDED

    heads = core.number_people(*village.households)
    number = heads[Household.objects.get(pk=village.households[0]).head_id or 0]
    core.in_force(world, core.row(number, "ZY2026-0001", outstanding="25000", 整村授信="是"))
    drawn = Drawing.objects.get()
    assert (drawn.signing, drawn.outstanding) == (signed, 25_000)
    assert link(village) is Link.DRAWN
    assert link(village, 1) is Link.GRANTED
    reached = Milestone.objects.filter(subject_id=village.households[0], kind__in=("signed", "carded", "drawn"))
    assert sorted(reached.values_list("kind", "amount")) == [("carded", None), ("drawn", 25_000), ("signed", 40_000)]
    progress = selectors.progress_of(selectors.chains_of(village.round))
    assert (progress.granted, progress.signed, progress.carded, progress.drawn, progress.open) == (2, 1, 1, 1, 1)
    assert (progress.granted_amount, progress.signed_amount, progress.drawn_amount) == (80_000, 40_000, 25_000)
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"line_signing", "card_issued"} <= verbs


def test_nothing_is_signed_without_a_grant_that_stands(world: World) -> None:
    village = make.granted(world, 3, [0, 1])
    with pytest.raises(Refused, match="没有生效的授信"):
        make.sign(village, 2)
    make.sign(village, 0)
    for place in (0, 1):
        found = make.line(village, place)
        make.act(decisions.withdraw, world.jiang, decision=found, seen=2, reason="情况变化")
    with pytest.raises(Refused, match="没有生效的授信"):
        make.sign(village, 1)
    # What was signed is named, what was not is followed no more.
    chains = {one.subject_id: one for one in selectors.chains_of(village.round)}
    assert (chains[village.households[0]].link, chains[village.households[0]].is_exception) == (Link.VOID, True)
    assert village.households[1] not in chains
    assert selectors.progress_of(chains.values()).exceptions == 1
    with pytest.raises(Refused, match="签约没有生效"):
        make.card(village, Signing.objects.get())


def test_a_blocked_household_signs_nothing(world: World) -> None:
    village = make.granted(world, 1)
    villages.block(world, village.households[0])
    with pytest.raises(Refused, match="名单"):
        make.sign(village)
    assert selectors.to_call_on(village.round)[0] == set()


def test_who_approved_does_not_sign(world: World) -> None:
    village = make.granted(world, 1)
    with pytest.raises(Refused, match="由客户经理"):
        make.act(
            services.sign, world.gao, decision=make.line(village), mode="counter", outcome="signed", seen=0, contract="ZY2026-1"
        )  # fmt: skip
    found = make.line(village)
    borrower = Household.objects.get(pk=found.subject_id).borrower_id
    release = selectors.rules_in_force(world.bank.pk)
    assert release is not None
    with pytest.raises(IntegrityError, match="signing_approver"), transaction.atomic(), job_frame(world.gao.pk, "test"):
        Signing.objects.create(
            institution_id=found.institution_id, grid_id=found.grid_id, recorded_grid_id=found.grid_id, decision=found,
            subject_id=found.subject_id, number=1, mode="counter", outcome="signed", rules=release, borrower_id=borrower,
            contract="ZY2026-1", amount=40_000, staff=world.gao, post_kind="officer",
        )  # fmt: skip


def test_the_one_borrower_signs_and_is_of_age(world: World) -> None:
    village = make.granted(world, 2)
    Person.objects.filter(household_id=village.households[0]).update(born_on=clock.today() - timedelta(days=365 * 18))
    with pytest.raises(Refused, match="18 周岁"):
        make.sign(village, 0)
    Person.objects.filter(household_id=village.households[0]).update(born_on=None)
    with pytest.raises(Refused, match="18 周岁"):
        make.sign(village, 0)
    Household.objects.filter(pk=village.households[1]).update(borrower=None)
    with pytest.raises(Refused, match="借款主体"):
        make.sign(village, 1)
    # Declining needs nobody of age.
    assert make.sign(village, 1, outcome="declined", reason="no_need").outcome == "declined"


def test_the_amount_is_the_granted_one_and_the_contract_is_nobody_elses(world: World) -> None:
    village = make.granted(world, 2)
    make.sign(village, 0, "ZY2026-0001")
    with pytest.raises(Refused, match="已经用过"):
        make.sign(village, 1, "zy2026-0001")
    with pytest.raises(Refused, match="合同号为"):
        make.sign(village, 1, "12")
    with pytest.raises(Refused, match="刚刚有人办理过"):
        make.sign(village, 0, "ZY2026-0009", seen=0)
    with pytest.raises(Refused, match="已经签约"):
        make.sign(village, 0, "ZY2026-0009", seen=1)


def test_outcomes_have_released_reasons_and_remote_is_for_those_away(world: World) -> None:
    village = make.granted(world, 1)
    with pytest.raises(Refused, match="原因"):
        make.sign(village, outcome="away", reason="no_need")
    with pytest.raises(Refused, match="远程"):
        make.sign(village, mode="remote")
    make.sign(village, outcome="away", reason="works_away", note="过年回来")
    assert link(village) is Link.AWAY
    signed = make.sign(village, mode="remote", seen=1)
    assert (signed.number, signed.mode, link(village)) == (2, "remote", Link.SIGNED)


def test_nothing_signed_is_changed(world: World) -> None:
    village = make.granted(world, 1)
    make.card(village, make.sign(village))
    for model in (Signing, Card):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), acting_as(world.chen):
            model.objects.update(post_kind="auditor")
    with pytest.raises(Refused, match="已经发卡"):
        make.card(village, Signing.objects.get())


def test_signing_waits_for_its_stage(world: World) -> None:
    make.release_rules(world)
    village = villages.started(world, 1)
    Household.objects.update(borrower=Person.objects.get(household_id=village.households[0]))
    villages.seal_all(village, *[{village.households[0]: villages.amount("4")}] * 3)
    villages.open_sheets(village)
    found = make.line(village)
    make.act(decisions.propose, world.chen, decision=found, amount=40_000, seen=0)
    make.act(decisions.approve, world.gao, decision=found, amount=40_000, seen=1)
    with pytest.raises(Refused, match="还没有到签约"):
        make.sign(village)
    with pytest.raises(Refused, match="还没有到签约"):
        make.call_list(village)


# --- Call lists ---------------------------------------------------------------------------------------------------


def test_a_call_list_mixes_in_the_order_of_its_seed(world: World) -> None:
    village = make.granted(world, 8, [0, 1, 2])
    listed = make.call_list(village, 6)
    entries = list(selectors.entries_of(listed))
    on_it = [one.subject_id for one in entries]
    assert [one.place for one in entries] == list(range(1, 7))
    assert on_it == in_order(listed.seed, on_it)
    assert len(set(on_it) & set(village.households[:3])) == 3
    with pytest.raises(Refused, match="没有等待"):
        make.call_list(village)
    with pytest.raises(Refused, match="本支行的客户经理"):
        make.call_list(village, caller=world.fang)


def test_an_entry_is_answered_by_its_caller_alone(world: World) -> None:
    village = make.granted(world, 2, [0])
    listed = make.call_list(village)
    entry, other = (make.entry_of(listed, subject) for subject in village.households)
    assert selectors.line_to_sign(entry) == make.line(village)
    assert selectors.line_to_sign(other) is None
    make.sign(village, mode="door", entry=entry)
    make.act(services.call, world.chen, entry=other, result="met")
    assert [one.result for one in selectors.entries_of(listed)] == ["met", "met"]
    with pytest.raises(Refused, match="由走访人"):
        make.act(services.call, world.gao, entry=other, result="met")
    with pytest.raises(IntegrityError, match="who calls"), transaction.atomic(), job_frame(world.deng.pk, "test"):
        CallResult.objects.create(
            institution_id=other.institution_id, grid_id=other.grid_id, recorded_grid_id=other.grid_id, entry=other,
            subject_id=other.subject_id, number=2, result="met", staff=world.deng,
        )  # fmt: skip


def test_a_line_is_signed_at_its_own_entry(world: World) -> None:
    village = make.granted(world, 2, [0])
    listed = make.call_list(village)
    with pytest.raises(Refused, match="别人的"):
        make.sign(village, 0, entry=make.entry_of(listed, village.households[1]))


def test_who_said_no_is_left_in_peace(world: World) -> None:
    village = make.granted(world, 3, [0, 1])
    make.sign(village, 0, outcome="declined", reason="no_need")
    make.sign(village, 1, outcome="later", reason="papers")
    waiting, others = selectors.to_call_on(village.round)
    assert waiting == {village.households[1]}
    assert others == {village.households[0], village.households[2]}


def test_only_a_drawing_after_signing_counts(world: World) -> None:
    village = make.granted(world, 2)
    heads = core.number_people(*village.households)
    first, second = (heads[Household.objects.get(pk=pk).head_id or 0] for pk in village.households)
    make.sign(village, 0)
    core.in_force(
        world,
        core.row(first, "J1", outstanding="9000"),
        core.row(second, "J2", outstanding="9000", 整村授信="是"),
    )
    assert not Drawing.objects.exists()  # the one is no village line, the other is not signed
    signed, taken = Signing.objects.get(), in_force(world.bank.pk)
    assert taken is not None
    with pytest.raises(IntegrityError, match="drawn is"), transaction.atomic(), job_frame(None, "test"):
        Drawing.objects.create(
            institution_id=signed.institution_id, grid_id=signed.grid_id, recorded_grid_id=signed.grid_id, signing=signed,
            subject_id=signed.subject_id, snapshot=taken, outstanding=9000,
        )  # fmt: skip


def test_dates_of_a_card(world: World) -> None:
    village = make.granted(world, 1)
    issued = make.card(village, make.sign(village))
    assert issued.issued_on == clock.today()
    assert (issued.valid_until.year, issued.valid_until.month) == (clock.today().year + 2, clock.today().month)
    assert issued.valid_until >= date(2028, 1, 1)
