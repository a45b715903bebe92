"""What is wrong in single rows and between rows is found in one pass; households go in whole or not at all."""

import io
from datetime import date

import pytest

from customers.domain.identity import make_id
from customers.domain.roster.checker import Scan, accepted
from customers.domain.roster.problems import Problem
from customers.domain.roster.reader import open_roster
from customers.domain.roster.words import WORDS, describe
from tests import rosterfiles as files

OTHER_ID = make_id("331004", date(1990, 5, 6), 3)
WIFE_ID = make_id("331004", date(1982, 3, 4), 2)


def scan(content: bytes) -> tuple[list[Problem], Scan]:
    one = Scan(open_roster(io.BytesIO(content)), files.villages(), today=files.TODAY)
    return [problem for found in one.problems() for problem in found], one


def found(*rows, header=files.HEADER) -> list[tuple[int, str, str]]:
    problems, _ = scan(files.csv_bytes(rows, header=header))
    assert all(problem.code in WORDS for problem in problems)
    return [(problem.row, problem.column, problem.code) for problem in problems]


ONE_CELL_WRONG = {
    "id one digit wrong": ({"身份证号": "331004198001010011"}, "id_number", "id_check_character"),
    "id too short": ({"身份证号": "33100419800101001"}, "id_number", "id_length"),
    "id with letters": ({"身份证号": "33100419800101OO1X"}, "id_number", "id_characters"),
    "id as 4.4E+17": ({"身份证号": "4.40524E+17"}, "id_number", "id_as_number"),
    "id rounded by a spreadsheet": ({"身份证号": "331004198001010000"}, "id_number", "id_rounded"),
    "born in 1800": ({"身份证号": make_id("331004", date(1800, 1, 1), 1)}, "id_number", "id_too_old"),
    "born in 2099": ({"身份证号": make_id("331004", date(2099, 1, 1), 1)}, "id_number", "id_birth_future"),
    "no village": ({"村代码": "", "村": ""}, "village_code", "village_missing"),
    "unknown code": ({"村代码": "331004001999"}, "village_code", "village_unknown"),
    "unknown name": ({"村代码": "", "村": "桃花源村"}, "village", "village_unknown"),
    "name of two villages": ({"村代码": "", "村": "东坡村"}, "village", "village_ambiguous"),
    "no household number": ({"户号": " "}, "household_number", "household_number_missing"),
    "long household number": ({"户号": "H" * 33}, "household_number", "household_number_too_long"),
    "no name": ({"姓名": ""}, "name", "name_missing"),
    "name with remark": ({"姓名": "王建国(已故)"}, "name", "name_characters"),
    "name in wrong encoding": ({"姓名": "??"}, "name", "name_characters"),
    "name broken": ({"姓名": "王\ufffd国"}, "name", "text_broken"),
    "no relation": ({"与户主关系": ""}, "relation", "relation_missing"),
    "odd relation": ({"与户主关系": "战友"}, "relation", "relation_unknown"),
    "formula error": ({"住址": "#REF!"}, "address", "cell_error"),
    "long address": ({"住址": "路" * 201}, "address", "text_too_long"),
    "not the head": ({"与户主关系": "子"}, "relation", "head_missing"),
}


@pytest.mark.parametrize("name", ONE_CELL_WRONG)
def test_one_wrong_cell_is_one_error_and_holds_the_household_back(name):
    changes, column, code = ONE_CELL_WRONG[name]
    column = "village" if code == "village_missing" else column

    problems, one = scan(files.csv_bytes([files.row(**changes)]))

    assert [(problem.row, problem.column, problem.code, problem.is_error) for problem in problems] == [
        (2, column, code, True)
    ]
    assert (one.verdict.rows, one.verdict.households, one.verdict.people) == (1, 0, 0)
    assert one.verdict.errors == {code: 1}


ONE_CELL_DOUBTFUL = {
    "no id": ({"身份证号": ""}, "id_number", "id_missing"),
    "unknown county": ({"身份证号": make_id("999999", date(1980, 1, 1), 1)}, "id_number", "id_region_unknown"),
    "permit": ({"身份证号": make_id("810000", date(1980, 1, 1), 1)}, "id_number", "id_residence_permit"),
    "former name": ({"村代码": "", "村": "老方林村"}, "village", "village_former_name"),
    "code and name differ": ({"村": "大秦家村"}, "village", "village_name_differs"),
    "single character": ({"姓名": "王"}, "name", "name_single"),
    "private character": ({"姓名": "王\ue000"}, "name", "name_private_use"),
    "short phone": ({"手机号": "1380000123"}, "phone", "phone_invalid"),
    "phone as figure": ({"手机号": "1.38E+10"}, "phone", "phone_invalid"),
    "two phones": ({"手机号": "15400000001/15400000002"}, "phone", "phone_several"),
    "landline": ({"手机号": "0535-8212345"}, "phone", "phone_landline"),
    "machine": ({"手机号": "14400000001"}, "phone", "phone_machine"),
}


