"""Rows of signing: a village at signing, Chen's call list, a signed line with its card."""

import tempfile
from pathlib import Path
from typing import Any

from credit.models import CallEntry, CallList, Card, Receipt, Signing, WhiteList
from credit.services import whitelists
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit import coresnapshots as core
from tests.credit import signings as make
from tests.credit import village as villages
from tests.credit.village import Village
from tests.world import World

SEES = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})
OFFICER = frozenset({PostKind.OFFICER})
APPROVER = frozenset({PostKind.APPROVER})
TWO = frozenset({PostKind.BRANCH_MANAGER, PostKind.APPROVER})
LISTS = TWO | {PostKind.AUDITOR}
MAKERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})


def _village(world: World) -> Village:
    """Three households: one signed with a card, one to sign, one signed without a card."""
    listed = CallList.objects.first()
    if listed is not None:
        found = list(listed.round.roster.order_by("subject_id").values_list("subject_id", flat=True))
        return Village(world, listed.round, found)
    with tempfile.TemporaryDirectory() as directory, villages.opener_key(Path(directory)):
        village = make.granted(world, 3)
        make.call_list(village)
        make.card(village, make.sign(village, 0))
        make.sign(village, 2)
    return village


def _round(world: World) -> dict[str, Any]:
    return {"pk": _village(world).round.pk}


def _list(world: World) -> dict[str, Any]:
    _village(world)
    return {"pk": CallList.objects.get().pk}


def _entry(world: World) -> dict[str, Any]:
    village = _village(world)
    return {"pk": CallEntry.objects.get(subject_id=village.households[1]).pk}


def _decision(world: World) -> dict[str, Any]:
    return {"pk": make.line(_village(world), 1).pk}


def _signing(world: World) -> dict[str, Any]:
    village = _village(world)
    return {"pk": Signing.objects.get(subject_id=village.households[2]).pk}


def _card(world: World) -> dict[str, Any]:
    village = _village(world)
    return {"pk": Card.objects.get(subject_id=village.households[0]).pk}


def _household(world: World) -> dict[str, Any]:
    return {"pk": _village(world).households[0]}


def _white_list(world: World, *, is_released: bool) -> WhiteList:
    """A list Gao made of the signed lines, released by a second approver where it has to be."""
    village = _village(world)
    found = WhiteList.objects.first() or make.act(whitelists.make, world.gao, round=village.round)
    if is_released and found.state == "made":
        make.act(whitelists.settle, core.second_approver(world), white_list=found, release=True)
    return WhiteList.objects.get()


def _made(world: World) -> dict[str, Any]:
    return {"pk": _white_list(world, is_released=False).pk}


def _released(world: World) -> dict[str, Any]:
    return {"pk": _white_list(world, is_released=True).pk}


def _receipt(world: World) -> dict[str, Any]:
    listed = _white_list(world, is_released=True)
    found = Receipt.objects.first()
    if found is None:
        lines = [f"{row.signing.contract},成功," for row in listed.rows.select_related("signing")]
        content = "\n".join(("合同号,结果,原因", *lines)).encode()
        bai = core.second_approver(world)
        found, _faults = make.act(whitelists.import_receipt, bai, white_list=listed, content=content, name="r.csv")
    assert found is not None
    return {"pk": found.pk, "step": "confirm"}


ROWS = {
    "credit:call_list_new": Row(posts=MAKERS, kwargs=_round, method="post", data={}, status=422),
    "credit:call_list": Row(posts=SEES, kwargs=_list),
    "credit:call_list_file": Row(posts=SEES, kwargs=_list),
    "credit:call_entry": Row(posts=OFFICER, kwargs=_entry),
    "credit:sign": Row(posts=OFFICER, kwargs=_decision),
    "credit:card_issue": Row(posts=OFFICER, kwargs=_signing, method="post", data={}, status=302),
    "credit:card": Row(posts=MAKERS, kwargs=_card),
    "credit:household_chain": Row(posts=SEES, kwargs=_household),
    "credit:white_lists": Row(posts=LISTS),
    "credit:white_list_new": Row(posts=TWO, kwargs=_round, method="post", data={}, status=302),
    "credit:white_list": Row(posts=LISTS, kwargs=_made),
    "credit:white_list_step": Row(
        posts=APPROVER, kwargs=lambda world: {**_made(world), "step": "release"}, method="post", data={}, status=302
    ),
    "credit:white_list_file": Row(
        posts=APPROVER, kwargs=lambda world: {**_released(world), "form": "csv"}, method="post", data={}
    ),
    "credit:receipt_import": Row(posts=TWO, kwargs=_released, method="post", data={}, status=302),
    "credit:receipt_step": Row(posts=TWO, kwargs=_receipt, method="post", data={}, status=302),
}
