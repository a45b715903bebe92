"""The worktable of a round: four opinions side by side, exceptions first and kept out of everything done many at once."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from config.lib.models import AuditEvent
from credit.models import Decision, DecisionStep, MergeException
from credit.selectors import decisions as selectors
from credit.services import bulk_decisions, exceptions
from credit.services import decisions as services
from grids.access import Post, PostKind
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.test_decisions import WAN, act, decision_of, opened, same, standing
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def note(world: World, subject: int, code: str = "away", **more: Any) -> object:
    return act(exceptions.note, world.chen, decision_of(subject), code=code, reason="全家在深圳务工", **more)


def in_bulk(step: Callable[..., Any], staff: Any, found: Any, **more: Any) -> Any:
    with acting_as(staff) as post:
        return step(by=staff, post=post, decisions=found, **more)


def page(client: Client, village: make.Village, name: str = "review", query: str = "") -> str:
    answer = client.get(reverse("credit:round_stage", args=[village.round.pk, name]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def heads(text: str) -> list[str]:
    """The household numbers of a page in their order."""
    return [number for number in ("001", "002", "003") if number in text]


def test_a_noted_exception_is_left_out_of_bulk_until_it_is_over(world: World) -> None:
    village = opened(world, same("4"), same("3"))
    away, plain = village.households
    note(world, away)
    everything = Decision.objects.filter(round=village.round)
    assert in_bulk(bulk_decisions.propose_many, world.chen, everything) == 1
    assert (standing(away), standing(plain)) == ("to_propose", "at_branch")

    with pytest.raises(Refused, match="已经登记"):
        note(world, away)
    with pytest.raises(Refused, match="理由"):
        act(exceptions.end, world.chen, decision_of(away), code="away", reason=" ")
    act(exceptions.end, world.gao, decision_of(away), code="away", reason="已回村")
    assert in_bulk(bulk_decisions.propose_many, world.chen, everything) == 1

    note(world, plain, "declined")
    with acting_as(world.gao) as post:
        assert post is not None
        found = bulk_decisions.approvable(by=world.gao, post=post, decisions=everything)
    assert ([one.subject_id for one in found.decisions], found.total, found.left) == ([away], 4 * WAN, 1)
    verbs = list(AuditEvent.objects.filter(verb__startswith="exception_").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["exception_noted", "exception_ended", "exception_noted"]


def test_what_was_noted_stands_and_needs_a_reason(world: World) -> None:
    village = opened(world, same("4"))
    note(world, village.households[0])
    with acting_as(world.chen):
        with pytest.raises(DatabaseError), transaction.atomic():
            MergeException.objects.update(reason="改写")
        with pytest.raises(DatabaseError), transaction.atomic():
            MergeException.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        MergeException.objects.update(reason="")


def test_bulk_approval_takes_exactly_what_was_counted(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(world, same("4"), same("3"), same("9"))
    first, second, large = village.households
    in_bulk(bulk_decisions.propose_many, world.chen, Decision.objects.filter(round=village.round))
    gao = client_of(world.gao)
    counted = gao.get(reverse("credit:approve_all"), {"round": village.round.pk}).content.decode()
    assert "批准这 2 户" in counted
    assert "7.00" in counted

    sent = {"all": "1", "round": str(village.round.pk), "expected": "2"}
    note(world, second)
    gao.post(reverse("credit:approve_chosen"), sent)
    assert [standing(one) for one in (first, second, large)] == ["at_branch"] * 3

    gao.post(reverse("credit:approve_chosen"), {**sent, "expected": "1"})
    assert [standing(one) for one in (first, second, large)] == ["granted", "at_branch", "at_branch"]
    assert DecisionStep.objects.filter(verb="approve").count() == 1


def test_four_opinions_of_all_households_sorted_and_chosen(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(world, same("4"), (make.amount("1"), make.amount("2"), make.amount("8")), same("9"))
    first, _divided, large = village.households
    act(services.propose, world.chen, decision_of(first), amount=3 * WAN, seen=0, reason="收入少")
    note(world, large, "multiple")
    chen = client_of(world.chen)

    text = page(chen, village)
    assert text.index("002") < text.index("003") < text.index("001")  # the divided village first, then the exception
    assert "一户多贷" in text
    assert "超支行权限" in text
    by_difference = page(chen, village, query="?sort=-difference")
    assert by_difference.index("001") < by_difference.index("003")
    assert heads(page(chen, village, query="?standing=divergent")) == ["002"]
    assert heads(page(chen, village, query="?exception=multiple")) == ["003"]
    assert heads(page(chen, village, query="?exception=above_authority")) == ["003"]
    assert heads(page(chen, village, "merge")) == ["002", "003"]


def test_a_returned_proposal_is_a_list_of_its_own_with_its_versions(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = opened(world, same("4"), same("3"))
    decision = decision_of(village.households[0])
    act(services.propose, world.chen, decision, amount=4 * WAN, seen=0, reason="收入稳定")
    act(services.give_back, world.gao, decision, seen=1, reason="担保未计入")
    assert standing(decision.subject_id) == "returned"
    everything = Decision.objects.filter(round=village.round)
    assert in_bulk(bulk_decisions.propose_many, world.chen, everything) == 1  # the returned one is made anew by hand
    assert heads(page(client_of(world.chen), village, query="?standing=returned")) == ["001"]
    act(services.propose, world.chen, decision, amount=3 * WAN, seen=2, reason="已扣担保")

    text = client_of(world.gao).get(reverse("credit:decision", args=[decision.pk])).content.decode()
    for words in ("第 1 版", "担保未计入", "第 2 版", "已扣担保", "调低"):
        assert words in text
    assert standing(decision.subject_id) == "at_branch"


def test_a_line_granted_elsewhere_comes_first_and_is_not_approved_in_bulk(world: World) -> None:
    village = opened(world, same("4"))
    subject = village.households[0]
    decision = decision_of(subject)
    act(services.propose, world.chen, decision, amount=4 * WAN, seen=0)
    act(services.approve, world.gao, decision, amount=4 * WAN, seen=1)
    Decision.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, round=village.round, subject_id=subject, number=2,
        outcome="merged", merged_amount=WAN, product_cap=WAN, headroom=WAN, proposed_amount=WAN, trace=decision.trace,
    )  # fmt: skip
    found: Any = selectors.with_exceptions(Decision.objects.filter(number=2)).get()
    assert found.is_elsewhere
    assert in_bulk(bulk_decisions.propose_many, world.chen, Decision.objects.filter(number=2)) == 0


def test_the_table_asks_as_much_for_one_household_as_for_twenty(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(world, *[same("4")] * 20)
    gao = client_of(world.gao)
    url = reverse("credit:round_stage", args=[village.round.pk, "review"])

    def asked(query: str) -> int:
        gao.get(url + query)
        with CaptureQueriesContext(connection) as captured:
            gao.get(url + query)
        return len(captured)

    in_bulk(bulk_decisions.propose_many, world.chen, Decision.objects.filter(subject_id=village.households[0]))
    assert asked("?standing=at_branch") == asked("?standing=to_propose")


def test_only_those_who_handle_a_round_note_exceptions(world: World) -> None:
    village = opened(world, same("4"))
    decision = decision_of(village.households[0])
    post = Post.objects.get(staff=world.jiang, kind=PostKind.APPROVER)
    with pytest.raises(Refused, match="客户经理或支行行长"):
        exceptions.note(by=world.jiang, post=post, decision=decision, code="away", reason="外出")
    with pytest.raises(Refused, match="种类"):
        act(exceptions.note, world.chen, decision, code="other", reason="外出")
    assert Decimal(0) == MergeException.objects.count()


def test_the_approval_sheet_is_handed_out_by_those_who_see_the_round(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = opened(world, same("4"), same("9"))
    first, _large = village.households
    act(services.propose, world.chen, decision_of(first), amount=3 * WAN, seen=0, reason="收入少")
    url = reverse("credit:round_approval_sheet", args=[village.round.pk, "xlsx"])
    answer = client_of(world.gao).get(url)
    sheet = load_workbook(BytesIO(answer.content)).active
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"001", "002", "待支行审批", "合计 2 户"} <= set(cells)
    assert any("支行行长 1 户 3.00 万元" in cell for cell in cells)
    assert any(cell.startswith("经办：陈") for cell in cells)

    only = client_of(world.gao).get(url, {"standing": "to_propose"}).content
    cells = [str(cell.value) for row in load_workbook(BytesIO(only)).active.iter_rows() for cell in row]
    assert "001" not in cells
    assert "002" in cells

    paper = client_of(world.jiang).get(reverse("credit:round_approval_sheet", args=[village.round.pk, "pdf"]))
    assert paper.content.startswith(b"%PDF")
    assert client_of(world.fang).get(url).status_code == 404
    details = list(
        AuditEvent.objects.filter(verb="approval_sheet_printed").order_by("pk").values_list("detail", flat=True)
    )
    assert details == [
        {"form": "xlsx", "households": 2},
        {"form": "xlsx", "households": 1},
        {"form": "pdf", "households": 2},
    ]


def test_no_sheet_before_the_opening(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 1)
    url = reverse("credit:round_approval_sheet", args=[village.round.pk, "pdf"])
    assert client_of(world.gao).get(url).status_code == 404


def test_sheets_are_compared_after_the_opening_only_and_never_by_who_fills_them(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.started(world, 12)
    url = reverse("credit:round_assessors", args=[village.round.pk])
    assert client_of(world.gao).get(url).status_code == 404
    many = village.households
    make.seal_all(
        village,
        dict.fromkeys(many, make.amount("5")),
        {subject: make.amount(str(2 + place % 4)) for place, subject in enumerate(many)},
        {subject: make.amount(str(2 + place % 4)) for place, subject in enumerate(many)},
    )
    make.open_sheets(village)
    text = client_of(world.gao).get(url).content.decode()
    assert text.count("几乎都填同一个数") == 1
    assert "Krippendorff" in text
    assert client_of(world.kang).get(url).status_code == 200
    assert client_of(world.chen).get(url).status_code == 404
    assert client_of(world.shi).get(url).status_code == 404