@pytest.mark.parametrize("name", ONE_CELL_DOUBTFUL)
def test_a_doubtful_cell_is_a_warning_and_goes_in(name):
    changes, column, code = ONE_CELL_DOUBTFUL[name]

    problems, one = scan(files.csv_bytes([files.row(**changes)]))

    assert [(problem.row, problem.column, problem.code, problem.is_error) for problem in problems] == [
        (2, column, code, False)
    ]
    assert (one.verdict.households, one.verdict.people) == (1, 1)


@pytest.mark.parametrize(
    ("code", "name", "grid_id"),
    [
        ("331004001202", "", 101),
        ("331004001202", "方林行政村", 101),
        ("'331004001202", "路南街道方林村", 101),
        ("", "方林村", 101),
        ("", "方林社区", 102),
        ("", "路南街道方林村民委员会", 101),
        ("", "大秦家", 103),
        ("370685101999", "", 103),
        ("", "辛庄镇东坡村", 104),
        ("", "蚕庄镇东坡", 105),
    ],
)
def test_villages_are_known_by_code_and_by_the_names_people_write(code, name, grid_id):
    place = files.villages().find(code, name)

    assert (place.grid_id, place.findings) == (grid_id, ())


def test_a_bare_name_that_fits_village_and_community_is_never_guessed():
    assert files.villages().find("", "方林").findings[0][1] == "village_ambiguous"


def test_exports_wrap_their_cells():
    wrapped = files.row(身份证号=f'="{OTHER_ID}"', 手机号="'15400000009", 户号="\tＨ0001 ")

    problems, one = scan(files.csv_bytes([wrapped]))

    assert problems == []
    table = open_roster(io.BytesIO(files.csv_bytes([wrapped])))
    (batch,) = accepted(table, files.villages(), one.verdict)
    assert (batch.people[0].id_number, batch.people[0].phone, batch.households[0].number) == (
        OTHER_ID,
        "15400000009",
        "H0001",
    )


def test_two_heads_are_both_named():
    assert found(files.row(), files.row(姓名="李伟", 身份证号=OTHER_ID)) == [
        (2, "relation", "head_twice"),
        (3, "relation", "head_twice"),
    ]


def test_no_head_is_told_once_at_the_first_row_with_the_number():
    problems, _ = scan(
        files.csv_bytes(
            [files.row(与户主关系="妻", 身份证号=WIFE_ID), files.row(与户主关系="子", 姓名="王伟", 身份证号=OTHER_ID)]
        )
    )

    assert [(one.row, one.code, one.value) for one in problems] == [(2, "head_missing", "H0001")]
    assert "H0001" in describe(problems[0]).what


def test_an_unclear_relation_is_not_also_a_missing_head():
    assert found(files.row(与户主关系="当家的")) == [(2, "relation", "relation_unknown")]


def test_same_id_in_two_households_holds_both_back():
    rows = [files.row(), files.row(户号="H0002"), files.row(户号="H0003", 身份证号=OTHER_ID)]

    problems, one = scan(files.csv_bytes(rows))

    assert [(problem.row, problem.code, problem.also) for problem in problems] == [
        (2, "id_in_two_households", "3"),
        (3, "id_in_two_households", "2"),
    ]
    assert (one.verdict.households, one.verdict.households_held_back) == (1, 2)


def test_fifteen_and_eighteen_digits_are_one_person():
    old = "331004800101001"

    assert [code for _, _, code in found(files.row(), files.row(户号="H0002", 身份证号=old))] == [
        "id_in_two_households"
    ] * 2


def test_a_row_that_stands_twice_goes_in_once():
    problems, one = scan(files.csv_bytes([files.row(), files.row()]))

    assert [(problem.row, problem.code, problem.is_error, problem.also) for problem in problems] == [
        (3, "person_repeated", False, "2")
    ]
    assert (one.verdict.households, one.verdict.people) == (1, 1)


def test_same_id_under_two_names_in_one_household():
    assert [code for _, _, code in found(files.row(), files.row(姓名="王建军", 与户主关系="子"))] == [
        "id_twice_in_household"
    ] * 2


def test_namesakes_without_id_in_one_household_are_unclear():
    child = files.row(姓名="王小", 与户主关系="子", 身份证号="")

    codes = [code for _, _, code in found(files.row(), child, child)]

    assert codes.count("person_unclear") == 2


