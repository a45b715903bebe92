"""Points given on a sheet become an amount by the round's own table, from the first tap to the decision's trace."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import releases
from credit.domain.wording import explain_steps
from credit.models import Decision, Opinion
from credit.selectors.decisions import trace_steps
from credit.services import sheets
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import SINCE, World

pytestmark = pytest.mark.usefixtures("opener")


@pytest.fixture
def village(world: World) -> make.Village:
    form = json.loads((make.PARAMETERS / "score_form.json").read_text("utf-8"))
    releases.publish(
        institution_id=world.bank.pk,
        kind="score_form",
        document=form,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    found = make.started(world, 2)
    Staff.objects.filter(pk=found.assessors[0].pk).update(must_change_password=False)
    found.assessors[0].refresh_from_db()
    return found


def points(village: make.Village, total: int) -> str:
    """Points of the round's form that add up to ``total``."""
    left, given = total, ""
    for item in village.round.settings["score"]["items"]:
        one = min(left, item["full"])
        left, given = left - one, given + str(one)
    return given


def test_points_are_saved_sealed_opened_and_told(village: make.Village, client_of: Callable[..., Client]) -> None:
    home, other = village.households
    client = client_of(village.assessors[0])
    page = reverse("credit:sheet", args=[village.sheets[0].uuid])
    assert "data-score-form" in client.get(page).content.decode()

    def save(given: str, version: int = 0) -> tuple[int, dict[str, object]]:
        answer = client.post(
            reverse("credit:sheet_cell", args=[village.sheets[0].uuid]),
            {"subject": home, "version": version, "kind": "amount", "amount": "9", "score": given},
            content_type="application/json",
        )
        return answer.status_code, answer.json()

    assert "低于 60 分没有建议额度" in str(save(points(village, 59)))
    assert "每一项都要打分" in str(save("123"))
    assert save(points(village, 82)) == (200, {"version": 1})
    with acting_as(village.assessors[0]):
        kept = sheets.read_cells(village.sheets[0])[home].answer
    assert kept == {"kind": "amount", "amount": "50000.00", "s": points(village, 82)}
    row = next(row for row in json.loads(_rows(client.get(page))) if row["id"] == home)
    assert (row["amount"], row["score"]) == ("5", points(village, 82))

    make.seal(village, 0)
    for place in (1, 2):
        make.fill(village, place, dict.fromkeys(village.households, make.amount("5")))
        make.seal(village, place)
    make.open_sheets(village)
    said = Opinion.objects.get(subject=home, sheet=village.sheets[0])
    assert (said.amount, said.score) == (Decimal(50_000), points(village, 82))
    decision = Decision.objects.get(subject=home)
    assert decision.merged_amount == Decimal(50_000)
    words = explain_steps(trace_steps(decision, "merge"), "zh-hans")
    assert "其中 1 份按打分表折成额度：82。" in words
    plain = Decision.objects.get(subject=other)
    assert "scores_turned" not in json.dumps(plain.trace)
    told = client_of(village.world.gao).get(reverse("credit:decision", args=[decision.pk])).content.decode()
    assert "按打分 82" in told


def _rows(response: object) -> str:
    text: str = response.content.decode()  # type: ignore[attr-defined]
    return text.split('id="sheet-data" type="application/json">')[1].split("</script>")[0]


def test_a_round_without_a_form_offers_none(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 1)
    sheet = make.add_paper(village)
    client = client_of(world.deng)
    assert "data-score" not in client.get(reverse("credit:sheet", args=[sheet.uuid])).content.decode()
    answer = client.post(
        reverse("credit:sheet_cell", args=[sheet.uuid]),
        {"subject": village.households[0], "version": 0, "kind": "amount", "score": "1" * 25},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["text"]) == (422, "这一轮不用打分")
