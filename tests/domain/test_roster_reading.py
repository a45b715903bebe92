"""Sound rosters are read whatever they look like: encodings, delimiters, header words, titles above, sheets, cell types."""

import io
import re
from datetime import date

import pytest

from customers.domain.identity import make_id
from customers.domain.roster.checker import Scan, Verdict, accepted
from customers.domain.roster.columns import COLUMNS, find_header, letter, read_header
from customers.domain.roster.reader import open_roster, reopen_roster
from customers.domain.roster.words import WORDS
from tests import rosterfiles as files

HOUSEHOLD = [files.row(), files.row(姓名="李桂兰", 与户主关系="妻", 身份证号=make_id("331004", date(1982, 3, 4), 2))]


def read(content: bytes, villages=None):
    villages = villages or files.villages()
    scan = Scan(open_roster(io.BytesIO(content)), villages, today=files.TODAY)
    problems = [problem for found in scan.problems() for problem in found]
    table = reopen_roster(io.BytesIO(content), scan.verdict.errors)
    batches = list(accepted(table, villages, Verdict.from_json(scan.verdict.as_json())))
    households = [line for batch in batches for line in batch.households]
    people = [line for batch in batches for line in batch.people]
    assert (len(households), len(people)) == (scan.verdict.households, scan.verdict.people)
    return problems, households, people


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encodings_and_delimiters(encoding, delimiter):
    problems, households, people = read(files.csv_bytes(HOUSEHOLD, encoding=encoding, delimiter=delimiter))

    assert problems == []
    assert [(one.number, one.grid_id, one.group) for one in households] == [("H0001", 101, "1组")]
    assert [(one.name, one.relation, one.sex, one.birth) for one in people] == [
        ("王建国", "head", "M", "1980-01-01"),
        ("李桂兰", "spouse", "F", "1982-03-04"),
    ]


def test_english_header_and_words():
    header = (
        "Village code",
        "Village",
        "Group",
        "Household No.",
        "Name",
        "Relation to head",
        "ID number",
        "Mobile",
        "Address",
    )
    rows = [files.row(与户主关系="Head"), files.row(姓名="李桂兰", 与户主关系="Wife", 身份证号=HOUSEHOLD[1][6])]

    problems, _, people = read(files.csv_bytes(rows, header=header, encoding="gb18030"))

    assert problems == []
    assert [one.relation for one in people] == ["head", "spouse"]


@pytest.mark.parametrize("above", [0, 1, 5])
def test_title_rows_above_the_header(above):
    problems, _, people = read(files.xlsx_bytes(HOUSEHOLD, above=above))

    assert problems == []
    assert [one.row for one in people] == [above + 2, above + 3]


def test_usual_header_words():
    titles = [
        "*行政村",
        "小组（组）",
        "户编号",
        "家庭成员姓名",
        "与户主的关系",
        "公民身份号码",
        "联系电话",
        "家庭住址",
        "性别",
        "出生年月日",
    ]

    header = read_header(titles, 3)

    assert (header.missing, header.doubled, header.unknown) == ((), (), ())
    assert list(header.places) == [*list(COLUMNS)[1:]]


def test_the_row_with_most_known_titles_is_the_header():
    rows = [(1, ["姓名", "电话", "地址"]), (2, list(files.HEADER)), (3, files.row())]

    assert find_header(rows).row == 2


def test_letters():
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_numbers_that_kept_their_meaning_are_text():
    row: list = files.row(户号="", 手机号="", 组="")
    row[0], row[2], row[3], row[7] = 331004001202, 1, 12, 15400000001

    problems, households, people = read(files.xlsx_bytes([row]))

    assert problems == []
    assert (households[0].number, households[0].group, people[0].phone) == ("12", "1", "15400000001")


def test_blank_rows_sheets_and_columns_do_not_matter():
    def more(book, sheet):
        sheet.write_string(0, 12, "备注")
        sheet.write_blank(40, 0, None, book.add_format({"bold": True}))
        book.add_worksheet("说明").write(0, 0, "填表说明")
        hidden = book.add_worksheet("旧名册")
        hidden.write_row(0, 0, files.HEADER)
        hidden.hide()

    problems, households, people = read(files.xlsx_bytes([HOUSEHOLD[0], [], HOUSEHOLD[1]], then=more))

    assert problems == []
    assert len(households) == 1
    assert [one.row for one in people] == [2, 4]