def test_group_that_differs_within_a_household():
    assert found(files.row(), files.row(姓名="王伟", 与户主关系="子", 身份证号=OTHER_ID, 组="2组")) == [
        (3, "group", "group_differs")
    ]


def test_sex_and_birth_beside_the_number():
    header = (*files.HEADER, "性别", "出生日期")

    assert found(
        [*files.row(), "女", "1981-01-01"],
        [*files.row(户号="H2", 身份证号=OTHER_ID), "?", "八零年"],
        [*files.row(户号="H3", 身份证号=make_id("331004", date(1991, 5, 6), 3)), "男", "1991.5.6"],
        header=header,
    ) == [
        (2, "birth_date", "birth_differs"),
        (2, "sex", "id_sex_differs"),
        (3, "birth_date", "birth_unreadable"),
        (3, "sex", "sex_unknown"),
    ]


def test_relation_against_sex():
    assert found(files.row(), files.row(姓名="王伟", 与户主关系="女儿", 身份证号=OTHER_ID)) == [
        (3, "relation", "relation_sex_differs")
    ]


def test_header_in_the_middle_is_skipped():
    assert found(files.row(), files.HEADER, files.row(户号="H2", 身份证号=OTHER_ID)) == [(3, "", "header_again")]


def test_unquoted_comma_in_an_address():
    assert (2, "", "row_too_wide") in found([*files.row(), "2号楼"])


def test_one_broken_byte_does_not_make_it_another_encoding():
    content = files.csv_bytes([files.row(), files.row(户号="H2", 姓名="王五国", 身份证号=OTHER_ID)])
    broken = content.replace("五".encode(), b"\xe4\xba")

    problems, one = scan(broken)

    assert [(problem.row, problem.column, problem.code) for problem in problems] == [(3, "name", "text_broken")]
    assert one.verdict.people == 1


def test_broken_gb18030_is_told_by_row():
    content = files.csv_bytes([files.row(), files.row(户号="H2", 姓名="王五", 身份证号=OTHER_ID)], encoding="gb18030")

    problems, _ = scan(content.replace("五".encode("gb18030"), b"\xff\xff"))

    assert [(problem.row, problem.code) for problem in problems] == [(3, "text_broken")]


def test_figures_formulas_dates_and_merged_cells_of_a_workbook():
    rows: list = [files.row(户号=f"H{i}", 身份证号=make_id("331004", date(1970 + i, 1, 1), 1)) for i in range(8)]
    rows[0][6] = 331004198001010010
    rows[1][2] = date(2026, 3, 1)
    rows[2][3] = 12345678901234567890

    def more(book, sheet):
        sheet.write_formula(4, 4, '="王"&"五"', None, "王五")
        sheet.merge_range(6, 3, 8, 3, "H5")

    problems, one = scan(files.xlsx_bytes(rows, then=more))

    assert [(problem.row, problem.column, problem.code, problem.value) for problem in problems] == [
        (2, "id_number", "id_as_number", "3.31004E+17"),
        (3, "group", "cell_is_date", "2026-03-01"),
        (4, "household_number", "number_rounded", "1.23457E+19"),
        (5, "name", "formula_cell", ""),
        (7, "household_number", "merged_cells", "D7:D9"),
        (8, "household_number", "merged_cells", "D7:D9"),
        (9, "household_number", "merged_cells", "D7:D9"),
    ]
    assert one.verdict.people == 1


def test_identity_numbers_are_masked_in_findings():
    problems, _ = scan(
        files.csv_bytes([files.row(身份证号="331004198001010012"), files.row(户号="H2", 手机号="138000012")])
    )

    assert [problem.value for problem in problems] == ["****************12", "*****0012"]


def test_all_errors_of_all_rows_in_one_pass():
    bad = files.row(村代码="1", 户号="", 姓名="", 与户主关系="x", 身份证号="1", 手机号="1")

    assert [code for row, _, code in found(bad, bad) if row == 3] == [
        "household_number_missing",
        "id_length",
        "name_missing",
        "phone_invalid",
        "relation_unknown",
        "village_unknown",
    ]


def test_words_name_the_column_as_the_file_does():
    table = open_roster(
        io.BytesIO(
            files.csv_bytes(
                [files.row()], header=("村代码", "村", "组", "户号", "姓名", "关系", "证件号码", "电话", "地址")
            )
        )
    )
    problem = Problem(12, "id_number", "id_length")

    assert describe(problem, table.header).where == "第 12 行，证件号码（G 列）"
    assert describe(problem, table.header, "en").where == "row 12, 证件号码 (G)"
    assert describe(problem).remedy == "请对照身份证或户口簿更正"
