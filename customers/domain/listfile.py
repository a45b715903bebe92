"""A file of list entries as it is read: its columns, its rows as text, and what is wrong with each row before anybody is looked up."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from config.lib import tablefile
from config.lib.tablefile import TableRefusedError
from customers.domain.identity import check_id, mask_id
from customers.domain.lists import Reason, latest_review, usable
from customers.domain.names import normalise_name
from customers.domain.roster.cells import household_number
from customers.domain.roster.problems import LONGEST_VALUE, Problem, RosterError

MOST_ROWS: Final = 5000
# field: Chinese, English, further titles
COLUMNS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "colour": ("名单", "list", ("名单类型", "名单种类", "颜色", "colour")),
    "id_number": ("身份证号", "ID number", ("身份证", "身份证号码", "证件号", "证件号码", "公民身份号码")),
    "village": ("村", "village", ("村名", "行政村", "网格", "grid")),
    "household_number": ("户号", "household number", ("户编号", "家庭编号")),
    "name": ("姓名", "name", ("名字", "成员姓名")),
    "reason": ("原因", "reason", ("列入原因", "理由")),
    "note": ("说明", "note", ("备注",)),
    "review_on": ("复核日期", "review date", ("到期日", "复核到期日")),
}
_COLOURS: Final = {
    "黑": "black", "黑名单": "black", "black": "black", "灰": "grey", "灰名单": "grey", "grey": "grey", "gray": "grey",
    "白": "white", "白名单": "white", "white": "white", "关注": "attention", "关注名单": "attention", "attention": "attention",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sound row: who (ID number, or village, household number and name), which list, why, until when."""

    row: int
    colour: str
    reason: Reason
    note: str
    review_on: date | None
    id_number: str
    village: str
    household_number: str
    name: str


