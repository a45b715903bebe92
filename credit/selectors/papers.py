"""The paper of one household's line: the explanation as data for the PDF template ``line``."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.lib.display import day, moment, wan_figure
from config.lib.money import in_wan
from config.lib.tables import Column, Role, Row, Shape, Table, Words, paper
from credit.selectors.explained import LinePage
from credit.selectors.explained_model import Bar

_STEPS = (
    Column(key="figure", name=Words("项目", "Figure"), width=18),
    Column(key="how", name=Words("算法", "How"), width=30),
    Column(key="with", name=Words("代入", "With"), width=26),
    Column(key="result", name=Words("结果", "Result"), shape=Shape.COUNT, width=12),
)
_COLUMNS = (
    Column(key="item", name=Words("项目", "Item"), width=18),
    Column(key="value", name=Words("取值", "Value"), width=14),
    Column(key="band", name=Words("落在哪一档", "Band"), width=20),
    Column(key="points", name=Words("得分", "Points"), shape=Shape.COUNT, width=7),
    Column(key="full", name=Words("满分", "Of"), shape=Shape.COUNT, width=7),
)


def line_paper(page: LinePage) -> dict[str, Any]:
    """Return what the template ``line`` prints, already written for the reader."""
    result, home = page.result, page.household
    granted = page.granted if page.decision and page.granted and page.granted.decision_id == page.decision.pk else None
    amount = granted.amount if granted else result.line
    return {
        "bank": home.grid.institution.name,
        "stamp": _("计算于 %(at)s · %(model)s") % {"at": moment(result.run.run.finished_at), "model": _version(page)},
        "headline": {
            "name": _("授信额度") if granted else _("模型额度"),
            "amount": wan_figure(amount),
            "unit": _("万元"),
            "note": _("%(village)s　户号 %(number)s　%(customer)s")
            % {"village": f"{home.grid.town}{home.grid.name}", "number": home.number, "customer": page.customer},
        },
        "household": [
            {"name": _("客户姓名"), "value": page.customer},
            {"name": _("住址"), "value": home.address or "—"},
            {"name": _("机构"), "value": home.grid.branch.name},
            {"name": _("档案"), "value": page.file_note},
        ],
        "words": list(page.words.paragraphs) + _decided(page),
        "waterfall": [_bar(bar) for bar in page.bars] or [_empty()],
        "since": page.changes_words or [_("这是第一次发布的测算结果。")],
        "score": _score(page),
        "grade": {"name": _("等级"), "text": page.grade, "note": page.title} if page.grade else None,
        "reasons": page.reasons,
        "sources": [
            {"name": _("模型"), "value": _version(page)},
            {"name": _("数据截止"), "value": moment(result.run.as_of)},
            *[{"name": one.label, "value": _sourced(one.value, one.source, one.on)} for one in page.inputs],
            {"name": _("数据指纹"), "value": f"{result.inputs_hash.hex[:8]}…{result.inputs_hash.hex[-8:]}"},
        ],
        "parameters": _parameters(page),
        "calculation": _calculation(page),
        "notice": {"title": page.notice.title, "paragraphs": list(page.notice.paragraphs)} if page.notice else None,
        "signatures": [{"role": _("客户签收"), "name": "", "at": ""}, {"role": _("经办人"), "name": "", "at": ""}],
    }


def _version(page: LinePage) -> str:
    release = page.result.run.model
    return _("%(model)s 第 %(version)s 版，%(day)s 起") % {
        "model": release.key.upper(),
        "version": release.version,
        "day": day(release.effective_on),
    }


def _decided(page: LinePage) -> list[str]:
    return [" ".join(page.decision_words)] if page.decision_words else []


def _sourced(value: str, source: str, on: str) -> str:
    return " · ".join(part for part in (value, source, on) if part)


def _bar(bar: Bar) -> dict[str, Any]:
    text = wan_figure(bar.amount, 4 if bar.role in ("part", "sum") else 2)
    start = Decimal(0) if bar.role in ("sum", "final") else bar.before
    return {
        "name": bar.name,
        "note": bar.note,
        "text": f"+{text}" if bar.role == "part" and bar.amount >= 0 else text,
        "from": _drawn(start),
        "to": _drawn(bar.after),
        "role": bar.role,
        "is_binding": bar.is_binding,
    }


def _empty() -> dict[str, Any]:
    return {
        "name": _("模型额度"),
        "note": "",
        "text": "—",
        "from": 0.0,
        "to": 0.0,
        "role": "final",
        "is_binding": False,
    }


def _drawn(amount: Decimal) -> float:
    """A length on paper; the figure beside it is the exact one."""
    return float(in_wan(amount))


def _score(page: LinePage) -> dict[str, Any] | None:
    table = page.table("items")
    if table is None:
        return None
    keys = [column.key for column in _COLUMNS]
    last = len(table.rows) - 1 if page.explanation.score is not None else len(table.rows)
    rows = [
        Row(cells=dict(zip(keys, row, strict=True)), role=Role.TOTAL if number == last else Role.BODY)
        for number, row in enumerate(table.rows)
    ]
    return paper(Table(title=Words("评分表", "Score"), columns=_COLUMNS, rows=rows), page.language)


def _parameters(page: LinePage) -> list[dict[str, str]]:
    """The parameters used, the same for everybody, with the release they stand in."""
    table = page.parameters
    rows = [{"name": row[0], "value": row[1]} for row in table.rows] if table else []
    return rows + ([{"name": _("出处"), "value": page.parameters_note}] if rows and page.parameters_note else [])


def _calculation(page: LinePage) -> dict[str, Any] | None:
    """Every step of the calculation, so that it can be redone by hand."""
    table = page.figures
    if table is None:
        return None
    keys = [column.key for column in _STEPS]
    rows = [Row(cells=dict(zip(keys, row, strict=True))) for row in table.rows]
    return paper(Table(title=Words("计算过程", "Calculation"), columns=_STEPS, rows=rows), page.language)
