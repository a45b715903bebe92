"""The approval sheet of a round (整村授信审批表): every household, or a selection, as one table for paper and for a workbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.lib import clock
from config.lib.display import moment, wan_figure
from config.lib.money import ZERO
from config.lib.tables import Column, Role, Row, Shape, Table, Words, paper
from credit.domain.decisions import NoAuthorityError
from credit.models import DecisionStep, Round
from credit.selectors.rounds import rules_of
from credit.selectors.worktable import TableRow
from grids.access import PostKind

_OPINIONS = Words("四方意见（万元）", "Opinions (wan yuan)")
_BOUNDS = Words("上限（万元）", "Bounds (wan yuan)")
_WAN = Shape.WAN
COLUMNS = (
    Column(key="number", name=Words("户号", "Number"), shape=Shape.CODE, width=9),
    Column(key="name", name=Words("户主", "Head"), width=10),
    Column(key="village", name=Words("村评", "Village"), shape=_WAN, group=_OPINIONS, width=8),
    Column(key="officer", name=Words("客户经理", "Officer"), shape=_WAN, group=_OPINIONS, width=8),
    Column(key="model", name=Words("模型", "Model"), shape=_WAN, group=_OPINIONS, width=8),
    Column(key="approver", name=Words("审批", "Approver"), shape=_WAN, group=_OPINIONS, width=8),
    Column(key="cap", name=Words("产品上限", "Product"), shape=_WAN, group=_BOUNDS, width=8),
    Column(key="room", name=Words("家庭余量", "Headroom"), shape=_WAN, group=_BOUNDS, width=8),
    Column(key="figure", name=Words("额度（万元）", "Line (wan yuan)"), shape=_WAN, width=10),
    Column(key="standing", name=Words("状态", "State"), width=20),
)


@dataclass(frozen=True)
class ApprovalSheet:
    """The sheet of some households of a round: the table, sums by authority, and who proposed and approved."""

    round: Round
    table: Table
    bands: list[tuple[str, int, Decimal]]
    signatures: list[dict[str, str]]
    granted: int


def approval_sheet(round: Round, rows: Sequence[TableRow]) -> ApprovalSheet:
    """Return the sheet of rows of the worktable, by household number; one query beside theirs."""
    lines = [_line(row) for row in rows]
    total = sum((row.decision.figure or ZERO for row in rows), ZERO)
    end = Row(role=Role.TOTAL, cells={**dict.fromkeys((column.key for column in COLUMNS), ""), "name": _("合计 %(count)s 户") % {"count": len(rows)}, "figure": total})  # fmt: skip
    notes = [
        Words(
            "额度：已审定的为审定额度，已提交的为提交额度，其余为测算额度；取各项上限中最小的，按步长向下取整。",
            "Line: as approved, else as proposed, else as computed: the least of the bounds, floored to the step.",
        )
    ]
    return ApprovalSheet(
        round=round,
        table=Table(
            title=Words("逐户额度", "Household by household"), columns=COLUMNS, rows=[*lines, end], notes=notes
        ),
        bands=_bands(round, rows),
        signatures=_signatures(rows),
        granted=sum(row.standing == "granted" for row in rows),
    )


def _line(row: TableRow) -> Row:
    one = row.decision
    return Row(
        cells={
            "number": row.card.number if row.card else "",
            "name": row.card.head if row.card else "",
            "village": one.village,
            "officer": one.officer,
            "model": one.model_line,
            "approver": one.approver,
            "cap": one.product_cap,
            "room": one.headroom,
            "figure": one.figure,
            "standing": "、".join([str(row.label), *map(str, row.labels)]),
        }
    )


def _bands(round: Round, rows: Sequence[TableRow]) -> list[tuple[str, int, Decimal]]:
    """Sums of the figures by the level that may sign them."""
    authority = rules_of(round).authority
    found: dict[str, list[Decimal]] = {band.level: [] for band in authority.bands}
    for row in rows:
        if row.decision.figure:
            try:
                found[authority.level_for(row.decision.figure)].append(row.decision.figure)
            except NoAuthorityError:
                continue
    return [(str(PostKind(level).label), len(figures), sum(figures, ZERO)) for level, figures in found.items()]


def _signatures(rows: Sequence[TableRow]) -> list[dict[str, str]]:
    steps = (
        DecisionStep.objects.filter(
            decision__in=[row.decision.pk for row in rows], verb__in=("propose", "refer", "approve")
        )
        .order_by("taken_at")
        .values_list("verb", "post_kind", "staff__name", "taken_at")
    )
    found: dict[str, dict[str, Any]] = {"propose": {}, PostKind.BRANCH_MANAGER: {}, PostKind.APPROVER: {}}
    for verb, kind, name, at in steps:
        place = "propose" if verb == "propose" else kind
        if place in found:
            found[place][name] = at
    roles = {"propose": _("经办"), PostKind.BRANCH_MANAGER: _("支行审批"), PostKind.APPROVER: _("业务审批")}
    return [
        {"role": str(roles[place]), "name": "、".join(people), "at": moment(max(people.values())) if people else ""}
        for place, people in found.items()
    ]


def sheet_paper(sheet: ApprovalSheet, language: str) -> dict[str, Any]:
    """Return what the template ``decision`` prints."""
    round = sheet.round
    bands = [
        {"name": name, "value": _("%(count)s 户 %(amount)s 万元") % {"count": count, "amount": wan_figure(total)}}
        for name, count, total in sheet.bands
    ]
    return {
        "bank": round.institution.name,
        "village": f"{round.grid.town}{round.grid.name}",
        "round": round.name,
        "status": str(round.get_stage_display()),
        "stamp": _("打印于 %(at)s") % {"at": moment(clock.now())},
        "facts": [
            {"name": _("机构"), "value": round.grid.branch.name},
            {"name": _("已授信户数"), "value": str(sheet.granted)},
            *bands,
        ],
        "table": paper(sheet.table, language),
        "signatures": sheet.signatures,
    }


def stamps(sheet: ApprovalSheet) -> list[Words]:
    """Return what stands above the table of the workbook."""
    round = sheet.round
    lines = [f"{round.institution.name} {round.grid.branch.name}", f"{round.grid.town}{round.grid.name} {round.name}"]
    lines += [
        f"{name} " + _("%(count)s 户 %(amount)s 万元") % {"count": count, "amount": wan_figure(total)}
        for name, count, total in sheet.bands
    ]
    lines += [f"{one['role']}：{one['name'] or '—'} {one['at']}".rstrip() for one in sheet.signatures]
    return [Words(line, line) for line in [*lines, _("打印于 %(at)s") % {"at": moment(clock.now())}]]
