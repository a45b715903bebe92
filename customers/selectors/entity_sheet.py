"""Lists of businesses and units as a spreadsheet: what the page shows, neither ID numbers nor phones."""

from datetime import datetime

from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from customers.models import Subject
from customers.selectors.entities import EntityFilter, filtered, rows_of
from grids.access import Post

MOST = 10_000


def workbook(
    post: Post, subject_kind: str, wanted: EntityFilter, language: str, made_at: datetime
) -> tuple[bytes, int]:
    """Return the list as .xlsx and how many rows it has; the first 10,000 where there are more."""
    matching = filtered(post, subject_kind, wanted).select_related("grid", "subject")
    total = matching.count()
    found = list(matching[:MOST])
    is_business = subject_kind == Subject.Kind.BUSINESS
    lines = [
        Row(
            cells={
                "name": row.entity.name,
                "uscc": row.entity.subject.uscc or "",
                "kind": str(row.entity.get_kind_display()),
                "grid": row.entity.grid.name,
                "address": row.entity.address,
                "trade": getattr(row.entity, "trade", ""),
                "principal": row.principal,
                "listed": row.entity.subject.listed_on,
                "found": row.entity.subject.found_on,
                "state": str(row.state.label),
                "visited": row.state.last_visit.device_at.date() if row.state.last_visit else None,
            }
        )
        for row in rows_of(found, post.staff.institution_id)
    ]
    columns = [
        Column(key="name", name=Words("名称", "Name"), width=32),
        Column(key="uscc", name=Words("统一社会信用代码", "Credit code"), shape=Shape.CODE, width=22),
        Column(key="kind", name=Words("类别", "Class"), width=18),
        Column(key="grid", name=Words("网格", "Grid"), width=18),
        Column(key="address", name=Words("地址", "Address"), width=30),
        *([Column(key="trade", name=Words("经营项目", "Trade"), width=20)] if is_business else []),
        Column(
            key="principal", name=Words("负责人", "In charge") if is_business else Words("联系人", "Contact"), width=12
        ),
        Column(key="listed", name=Words("列入名册", "On the roster since"), shape=Shape.DAY, width=12),
        Column(key="found", name=Words("走访发现", "Found in the field"), shape=Shape.DAY, width=12),
        Column(key="state", name=Words("档案", "File"), width=12),
        Column(key="visited", name=Words("最近走访", "Last visit"), shape=Shape.DAY, width=12),
    ]
    notes = [Words(f"共 {total:,} 家", f"{total:,} in all")]
    if total > MOST:
        notes.append(Words(f"只列出前 {MOST:,} 家", f"The first {MOST:,} are listed"))
    title = Words("商户", "Businesses") if is_business else Words("企业单位", "Units")
    table = Table(title=title, columns=columns, rows=lines, notes=notes)
    return write_workbook([Sheet(table=table)], language=language, created=made_at), len(lines)