def test_leading_empty_columns_and_rows():
    shifted = [["", "", *row] for row in HOUSEHOLD]

    problems, _, people = read(files.xlsx_bytes(shifted, header=["", "", *files.HEADER], above=3))

    assert problems == []
    assert len(people) == 2


def test_birth_date_cells_and_texts():
    header = (*files.HEADER, "性别", "出生日期")
    rows = [
        [*files.row(户号=f"H{i}", 身份证号="", 姓名=f"王建{'甲乙丙丁'[i]}"), "男", birth]
        for i, birth in enumerate([date(1980, 1, 31), "1980/1/31", "19800131", "1980年1月31日"])
    ]

    problems, _, people = read(files.xlsx_bytes(rows, header=header))

    assert {problem.code for problem in problems} == {"id_missing"}
    assert {(one.birth, one.sex) for one in people} == {("1980-01-31", "M")}


def test_workbooks_of_programs_that_prefix_their_tags():
    def prefixed(name: str, text: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet"):
            return text
        start = text.index(b"<worksheet")
        tags = re.sub(rb"<(/?)([A-Za-z])", rb"<\1x:\2", text[start:]).replace(b"xmlns=", b"xmlns:x=")
        return text[:start] + tags

    def formula(book, sheet):
        sheet.write_formula(2, 8, "=A1", None, "x")

    problems, _, people = read(files.rezip(files.xlsx_bytes(HOUSEHOLD, then=formula), prefixed))

    assert [(problem.row, problem.code) for problem in problems] == [(3, "formula_cell")]
    assert people == []


def test_members_of_a_household_need_not_stand_together():
    rows = [HOUSEHOLD[0], *([*one[:3], "Z" + one[3], *one[4:]] for one in files.people(40, grids=1)), HOUSEHOLD[1]]
    for one in rows[1:-1]:
        one[0], one[1] = "331004001202", ""

    problems, households, people = read(files.csv_bytes(rows))

    assert problems == []
    assert people[-1].household == people[0].household == households[0].household


def test_formula_in_a_household_number_keeps_both_passes_in_step():
    def formula(book, sheet):
        sheet.write_formula(1, 3, "=A1", None, "H0001")

    rows = [files.row(), *(files.row(户号=f"H{i}", 身份证号=make_id("331004", date(1970, 1, i), 1)) for i in (2, 3))]

    problems, households, _ = read(files.xlsx_bytes(rows, then=formula))

    assert [problem.code for problem in problems] == ["formula_cell"]
    assert [one.number for one in households] == ["H2", "H3"]


@pytest.mark.parametrize("numbers", [("H1",), ("H1", "H2", "H3")])
def test_another_file_than_the_checked_one_is_refused(numbers):
    checked, other = (
        files.csv_bytes([files.row(户号=number, 身份证号="") for number in chosen])
        for chosen in (("H1", "H2"), numbers)
    )
    scan = Scan(open_roster(io.BytesIO(checked)), files.villages(), today=files.TODAY)
    assert len(list(scan.problems())) == 1

    with pytest.raises(ValueError, match="not the roster"):
        list(accepted(open_roster(io.BytesIO(other)), files.villages(), scan.verdict))


def test_chunks_make_no_difference(monkeypatch):
    content = files.csv_bytes(files.people(1000))
    whole = read(content, files.synthetic_villages())
    monkeypatch.setattr("customers.domain.roster.delimited.CHUNK_ROWS", 7)

    assert read(content, files.synthetic_villages()) == whole


def test_csv_and_workbook_say_the_same():
    rows = list(files.people(500))

    assert read(files.csv_bytes(rows), files.synthetic_villages()) == read(
        files.xlsx_bytes(rows), files.synthetic_villages()
    )


def test_every_code_has_both_languages():
    for what, remedy in WORDS.values():
        assert all(what)
        assert all(remedy)
