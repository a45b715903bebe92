"""Rows of rounds, sheets and decisions. A sheet opens by who holds it: Chen types the paper sheet of these rows, Gao confirms."""

import tempfile
from pathlib import Path
from typing import Any

from credit.models import Decision, DraftPage, Round, Sheet, SheetPage
from credit.services.rounds import freeze_list, start_round
from grids.models import PostKind
from tests.access.matrix import EVERYBODY, Row
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

SEES = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})
MANAGER = frozenset({PostKind.BRANCH_MANAGER})
DECIDERS = frozenset({PostKind.BRANCH_MANAGER, PostKind.APPROVER})
HOLDERS = frozenset({PostKind.ASSESSOR, PostKind.OFFICER, PostKind.BRANCH_MANAGER})
TYPIST = frozenset({PostKind.OFFICER})


def _round(world: World) -> Round:
    """The started round of Liu Village, with a paper sheet beside the three of its assessors."""
    found = Round.objects.filter(grid=world.liu).first()
    if found is not None:
        return found
    with tempfile.TemporaryDirectory() as directory, make.opener_key(Path(directory)):
        village = make.prepared(world, 2)
        Sheet.objects.create(
            institution=world.bank,
            grid=world.liu,
            round=village.round,
            number=9,
            mode=Sheet.Mode.PAPER,
            assessor=world.shi,
            assessor_name="石开",
            typist=world.chen,
            confirmer=world.gao,
        )
        with acting_as(world.gao) as post:
            assert post is not None
            freeze_list(by=world.gao, post=post, round=village.round)
            start_round(by=world.gao, post=post, round=village.round)
    return village.round


def _pk(world: World) -> dict[str, Any]:
    return {"pk": _round(world).pk}


def _sheet_of_round(world: World) -> dict[str, Any]:
    round = _round(world)
    return {"pk": round.pk, "sheet": Sheet.objects.get(round=round, number=1).pk}


def _uuid(world: World) -> dict[str, Any]:
    return {"uuid": Sheet.objects.get(round=_round(world), number=9).uuid}


def _paper_of_round(world: World) -> dict[str, Any]:
    round = _round(world)
    return {"pk": round.pk, "sheet": Sheet.objects.get(round=round, number=9).pk}


def _page(world: World) -> dict[str, Any]:
    """A photo of the paper sheet in Chen's hands."""
    sheet = Sheet.objects.get(round=_round(world), number=9)
    found = DraftPage.objects.filter(sheet=sheet).first()
    if found is None:
        make.type_paper(sheet, {}, [make.picture()], hand_over=False)
        found = DraftPage.objects.get(sheet=sheet)
    return {"uuid": sheet.uuid, "page": found.pk}


def _papers(world: World) -> dict[str, Any]:
    """An opened round with a paper sheet and its photo."""
    found = SheetPage.objects.first()
    if found is None:
        with tempfile.TemporaryDirectory() as directory, make.opener_key(Path(directory)):
            village = make.started(world, 1)
            make.confirm_paper(village, make.typed_paper(village, {}, [make.picture()]))
            make.seal_all(village, {}, {}, {})
            make.open_sheets(village)
        found = SheetPage.objects.get()
    return {"pk": found.sheet.round_id}


def _paper(world: World) -> dict[str, Any]:
    return {**_papers(world), "page": SheetPage.objects.get().pk}


def _decision(world: World) -> dict[str, Any]:
    found = Decision.objects.first()
    if found is None:
        with tempfile.TemporaryDirectory() as directory, make.opener_key(Path(directory)):
            village = make.started(world, 1)
            make.seal_all(village, *[{village.households[0]: make.amount("3")}] * 3)
            make.open_sheets(village)
        found = Decision.objects.get()
    return {"pk": found.pk}


def _decided_round(world: World) -> int:
    """The round of the decision."""
    return int(Decision.objects.values_list("round_id", flat=True).get(pk=_decision(world)["pk"]) or 0)


