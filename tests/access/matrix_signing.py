"""Rows of signing: a village at signing, Chen's call list, a signed line with its card."""

import tempfile
from pathlib import Path
from typing import Any

from credit.models import CallEntry, CallList, Card, Signing
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit import signings as make
from tests.credit import village as villages
from tests.credit.village import Village
from tests.world import World

SEES = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})
OFFICER = frozenset({PostKind.OFFICER})
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


ROWS = {
    "credit:call_list_new": Row(posts=MAKERS, kwargs=_round, method="post", data={}, status=422),
    "credit:call_list": Row(posts=SEES, kwargs=_list),
    "credit:call_list_file": Row(posts=SEES, kwargs=_list),
    "credit:call_entry": Row(posts=OFFICER, kwargs=_entry),
    "credit:sign": Row(posts=OFFICER, kwargs=_decision),
    "credit:card_issue": Row(posts=OFFICER, kwargs=_signing, method="post", data={}, status=302),
    "credit:card": Row(posts=MAKERS, kwargs=_card),
    "credit:household_chain": Row(posts=SEES, kwargs=_household),
}
