"""The file of a training's attendance as it is read: one row a person, everything wrong told at once. Framework-free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NamedTuple

from config.lib import tablefile

MOST_ROWS: Final = 2000
LONGEST_VALUE: Final = 60
LONGEST_REASON: Final = 100
# field: Chinese, English, further titles
COLUMNS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "number": ("工号", "number", ("员工号", "员工编号", "柜员号", "employee number", "staff number")),
    "state": ("出勤", "attendance", ("是否参加", "签到", "出勤情况")),
    "passed": ("考核", "test", ("考核结果", "考试", "是否通过")),
    "reason": ("说明", "remark", ("原因", "备注", "reason", "note")),
}
_STATES: Final = {
    word: code
    for code, words in {
        "attended": ("参加", "到", "已到", "出勤", "是", "attended", "yes"),
        "absent": ("缺席", "未到", "请假", "缺勤", "否", "absent", "no"),
    }.items()
    for word in words
}
_PASSED: Final = {
    word: passed
    for passed, words in {
        True: ("通过", "合格", "是", "passed", "yes"),
        False: ("未通过", "不通过", "不合格", "否", "failed", "no"),
    }.items()
    for word in words
}


class Problem(NamedTuple):
    """One finding on one cell; row 0 is the file as a whole. The words are in ``WORDS``."""

    row: int
    column: str
    code: str
    value: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One sound row; ``passed`` is None where nothing was said of a test."""

    row: int
    number: str
    state: str
    passed: bool | None
    reason: str


def read(file: BinaryIO) -> tablefile.Rows:
    """Return the rows by field; raises ``TableRefusedError`` when it is no such file."""
    titles = {field: (zh, en, *more) for field, (zh, en, more) in COLUMNS.items()}
    return tablefile.read(file, titles, required=("number", "state"), most_rows=MOST_ROWS)


def check(rows: Iterable[tuple[int, Mapping[str, str]]], *, has_test: bool) -> tuple[list[Row], list[Problem]]:
    """Return the sound rows and everything wrong in the others and between them, in one pass."""
    sound: list[Row] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for at, row in rows:
        found, wrong = _check_row(at, row, has_test)
        number = row.get("number", "").lower()
        if number and seen.setdefault(number, at) != at:
            wrong.append(Problem(at, "number", "twice", row["number"][:LONGEST_VALUE], str(seen[number])))
        problems += wrong
        if not wrong:
            sound.append(found)
    return sound, sorted(problems)


def _check_row(at: int, row: Mapping[str, str], has_test: bool) -> tuple[Row, list[Problem]]:
    wrong: list[Problem] = []

    def tell(field: str, code: str) -> None:
        wrong.append(Problem(at, field, code, row.get(field, "")[:LONGEST_VALUE]))

    number, reason = row.get("number", ""), row.get("reason", "")
    state = _STATES.get(row.get("state", "").lower(), "")
    said = row.get("passed", "")
    passed = _PASSED.get(said.lower())
    if not number:
        tell("number", "number_missing")
    if not state:
        tell("state", "state_unknown")
    if said and passed is None:
        tell("passed", "passed_unknown")
    elif said and not has_test:
        tell("passed", "no_test")
    elif said and state == "absent":
        tell("passed", "absent_tested")
    if state == "absent" and not reason:
        tell("reason", "absent_why")
    if len(reason) > LONGEST_REASON:
        tell("reason", "reason_long")
    return Row(at, number, state, passed, reason), wrong


# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("前 10 行内须有一行列名：工号、出勤", "One of the first 10 rows must name the columns: number, attendance")),
    "column_missing": (("缺少这一列", "This column is missing"), ("加上这一列后重新上传", "Add the column and upload again")),
    "too_many": (("有 {value} 行，超过 2,000 行", "{value} rows, more than 2,000"), ("分成几个文件", "Split the file")),
    "number_missing": (("没有工号", "The number is missing"), ("填工号", "Give the employee number")),
    "state_unknown": (("不认识的出勤“{value}”", "“{value}” is no attendance"), ("写“参加”或“缺席”", "Write attended or absent")),
    "passed_unknown": (("不认识的考核结果“{value}”", "“{value}” is no result"), ("写“通过”或“未通过”，没有就留空", "Write passed or failed, or leave it empty")),
    "no_test": (("这次培训没有考核", "This training has no test"), ("考核留空", "Leave the test empty")),
    "absent_tested": (("缺席的人没有考核", "Who was absent was not tested"), ("考核留空，或改出勤", "Leave the test empty, or change the attendance")),
    "absent_why": (("缺席没有写原因", "An absence without a reason"), ("在“说明”里写原因", "Say why in the remark")),
    "reason_long": (("说明超过 100 字", "The remark has more than 100 characters"), ("写短一些", "Make it shorter")),
    "twice": (("和第 {also} 行是同一个人", "The same person as in row {also}"), ("删去一行", "Delete one of the rows")),
    "not_yours": (("没有工号“{value}”，或不归您登记", "There is no number “{value}” among your people"), ("核对工号；别的支行的人由那边或管理员登记", "Check it; people of other branches are recorded there or by the administrator")),
    "own": (("这是您自己", "This is yourself"), ("自己的出勤由另一位登记，删去这一行", "Somebody else records your attendance: delete this row")),
    "correction": (("与已登记的不同，没有写原因", "It differs from what was recorded, without a reason"), ("在“说明”里写更正的原因", "Say in the remark why it is corrected")),
}  # fmt: skip
_FILE: Final = (
    ("文件无法读取", "The file cannot be read"),
    ("请另存为 xlsx 或 UTF-8 的 csv 后重新上传", "Save it as xlsx or as csv in UTF-8 and upload again"),
)


def describe(problem: Problem, language: str) -> dict[str, Any]:
    """Return a finding in words: row, column, value, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(problem.code, _FILE)
    return {
        "row": problem.row or None,
        "column": COLUMNS[problem.column][english] if problem.column in COLUMNS else "",
        "value": problem.value,
        "what": what[english].format(value=problem.value, also=problem.also),
        "remedy": remedy[english].format(value=problem.value, also=problem.also),
    }
