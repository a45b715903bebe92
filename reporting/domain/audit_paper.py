"""What a conclusion says beside its sentence, as tables: the same on its page and on paper. Pure, from the stored document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.lib.tables import Cell, Column, Role, Row, Shape, Table, Words
from reporting.domain.inspection import CLASSES, FIELDS, Class


@dataclass(frozen=True)
class Returned:
    """A file that goes back: household number and village, what deviates (in the reader's language), whose it is."""

    number: str
    place: str
    what: str
    collector: str


def strata_table(document: Mapping[str, Any], language: str) -> Table:
    """Return population, sample and deviations of every stratum, with their sum."""
    rows = [
        Row(cells={key: one[key] for key in ("name", "size", "drawn", "found")}, key=one["code"])
        for one in document["strata"]
    ]
    total: dict[str, Cell] = {"name": Words("合计", "Total").of(language)}
    total |= {key: sum(one[key] for one in document["strata"]) for key in ("size", "drawn", "found")}
    return Table(
        title=Words("各层抽样与差错", "Strata and deviations"),
        columns=[
            Column(key="name", name=Words("支行", "Branch"), width=16),
            Column(key="size", name=Words("总体", "Population"), shape=Shape.COUNT),
            Column(key="drawn", name=Words("抽取", "Drawn"), shape=Shape.COUNT),
            Column(key="found", name=Words("差错", "Deviations"), shape=Shape.COUNT),
        ],
        rows=[*rows, Row(cells=total, role=Role.TOTAL)],
    )


def classes_table(document: Mapping[str, Any], language: str) -> Table:
    """Return how many files deviate by class and key field; one file may deviate in several."""
    rows = []
    for group in Class:
        for code, field in FIELDS.items():
            if field.group == group and document["fields"].get(code):
                cells: dict[str, Cell] = {
                    "class": CLASSES[group].of(language),
                    "field": field.label.of(language),
                    "found": document["fields"][code],
                }
                rows.append(Row(cells=cells, key=code))
    return Table(
        title=Words("差错分类", "Deviations by class"),
        columns=[
            Column(key="class", name=Words("类别", "Class"), width=14),
            Column(key="field", name=Words("要素", "Key field"), width=22),
            Column(key="found", name=Words("差错户数", "Files"), shape=Shape.COUNT),
        ],
        rows=rows,
        notes=[
            Words("一户可能有多项差错，各计一次。", "A file may deviate in several fields and counts once in each.")
        ],
    )


def returned_table(rows: Sequence[Returned], due_on: str) -> Table:
    """Return what goes back to whom, by when."""
    return Table(
        title=Words("退回整改", "Goes back"),
        columns=[
            Column(key="number", name=Words("户号", "Household"), shape=Shape.CODE, width=16),
            Column(key="place", name=Words("村", "Village"), width=12),
            Column(key="what", name=Words("差错", "Deviation"), width=34),
            Column(key="name", name=Words("采集人", "Collector"), width=10),
            Column(key="due", name=Words("整改期限", "Due"), shape=Shape.DAY, width=11),
        ],
        rows=[
            Row(
                cells={"number": one.number, "place": one.place, "what": one.what, "name": one.collector, "due": due_on}
            )
            for one in rows
        ],
    )
