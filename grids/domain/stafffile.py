"""The file of staff and posts as it is read: its columns, its rows, and everything that is wrong in a row or between rows.

One row is one post of one person, or a person alone. Framework-free.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, BinaryIO, Final, NamedTuple

from config.lib import tablefile

MOST_ROWS: Final = 5000
LONGEST_VALUE: Final = 60
# field: Chinese, English, further titles
COLUMNS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "number": ("工号", "number", ("员工号", "员工编号", "柜员号", "employee number", "staff number")),
    "name": ("姓名", "name", ("员工姓名",)),
    "branch": ("所在机构", "branch", ("机构", "支行", "部门", "home branch")),
    "kind": ("岗位", "post", ("岗位名称", "岗", "post kind")),
    "scope": ("机构范围", "scope", ("岗位机构", "管辖机构", "岗位范围")),
    "from_on": ("自", "from", ("任岗日期", "开始日期", "起始日期")),
    "to_on": ("至", "to", ("结束日期", "离岗日期", "终止日期", "until")),
    "email": ("邮箱", "e-mail", ("电子邮箱", "邮件", "email", "mail")),
}
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "officer": ("客户经理", "officer"),
    "branch_manager": ("支行行长", "branch manager"),
    "approver": ("业务审批岗", "approver"),
    "parameter_manager": ("参数管理岗", "parameter manager"),
    "checker": ("贷后检查岗", "post-loan checker"),
    "auditor": ("审计", "auditor"),
    "leader": ("行领导", "leader"),
    "administrator": ("系统管理员", "administrator"),
}
_KIND_OF: Final = {
    tablefile.fold(word): code for code, (zh, en) in KINDS.items() for word in (zh, en, code)
} | {"网格员": "officer", "行长": "branch_manager", "审批岗": "approver", "参数岗": "parameter_manager", "管理员": "administrator"}  # fmt: skip
WHOLE: Final = frozenset({"全行", "全辖", "总行", "whole bank", "all"})
_NUMBER: Final = re.compile(r"[0-9A-Za-z._-]{2,20}")
_MAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,20}")


class Problem(NamedTuple):
    """One finding on one cell; row 0 is the file as a whole. The words are in ``WORDS``."""

    row: int
    column: str
    code: str
    value: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sound row. ``kind`` is empty for a person without a post in this row; ``scope`` is None for the whole institution."""

    row: int
    number: str
    name: str
    branch: int
    email: str
    kind: str = ""
    scope: int | None = None
    from_on: date | None = None
    to_on: date | None = None

    def stored(self) -> dict[str, Any]:
        """Return the row as plain data."""
        found = asdict(self)
        for name in ("from_on", "to_on"):
            found[name] = found[name].isoformat() if found[name] else None
        return found


def restored(row: Mapping[str, Any]) -> Wanted:
    """Return a stored row as it was read."""
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("from_on", "to_on")}
    return Wanted(**{**row, **days})


def read(file: BinaryIO) -> tablefile.Rows:
    """Return the rows by field; raises ``TableRefusedError`` when it is no such file."""
    titles = {field: (zh, en, *more) for field, (zh, en, more) in COLUMNS.items()}
    return tablefile.read(file, titles, required=("number", "name", "branch"), most_rows=MOST_ROWS)


def check(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    branches: Mapping[str, int],
    *,
    branch_posts: Iterable[str],
    whole_posts: Iterable[str],
) -> tuple[list[Wanted], list[Problem]]:
    """Return the sound rows and everything wrong in the others and between them, in one pass.

    ``branches`` are the open branches by name; ``branch_posts`` need a branch as scope, ``whole_posts`` take none.
    """
    needing, whole = frozenset(branch_posts), frozenset(whole_posts)
    wanted: list[Wanted] = []
    problems: list[Problem] = []
    for at, row in rows:
        found, wrong = _check_row(at, row, branches, needing, whole)
        problems += wrong
        if found is not None:
            wanted.append(found)
    return wanted, sorted(problems + _against_each_other(wanted))


