"""Spreadsheets that look like the page and stay harmless (Dependencies, section 6)."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from config.lib import sheets
from config.lib.ratios import Ratio
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Role, Row, Shape, Table, Words

CUT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
VISITED = Words("走访", "Visited")


def table(*rows, grouped=True, **more):
    group = VISITED if grouped else None
    return Table(
        title=Words("各支行进度", "Progress by branch"),
        columns=[
            Column(key="name", name=Words("姓名", "Name"), width=16),
            Column(key="id", name=Words("身份证号", "ID number"), shape=Shape.CODE, width=20),
            Column(key="week", name=Words("本周", "Week"), shape=Shape.COUNT, group=group),
            Column(key="change", name=Words("较上周", "Change"), shape=Shape.CHANGE, group=group),
            Column(key="line", name=Words("额度", "Line"), shape=Shape.WAN),
            Column(key="net", name=Words("纯收入", "Net income"), shape=Shape.YUAN),
            Column(key="done", name=Words("完成率", "Completion"), shape=Shape.RATIO),
            Column(key="mean", name=Words("平均", "Mean"), shape=Shape.NUMBER),
            Column(key="on", name=Words("日期", "Day"), shape=Shape.DAY),
        ],
        rows=rows,
        notes=(Words("单位：户", "Counts are subjects"),),
        **more,
    )


FULL = Row(
    cells={
        "name": "王桂香", "id": "11010519491231002X", "week": 1_234, "change": -3, "line": Decimal("35049.99"),
        "net": Decimal("35049.99"), "done": Ratio(292, 405), "mean": Decimal("7.2"), "on": date(2026, 11, 21),
    }
)  # fmt: skip


def written(*rows, language="zh-hans", **more):
    return write_workbook(
        [Sheet(table=table(*rows, **more), stamps=[Words("数据截止 2026-11-23 06:00", "As of 23 Nov 2026, 06:00")])],
        language=language,
        created=CUT,
    )


def cells(data, name=None):
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheet = book.get_sheet_by_name(name) if name else book.get_sheet_by_index(0)
    return sheet.to_python(skip_empty_area=False)


def test_headings_are_bilingual_and_grouped():
    lines = cells(written(FULL))

    assert lines[0][0] == "各支行进度 Progress by branch"
    assert lines[1][0] == "数据截止 2026-11-23 06:00  As of 23 Nov 2026, 06:00"
    assert lines[2][0] == "单位：户  Counts are subjects"
    assert lines[4][2] == "走访\nVisited"
    assert lines[5][:4] == ["姓名\nName", "身份证号\nID number", "本周\nWeek", "较上周\nChange"]
    assert cells(written(FULL, language="en"))[5][0] == "Name\n姓名"
    assert cells(written(FULL, grouped=False))[4][0] == "姓名\nName"


def test_figures_are_numbers_rounded_as_shown_and_identifiers_are_text():
    row = cells(written(FULL))[6]

    assert row == ["王桂香", "11010519491231002X", 1234.0, -3.0, 3.5, 35049.99, 72.10, 7.2, date(2026, 11, 21)]
    sheet = openpyxl.load_workbook(io.BytesIO(written(FULL))).active
    assert sheet["B7"].data_type == "s"
    assert sheet["B7"].number_format == "@"
    assert sheet["E7"].number_format == "#,##0.00"
    assert sheet["G7"].number_format == '0.00" %"'
    assert sheet.freeze_panes == "B7"
    assert sheet.auto_filter.ref == "A6:I7"


def test_digits_only_identifiers_keep_every_digit():
    row = cells(written(Row(cells={"name": "甲", "id": "440524188001010014"})))[6]
    assert row[1] == "440524188001010014"


def test_a_missing_figure_is_a_dash_and_a_missing_text_is_empty():
    row = cells(written(Row(cells={"done": Ratio(0, 0)})))[6]
    assert row == ["", "", "—", "—", "—", "—", "—", "—", ""]


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(A1)", "{=1}", "http://a.b/c", "12"]
)
def test_nothing_typed_by_people_becomes_a_formula_link_or_number(text):
    data = written(Row(cells={"name": text, "id": text, "on": text, "week": text}))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active

    for cell in ("A7", "B7", "C7", "I7"):
        assert (sheet[cell].value, sheet[cell].data_type) == (text, "s")
        assert sheet[cell].hyperlink is None
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


def test_control_characters_do_not_spoil_the_file():
    assert cells(written(Row(cells={"name": "王\x00桂\x1f香\ufffe"})))[6][0] == "王桂香"


def test_the_same_table_gives_the_same_bytes():
    assert written(FULL) == written(FULL)


def test_negative_lines_and_sums_are_kept_apart_by_more_than_colour():
    data = written(
        FULL, Row(role=Role.MINUS, cells={"name": "其中撤回", "week": -2}), Row(role=Role.TOTAL, cells={"name": "合计"})
    )
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet["A8"].font.italic
    assert sheet["C8"].value == -2
    assert sheet["A9"].font.bold


def test_sheet_names_are_legal_and_unique():
    pages = [Sheet(table=table(FULL), name=name) for name in ("A/B:[1]*?", "a b  1", "长" * 40, "长" * 40, "'")]
    data = write_workbook(pages, language="zh-hans", created=CUT)
    names = CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names

    assert len({name.lower() for name in names}) == 5
    assert all(len(name) <= 31 for name in names)
    assert names[3] == "长" * 29 + " 2"


def test_an_empty_table_is_still_a_file():
    assert cells(written())[5][0] == "姓名\nName"
    with pytest.raises(ValueError, match="at least one sheet"):
        write_workbook([], language="zh-hans", created=CUT)


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "ROW_LIMIT", 8)
    with pytest.raises(ValueError, match="3 rows do not fit a sheet of 8"):
        written(FULL, FULL, FULL)
