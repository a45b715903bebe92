"""How cells are written, the same on page, sheet and paper."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from config.lib.ratios import Ratio
from config.lib.tables import Column, Row, Shape, Table, Words, cell_text, paper


@pytest.mark.parametrize(
    ("shape", "value", "text"),
    [
        (Shape.COUNT, 1234567, "1,234,567"),
        (Shape.COUNT, -2, "−2"),
        (Shape.COUNT, None, "—"),
        (Shape.COUNT, "", ""),
        (Shape.CHANGE, 12, "+12"),
        (Shape.CHANGE, -3, "−3"),
        (Shape.CHANGE, 0, "0"),
        (Shape.YUAN, Decimal(35000), "35,000.00"),
        (Shape.YUAN, Decimal("-0.01"), "−0.01"),
        (Shape.WAN, Decimal(35050), "3.51"),
        (Shape.WAN, Decimal(-35050), "−3.51"),
        (Shape.NUMBER, Decimal("7.25"), "7.3"),
        (Shape.RATIO, Ratio(292, 405), "72.10 %"),
        (Shape.RATIO, Ratio(0, 0), "—"),
        (Shape.TEXT, None, ""),
        (Shape.CODE, "0012", "0012"),
        (Shape.DAY, date(2026, 11, 21), "2026-11-21"),
        (Shape.DAY, datetime(2026, 11, 22, 22, tzinfo=UTC), "2026-11-23 06:00"),
    ],
)
def test_each_shape_is_written_one_way(shape, value, text):
    assert cell_text(shape, value, "zh-hans") == text


def test_paper_form_of_a_table_carries_every_written_cell():
    group = Words("走访", "Visited")
    table = Table(
        title=Words("进度", "Progress"),
        columns=[
            Column(key="name", name=Words("网格", "Grid"), width=16),
            Column(key="week", name=Words("本周", "Week"), shape=Shape.COUNT, group=group),
            Column(key="total", name=Words("累计", "Total"), shape=Shape.COUNT, group=group),
        ],
        rows=[Row(key="g1", cells={"name": "西良村", "week": 3})],
        notes=[Words("单位：户", "subjects")],
    )

    assert paper(table, "en") == {
        "title": "Progress",
        "notes": ["subjects"],
        "groups": [{"name": "", "span": 1}, {"name": "Visited", "span": 2}],
        "columns": [
            {"key": "name", "name": "Grid", "width": 16, "figure": False},
            {"key": "week", "name": "Week", "width": 10, "figure": True},
            {"key": "total", "name": "Total", "width": 10, "figure": True},
        ],
        "rows": [{"key": "g1", "role": "body", "cells": ["西良村", "3", "—"]}],
    }
    assert paper(table, "zh-hans")["groups"][1]["name"] == "走访"