def read(file: BinaryIO) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a file by field, numbered as a spreadsheet counts; raises RosterError when it is no such file."""
    try:
        return tablefile.read(
            file,
            {field: (zh, en, *more) for field, (zh, en, more) in COLUMNS.items()},
            required=("colour", "reason"),
            either=("id_number", ("household_number", "name")),
            most_rows=MOST_ROWS,
        )
    except TableRefusedError as error:
        raise RosterError(*(Problem(row, field, code, value) for row, field, code, value in error.found)) from error


def check(
    rows: Iterable[tuple[int, Mapping[str, str]]], reasons: Sequence[Reason], today: date
) -> tuple[list[Wanted], list[Problem]]:
    """Return the sound rows and everything wrong in the others, all in one pass."""
    wanted, problems = [], []
    for at, row in rows:
        found, wrong = _check_row(at, row, reasons, today)
        problems += wrong
        if found is not None:
            wanted.append(found)
    return wanted, problems


def _check_row(
    at: int, row: Mapping[str, str], reasons: Sequence[Reason], today: date
) -> tuple[Wanted | None, list[Problem]]:
    def cell(field: str) -> str:
        return row.get(field, "")

    wrong: list[Problem] = []

    def tell(field: str, code: str, value: str = "", also: str = "") -> None:
        wrong.append(Problem(at, field, code, (value or cell(field))[:LONGEST_VALUE], also=also))

    colour = _COLOURS.get(cell("colour").lower(), "")
    if not colour:
        tell("colour", "colour_unknown")
    fits = usable(reasons, colour)
    reason = next(
        (one for one in fits.values() if cell("reason").lower() in (one.code, one.zh.lower(), one.en.lower())), None
    )
    if colour and reason is None:
        tell("reason", "reason_unknown", also="、".join(one.zh for one in fits.values() if not one.sensitive))
    if reason is not None and reason.sensitive:
        tell("reason", "sensitive")
    elif reason is not None and reason.needs_note and not cell("note"):
        tell("note", "note_missing")
    number = _id_number(cell("id_number"), today, tell)
    if not cell("id_number") and not (cell("household_number") and cell("name")):
        tell("id_number", "who_missing")
    review_on = reason.review_on(colour, today) if reason is not None else None
    if cell("review_on"):
        review_on = tablefile.day(cell("review_on"))
        if review_on is None:
            tell("review_on", "date_wrong")
        elif not today < review_on <= latest_review(today):
            tell("review_on", "review_range", also=latest_review(today).isoformat())
    if wrong or reason is None:
        return None, wrong
    return (
        Wanted(
            at, colour, reason, cell("note")[:500], review_on, number, cell("village"),
            household_number(cell("household_number")), normalise_name(cell("name")),
        ),
        [],
    )  # fmt: skip


def _id_number(text: str, today: date, tell: Any) -> str:
    if not text:
        return ""
    if re.fullmatch(r"\d(\.\d+)?[Ee]\+\d+", text):
        tell("id_number", "id_as_number", "…")
        return ""
    found = check_id(text, today=today)
    if found.errors:
        tell("id_number", "id_invalid", mask_id(found.number) or "…")
        return ""
    return found.number


# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("前 10 行内须有一行列名：名单、身份证号（或村、户号、姓名）、原因", "One of the first 10 rows must name the columns: list, ID number (or village, household number, name), reason")),
    "column_missing": (("缺少这一列", "This column is missing"), ("请加上这一列后重新上传", "Add the column and upload again")),
    "too_many": (("有 {value} 行，超过 5,000 行", "{value} rows, more than 5,000"), ("请按网格分成几个文件", "Split the file by grid")),
    "colour_unknown": (("不认识的名单“{value}”", "“{value}” is no list"), ("填：黑名单、灰名单、白名单、关注", "Use: black, grey, white, attention")),
    "reason_unknown": (("“{value}”不是这个名单已发布的原因", "“{value}” is no released reason of this list"), ("可用的原因：{also}", "Reasons that may be used: {also}")),
    "sensitive": (("原因涉及敏感个人信息", "The reason is sensitive personal information"), ("不能用文件批量列入，确有必要的在户的页面逐条提名", "It is not taken from files; propose it on the household's page where truly needed")),
    "note_missing": (("这条原因须写说明", "This reason needs a note"), ("在“说明”列写清楚", "Fill in the note")),
    "who_missing": (("没有写是谁", "Nobody is named"), ("填身份证号，或填村、户号和姓名", "Give the ID number, or village, household number and name")),
    "id_as_number": (("身份证号被表格存成了数字，末几位已丢失", "The ID number was stored as a number; its last digits are lost"), ("把这一列设为文本后重新录入", "Format the column as text and type it again")),
    "id_invalid": (("身份证号不对", "The ID number is wrong"), ("核对位数、日期和校验位", "Check its length, date and check digit")),
    "date_wrong": (("“{value}”不是日期", "“{value}” is no date"), ("写成 2027-03-31", "Write 2027-03-31")),
    "review_range": (("复核日期“{value}”不在范围内", "The review date {value} is out of range"), ("须在明天到 {also} 之间", "It must lie between tomorrow and {also}")),
    "not_found": (("您管的网格里没有这个人", "Nobody like this in the grids you handle"), ("核对身份证号，或村、户号和姓名；已离户的不能列入", "Check the ID number, or village, household number and name; who left cannot be listed")),
    "village_unknown": (("没有“{value}”这个村", "There is no village “{value}”"), ("写网格的全称", "Write the grid's full name")),
    "household_unclear": (("不止一个村有户号“{value}”", "More than one village has household number {value}"), ("加上“村”一列", "Add the village")),
    "name_differs": (("身份证号登记的不是这个姓名", "The ID number is filed under another name"), ("核对身份证号和姓名", "Check both")),
    "twice": (("和第 {also} 行是同一个人、同一名单", "The same person and list as in row {also}"), ("删去一行", "Delete one of the rows")),
    "white_twice": (("本户在第 {also} 行已有一条白名单", "Row {also} puts another member of the household on the white list"), ("一户只列一个人，留一行", "One member of a household: keep one row")),
    "blocked": (("本户有成员在名单内，不能列入白名单", "A member of the household is on a blocking list"), ("先解除，再列入", "Release that entry first")),
}  # fmt: skip
_FILE = (
    ("文件无法读取", "The file cannot be read"),
    ("请另存为 xlsx 或 UTF-8 的 csv 后重新上传", "Save it as xlsx or as csv in UTF-8 and upload again"),
)


def describe(problem: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a finding in words: row, column, value, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(problem["code"], _FILE)
    values = {"value": problem["value"], "also": problem["also"]}
    column = COLUMNS[problem["column"]][english] if problem["column"] in COLUMNS else ""
    return {
        "row": problem["row"] or None,
        "column": column,
        "value": problem["value"],
        "what": what[english].format(**values),
        "remedy": remedy[english].format(**values),
    }
