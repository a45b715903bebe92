"""A file of invented households for a model: its columns, every row read as facts, and the results as a table. Pure.

A row is one household. Events take a few columns each, such as 违约事项 1 违约天数; choices are written as codes or in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from config.lib.tablefile import Rows
from config.lib.tables import Cell, Column, Row, Shape, Table, Words
from credit.domain.model import BoundModel, Label, Model, Result, Status, ValueType
from credit.domain.model.explanation import BUILT_IN_REASONS
from credit.domain.typed_facts import read_facts

EVENTS: Final = 3
"""Events of one list a row has room for."""
MOST_ROWS: Final = 5_000
MARK: Final = "mark"
MARK_WORDS: Final = Words("编号", "Mark")


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be read: the row as a spreadsheet counts it, its column and what to do."""

    row: int
    column: Words
    words: Label


def columns(model: Model) -> dict[str, Words]:
    """The columns of a file, by field: a mark of one's own, the facts, and room for a few events of each list."""
    found = {MARK: MARK_WORDS}
    for entry in model.inputs:
        if entry.type is not ValueType.EVENTS:
            found[entry.name] = Words(entry.label.zh, entry.label.en)
            continue
        for place in range(min(EVENTS, entry.at_most)):
            for field in entry.fields:
                found[f"{entry.name}.{place}.{field.name}"] = Words(
                    f"{entry.label.zh} {place + 1} {field.label.zh}", f"{entry.label.en} {place + 1} {field.label.en}"
                )
    return found


def titles(model: Model) -> dict[str, tuple[str, ...]]:
    """How each column may be headed: in Chinese, in English, or by the name of the fact; both as the template writes them too."""
    return {
        field: (words.zh, words.en, f"{words.zh} {words.en}", f"{words.en} {words.zh}", field)
        for field, words in columns(model).items()
    }


def template(model: Model) -> Table:
    """The empty file: one row, every choice's words below."""
    notes = [
        Words(
            f"{entry.label.zh}：{'、'.join(one.label.zh for one in entry.choices)}",
            f"{entry.label.en}: {', '.join(one.label.en for one in entry.choices)}",
        )
        for entry in (*model.inputs, *(field for entry in model.inputs for field in entry.fields))
        if entry.choices
    ]
    heads = [Column(key=field, name=words, shape=Shape.TEXT, width=16) for field, words in columns(model).items()]
    return Table(title=Words(model.title.zh, model.title.en), columns=heads, rows=[], notes=notes)


def read(model: Model, rows: Rows) -> tuple[list[tuple[int, str, dict[str, Any]]], list[Wrong]]:
    """Every row as (row number, mark, facts), and everything that cannot be read, in one pass."""
    heads = columns(model)
    found, wrong = [], []
    for number, cells in rows:
        events: dict[str, list[Mapping[str, str]]] = {}
        places: dict[str, list[int]] = {}
        for entry in model.inputs:
            if entry.type is ValueType.EVENTS:
                for place in range(min(EVENTS, entry.at_most)):
                    row = {field.name: cells.get(f"{entry.name}.{place}.{field.name}", "") for field in entry.fields}
                    if any(text.strip() for text in row.values()):
                        events.setdefault(entry.name, []).append(row)
                        places.setdefault(entry.name, []).append(place)
        facts, unread = read_facts(model, cells, events)
        for one in unread:
            name, _dot, rest = one.place.partition(".")
            field = one.place
            if rest:
                nth, _dot, inner = rest.partition(".")
                field = f"{name}.{places[name][int(nth)]}.{inner}"
            wrong.append(Wrong(number, heads[field], one.words))
        found.append((number, cells.get(MARK, ""), facts))
    return found, wrong


def results(bound: BoundModel, rows: Sequence[tuple[int, str, Mapping[str, Any]]]) -> Table:
    """What the model makes of every row: line, score, grade, reasons, the points of each item and every line."""
    model = bound.model
    figures = (*model.items, *model.lines)
    heads = [
        Column(key="row", name=Words("行", "Row"), shape=Shape.COUNT, width=6),
        Column(key=MARK, name=MARK_WORDS, shape=Shape.CODE, width=16),
        Column(key="line", name=Words("模型额度（元）", "Model line (yuan)"), shape=Shape.YUAN, width=16),
        Column(key="score", name=Words("得分", "Score"), shape=Shape.TEXT, width=8),
        Column(key="grade", name=Words("等级", "Grade"), shape=Shape.TEXT, width=10),
        Column(key="reasons", name=Words("原因", "Reasons"), shape=Shape.TEXT, width=40),
        *(
            Column(
                key=f"figure.{one.name}",
                name=Words(one.label.zh, one.label.en),
                shape=Shape.YUAN if one.type is ValueType.MONEY else Shape.TEXT,
                width=14,
            )
            for one in figures
        ),
    ]
    table_rows = []
    for number, mark, facts in rows:
        result = bound.evaluate(facts)
        cells: dict[str, Cell] = {
            "row": number,
            MARK: mark,
            "line": result.line,
            "score": "" if result.score is None else f"{result.score.normalize():f}",
            "grade": _grade(model, result),
            "reasons": "；".join(_reason(model, one.code) for one in result.reasons),
        }
        for one in figures:
            value = result.values.get(one.name) if result.status is not Status.INCOMPLETE else None
            if isinstance(value, Decimal):
                cells[f"figure.{one.name}"] = value if one.type is ValueType.MONEY else f"{value.normalize():f}"
        table_rows.append(Row(cells=cells))
    return Table(title=Words(model.title.zh, model.title.en), columns=heads, rows=table_rows)


def _grade(model: Model, result: Result) -> str:
    levels = model.grade.levels if model.grade is not None else ()
    return next((f"{level.label.zh} {level.label.en}" for level in levels if level.code == result.grade), "")


def _reason(model: Model, code: str) -> str:
    label = BUILT_IN_REASONS.get(code) or model.reasons[code]
    return f"{label.zh} {label.en}"
