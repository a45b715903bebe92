"""What is on a list and in no grid, or in a grid that nobody covers."""

from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Count

from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from customers import access
from customers.models import Subject, UnplacedRow
from customers.selectors.entities import HOMES
from grids.access import Post, grids_for

PER_PAGE = 20
MOST = 10_000
_KINDS = {
    Subject.Kind.HOUSEHOLD: Words("农户", "Households"),
    Subject.Kind.BUSINESS: Words("商户", "Businesses"),
    Subject.Kind.UNIT: Words("企业单位", "Units"),
}


def page_of(post: Post, kind: str, number: str | None) -> Page[UnplacedRow]:
    """Return one page of the rows that wait for a grid, the oldest list first."""
    rows = access.unplaced_for(post).select_related("branch", "roster").order_by("roster_id", "row")
    if kind in Subject.Kind.values:
        rows = rows.filter(kind=kind)
    return Paginator(rows, PER_PAGE).get_page(number)


def counts(post: Post) -> dict[str, int]:
    """Return how many rows wait for a grid, by kind."""
    rows = access.unplaced_for(post).order_by().values("kind").annotate(rows=Count("pk"))
    return {one["kind"]: one["rows"] for one in rows}


def stranded() -> list[dict[str, Any]]:
    """Return the grids of the acting manager that hold subjects of the roster and are closed or covered by nobody."""
    with connection.cursor() as cursor:
        cursor.execute("select grid_id, name, branch, is_active, kind, subjects from acc.stranded_subjects()")
        rows = cursor.fetchall()
    found: dict[int, dict[str, Any]] = {}
    for pk, name, branch, is_active, kind, subjects in rows:
        grid = found.setdefault(
            pk,
            {"pk": pk, "name": name, "branch": branch, "is_active": is_active} | dict.fromkeys(Subject.Kind.values, 0),
        )
        grid[kind] = subjects
    return list(found.values())


def grids_holding(post: Post, kind: str) -> list[tuple[int, str]]:
    """Return the grids of a post that hold a kind of subject."""
    return list(grids_for(post).filter(kind__in=HOMES[kind]).order_by("pinyin", "pk").values_list("pk", "name"))


def workbook(post: Post, language: str, made_at: datetime) -> bytes:
    """Return both lists as .xlsx: what waits for a grid, and the grids nobody covers."""
    rows = access.unplaced_for(post).select_related("branch", "roster").order_by("roster_id", "row")
    waiting = Table(
        title=Words("名册上未入格的", "On a list, in no grid"),
        columns=[
            Column(key="kind", name=Words("种类", "Kind"), width=10),
            Column(key="name", name=Words("名称", "Name"), width=30),
            Column(key="uscc", name=Words("统一社会信用代码", "Credit code"), shape=Shape.CODE, width=22),
            Column(key="place", name=Words("名单上的网格", "Grid on the list"), width=20),
            Column(key="address", name=Words("地址", "Address"), width=30),
            Column(key="branch", name=Words("支行", "Branch"), width=14),
            Column(key="file", name=Words("文件", "File"), width=24),
            Column(key="row", name=Words("行", "Row"), shape=Shape.COUNT, width=8),
        ],
        rows=[
            Row(
                cells={
                    "kind": _KINDS[Subject.Kind(row.kind)].of(language),
                    "name": row.name,
                    "uscc": row.uscc,
                    "place": row.place,
                    "address": row.address,
                    "branch": row.branch.name,
                    "file": row.roster.file_name,
                    "row": row.row,
                }
            )
            for row in rows[:MOST]
        ],
        notes=[
            Words("在“名册 > 未入格”里指定网格后计数", "They count once a grid is named under Rosters > In no grid")
        ],
    )
    nobody = Table(
        title=Words("没有人负责的网格", "Grids nobody covers"),
        columns=[
            Column(key="branch", name=Words("支行", "Branch"), width=14),
            Column(key="name", name=Words("网格", "Grid"), width=20),
            Column(key="why", name=Words("原因", "Why"), width=16),
            *(Column(key=kind.value, name=name, shape=Shape.COUNT, width=10) for kind, name in _KINDS.items()),
        ],
        rows=[
            Row(
                cells={
                    "branch": grid["branch"],
                    "name": grid["name"],
                    "why": (
                        Words("没有客户经理", "no officer") if grid["is_active"] else Words("网格已停用", "grid closed")
                    ).of(language),
                    **{kind.value: grid[kind] for kind in _KINDS},
                }
            )
            for grid in stranded()
        ],
    )
    return write_workbook([Sheet(table=waiting), Sheet(table=nobody)], language=language, created=made_at)