def _check_row(
    at: int, row: Mapping[str, str], branches: Mapping[str, int], needing: frozenset[str], whole: frozenset[str]
) -> tuple[Wanted | None, list[Problem]]:
    wrong: list[Problem] = []

    def cell(field: str) -> str:
        return row.get(field, "")

    def tell(field: str, code: str, also: str = "") -> None:
        wrong.append(Problem(at, field, code, cell(field)[:LONGEST_VALUE], also))

    if not _NUMBER.fullmatch(cell("number")):
        tell("number", "number_wrong")
    if not 1 <= len(cell("name")) <= 50:
        tell("name", "name_wrong")
    branch = branches.get(cell("branch"))
    if branch is None:
        tell("branch", "branch_unknown")
    if cell("email") and not _MAIL.fullmatch(cell("email")):
        tell("email", "email_wrong")
    kind, scope, from_on, to_on = _post(cell, tell, branches, branch, needing, whole)
    if wrong or branch is None:
        return None, wrong
    return (
        Wanted(at, cell("number"), cell("name"), branch, cell("email").lower(), kind, scope, from_on, to_on),
        [],
    )


def _post(
    cell: Callable[[str], str],
    tell: Callable[..., None],
    branches: Mapping[str, int],
    home: int | None,
    needing: frozenset[str],
    whole: frozenset[str],
) -> tuple[str, int | None, date | None, date | None]:
    """Read the post of a row; without a scope a branch post is held where the person works."""
    if not cell("kind"):
        for field in ("scope", "from_on", "to_on"):
            if cell(field):
                tell(field, "post_missing")
        return "", None, None, None
    kind = _KIND_OF.get(tablefile.fold(cell("kind")), "")
    scope = None
    if not kind:
        tell("kind", "kind_unknown", also="、".join(zh for zh, _en in KINDS.values()))
    elif kind in needing and not cell("scope"):
        scope = home
    elif cell("scope") and (cell("scope").lower() not in WHOLE or kind in needing):
        scope = branches.get(cell("scope"))
        if scope is None:
            tell("scope", "branch_unknown")
        elif kind in whole:
            tell("scope", "scope_not_wanted")
    days: dict[str, date | None] = {}
    for field in ("from_on", "to_on"):
        days[field] = tablefile.day(cell(field)) if cell(field) else None
        if cell(field) and days[field] is None:
            tell(field, "date_wrong")
    from_on, to_on = days["from_on"], days["to_on"]
    if from_on is not None and to_on is not None and to_on <= from_on:
        tell("to_on", "to_before_from")
    return kind, scope, from_on, to_on


def _against_each_other(wanted: Iterable[Wanted]) -> list[Problem]:
    """Find rows of one person that contradict each other, and posts that are named twice."""
    problems: list[Problem] = []
    people: dict[str, Wanted] = {}
    posts: dict[tuple[str, str, int | None], Wanted] = {}
    mails: dict[str, Wanted] = {}
    for one in wanted:
        first = people.setdefault(one.number.lower(), one)
        for field in ("number", "name", "branch", "email"):
            if getattr(first, field) != getattr(one, field):
                value = "" if field == "branch" else str(getattr(one, field))
                problems.append(Problem(one.row, field, "person_differs", value, str(first.row)))
        if one.email and mails.setdefault(one.email, one).number.lower() != one.number.lower():
            problems.append(Problem(one.row, "email", "email_twice", one.email, str(mails[one.email].row)))
        said = posts.setdefault((one.number.lower(), one.kind, one.scope), one)
        if said is not one:
            problems.append(Problem(one.row, "kind", "twice", KINDS[one.kind][0] if one.kind else "", str(said.row)))
    return problems


# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("前 10 行内须有一行列名：工号、姓名、所在机构", "One of the first 10 rows must name the columns: number, name, branch")),
    "column_missing": (("缺少这一列", "This column is missing"), ("加上这一列后重新上传", "Add the column and upload again")),
    "too_many": (("有 {value} 行，超过 5,000 行", "{value} rows, more than 5,000"), ("按支行分成几个文件", "Split the file by branch")),
    "number_wrong": (("工号“{value}”不对", "“{value}” is no employee number"), ("2 至 20 位字母或数字", "2 to 20 letters or digits")),
    "name_wrong": (("姓名不对", "The name is missing or too long"), ("填 1 至 50 个字", "Give 1 to 50 characters")),
    "branch_unknown": (("没有“{value}”这个在营机构", "There is no open branch “{value}”"), ("写机构的全称；新机构先在「机构」建立", "Write its full name; add new branches under Branches first")),
    "email_wrong": (("“{value}”不是邮箱地址", "“{value}” is no e-mail address"), ("核对后重填，没有就留空", "Correct it, or leave it empty")),
    "email_twice": (("和第 {also} 行的人用同一个邮箱", "The same address as another person's in row {also}"), ("各填各的，没有就留空", "Give each his own, or leave it empty")),
    "email_taken": (("邮箱“{value}”已是别人的", "{value} belongs to somebody else already"), ("核对是谁的", "Find out whose it is")),
    "post_missing": (("没有写岗位", "The post is missing"), ("填岗位；只登记人员就把范围和日期留空", "Give the post, or leave scope and dates empty")),
    "kind_unknown": (("不认识的岗位“{value}”", "“{value}” is no post"), ("可填：{also}", "Use one of: {also}")),
    "scope_not_wanted": (("这个岗位不分机构", "This post has no branch"), ("机构范围留空", "Leave the scope empty")),
    "date_wrong": (("“{value}”不是日期", "“{value}” is no date"), ("写成 2027-03-31", "Write 2027-03-31")),
    "to_before_from": (("结束不晚于开始", "It ends no later than it begins"), ("核对两个日期；至当日不再任岗", "Check both dates; the post ends with the day before")),
    "person_differs": (("和第 {also} 行同一工号，内容不同", "Row {also} says otherwise of the same number"), ("两行写成一样", "Make both rows agree")),
    "twice": (("和第 {also} 行是同一岗位", "The same post as in row {also}"), ("删去一行", "Delete one of the rows")),
    "number_taken": (("工号“{value}”已被别的机构使用", "The number {value} is used elsewhere"), ("换一个工号", "Use another number")),
    "outside": (("这个工号是外部人员", "This number belongs to an outside person"), ("外部人员不用文件维护", "Outside persons are not kept by file")),
    "stopped": (("这个人已停用", "This person is stopped"), ("先在他的页面恢复登录，再给岗位", "Let him sign in again on his page first")),
    "own": (("这一行改动您自己的岗位", "This row changes your own post"), ("请另一位管理员上传", "Another administrator uploads it")),
    "to_past": (("结束日期“{value}”早于今天", "It would end on {value}, before today"), ("已经过去的责任不改写，用今天或以后的日期", "The past is not rewritten: use today or later")),
    "never": (("在今天之前已经结束的岗位不能补记", "A post that is over already cannot be added"), ("删去这一行", "Delete this row")),
    "from_fixed": (("已定自 {also} 起任这个岗位", "The post is already set to begin on {also}"), ("开始日期写成那一天，或先撤销那一项", "Use that day, or withdraw it first")),
    "overlaps": (("这个人从 {also} 起已有同样的岗位", "The person has the same post from {also} on"), ("改结束日期，或先撤销那一项", "Change the end, or withdraw that one first")),
    "last_administrator": (("这样就没有系统管理员了", "No administrator would be left"), ("留一位没有结束日期的系统管理员", "Keep one administrator without an end")),
}  # fmt: skip
_FILE: Final = (
    ("文件无法读取", "The file cannot be read"),
    ("请另存为 xlsx 或 UTF-8 的 csv 后重新上传", "Save it as xlsx or as csv in UTF-8 and upload again"),
)


def describe(problem: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a finding in words: row, column, value, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(problem["code"], _FILE)
    values = {"value": problem["value"], "also": problem["also"]}
    return {
        "row": problem["row"] or None,
        "column": COLUMNS[problem["column"]][english] if problem["column"] in COLUMNS else "",
        "value": problem["value"],
        "what": what[english].format(**values),
        "remedy": remedy[english].format(**values),
    }