def _post(kwargs: Any, posts: frozenset[str] = MANAGER, status: int | None = None) -> Row:
    return Row(posts=posts, kwargs=kwargs, method="post", data={}, status=status)


ROWS = {
    "credit:round_list": Row(posts=SEES),
    "credit:round_new": Row(posts=MANAGER),
    "credit:round": Row(posts=SEES, kwargs=_pk),
    "credit:round_stage": Row(posts=SEES, kwargs=lambda world: {**_pk(world), "page": "list"}),
    "credit:round_move": _post(lambda world: {**_pk(world), "to": "closed"}, status=302),
    "credit:round_plan_stage": _post(lambda world: {**_pk(world), "page": "review"}, status=302),
    "credit:round_due": _post(_pk, status=302),
    "credit:round_propose": _post(_pk, frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER}), 302),
    "credit:round_recompute": _post(_pk, status=302),
    "credit:supplement_new": Row(posts=MANAGER, kwargs=_papers),
    "credit:opening": Row(posts=SEES, kwargs=_papers),
    "credit:opening_export": Row(
        posts=frozenset({PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR}), kwargs=_papers
    ),
    "credit:opening_program": Row(posts=frozenset({PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})),
    "credit:round_opening": Row(posts=SEES, kwargs=_pk),
    "credit:round_open": _post(lambda world: {**_pk(world), "step": "ask"}, DECIDERS, 302),
    "credit:round_add_own": _post(_pk, status=422),
    "credit:round_add_paper": _post(_pk, status=422),
    "credit:sheet_password": _post(_sheet_of_round, status=200),
    "credit:sheet_withdraw": _post(_sheet_of_round, status=302),
    "credit:sheet_excuse": _post(_sheet_of_round, status=302),
    "credit:my_sheet": Row(posts=HOLDERS),
    "credit:sheet": Row(posts=HOLDERS, kwargs=_uuid),
    "credit:sheet_cell": _post(_uuid, TYPIST, 400),
    "credit:sheet_seal": Row(posts=TYPIST, kwargs=_uuid),
    "credit:sheet_back": _post(_uuid, TYPIST, 302),
    "credit:sheet_page_add": _post(_uuid, TYPIST, 422),
    "credit:sheet_page": Row(posts=TYPIST, kwargs=_page),
    "credit:sheet_page_drop": _post(_page, TYPIST, 200),
    "credit:sheet_blank": Row(posts=TYPIST, kwargs=_uuid),
    "credit:round_blank": Row(posts=MANAGER, kwargs=_paper_of_round),
    "credit:round_meeting": Row(posts=frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER}), kwargs=_pk),
    "credit:meeting": Row(posts=EVERYBODY, status=200),
    "credit:meeting_leave": _post(None, HOLDERS, 302),
    "credit:sheet_kin": _post(_uuid, TYPIST, 302),
    "credit:sheet_file": Row(posts=TYPIST, kwargs=_uuid),
    "credit:sheet_book": Row(posts=TYPIST, kwargs=_uuid),
    "credit:round_blanks": Row(posts=MANAGER, kwargs=_pk),
    "credit:round_papers": Row(posts=SEES, kwargs=_papers),
    "credit:round_paper": Row(posts=SEES, kwargs=_paper),
    "credit:to_decide": Row(posts=DECIDERS),
    "credit:round_approval_sheet": Row(posts=SEES, kwargs=lambda world: {"pk": _decided_round(world), "form": "xlsx"}),
    "credit:round_assessors": Row(
        posts=DECIDERS | {PostKind.AUDITOR}, kwargs=lambda world: {"pk": _decided_round(world)}
    ),
    "credit:approve_all": Row(posts=DECIDERS),
    "credit:decision_exception": _post(_decision, frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER}), 422),
    "credit:approve_chosen": _post(None, DECIDERS, 302),
    "credit:decision": Row(posts=SEES, kwargs=_decision),
    "credit:decision_step": _post(
        lambda world: {**_decision(world), "step": "propose"},
        frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER}),
    ),
}
