"""The white list for the core system, and its receipt: columns, reasons for leaving a line out, faults of a receipt in one pass.

Framework-free. ID numbers are text wherever they are written.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Final

from config.lib import tablefile
from config.lib.tablefile import TableRefusedError
from credit.domain.signing import NumberError, contract_number

MOST_ROWS: Final = 5_000
LONGEST_VALUE: Final = 40
LONGEST_REASON: Final = 100
MARK: Final = "\ufeff"
"""Spreadsheets read a csv as UTF-8 by its mark."""


class LeftOut(StrEnum):
    """Why a line of a released list is not written when the file is taken."""

    WITHDRAWN = "withdrawn"
    BLOCKED = "blocked"
    CONSENT = "consent"
    BORROWER = "borrower"
    NUMBER = "number"


# column: Chinese, English; the order of the file
COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "place": ("行号", "Row"),
    "contract": ("合同号", "Contract number"),
    "name": ("姓名", "Name"),
    "id_number": ("身份证号", "ID number"),
    "amount": ("授信金额", "Line (yuan)"),
    "signed_on": ("签约日期", "Signed on"),
    "card": ("卡号", "Card number"),
    "valid_until": ("卡有效期至", "Card valid until"),
    "branch": ("支行", "Branch"),
    "village": ("村", "Village"),
}


def as_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return the list as csv; long numbers carry a tab behind them, so that a spreadsheet keeps them as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([zh for zh, _en in COLUMNS.values()])
    for row in rows:
        writer.writerow([_text_cell(name, row[name]) for name in COLUMNS])
    return (MARK + out.getvalue()).encode()


def _text_cell(name: str, value: str) -> str:
    if name in ("id_number", "card") and value:
        return f"{value}\t"
    # A cell that begins like a formula is text.
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value


# --- Receipts -----------------------------------------------------------------------------------------------------

# field: Chinese, English, further titles
RECEIPT: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "contract": ("合同号", "Contract number", ("合同编号",)),
    "result": ("结果", "Result", ("导入结果", "处理结果", "状态")),
    "reason": ("原因", "Reason", ("失败原因", "备注", "说明")),
}
ACCEPTED: Final = frozenset({"成功", "已导入", "通过", "是", "1", "accepted", "ok", "success"})
REJECTED: Final = frozenset({"失败", "未导入", "拒绝", "否", "0", "rejected", "failed"})
_SAVE: Final = ("另存为 .xlsx 或 .csv 后重新上传", "Save it as .xlsx or .csv and upload it again")
# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("前 10 行内须有一行列名：合同号、结果、原因", "One of the first 10 rows must name the columns: contract number, result, reason")),
    "column_missing": (("缺少这一列", "This column is missing"), ("加上这一列后重新导出", "Add the column and export again")),
    "too_many": (("有 {value} 行，太多了", "{value} rows are too many"), ("只上传这一份白名单的回执", "Upload the receipt of this list alone")),
    "too_large": (("文件太大", "The file is too large"), ("只上传这一份白名单的回执", "Upload the receipt of this list alone")),
    "file_empty": (("文件里没有内容", "The file is empty"), ("检查是否选错了文件", "Check whether this is the right file")),
    "contract_missing": (("没有合同号", "No contract number"), ("在核心系统补上后重新导出", "Fill it in in the core system and export again")),
    "contract_unknown": (("这份白名单里没有这个合同号", "This list has no such contract"), ("核对是不是这一份白名单的回执", "Check that the receipt belongs to this list")),
    "twice": (("和第 {also} 行是同一个合同", "The same contract as row {also}"), ("只留一行", "Keep one of the rows")),
    "result_unknown": (("结果写的是“{value}”", "The result says “{value}”"), ("写“成功”或“失败”", "Write accepted or rejected")),
    "reason_missing": (("失败没有写原因", "A rejected row has no reason"), ("写明原因", "Say why")),
    "reason_long": (("原因超过 100 个字", "The reason has more than 100 characters"), ("写短一些", "Shorten it")),
    "row_missing": (("回执里没有合同 {value}", "The receipt has no contract {value}"), ("补上这一行，每户都要有结果", "Add the row; every household needs a result")),
}  # fmt: skip
_FILE: Final = (("文件无法读出表格", "No table can be read from this file"), _SAVE)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a receipt: the row as a spreadsheet counts it (0 the file), the column, the value."""

    row: int
    column: str
    code: str
    value: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the core system says of one contract; ``row`` as a spreadsheet counts it."""

    row: int
    is_accepted: bool
    reason: str


def read_receipt(file: BinaryIO) -> tablefile.Rows:
    """Return the rows of a receipt by field; raises TableRefusedError when it is no such table."""
    titles = {field: (zh, en, *more) for field, (zh, en, more) in RECEIPT.items()}
    return tablefile.read(file, titles, required=("contract", "result", "reason"), most_rows=MOST_ROWS)


def faults_of(refused: TableRefusedError) -> list[Fault]:
    """Return why a file cannot be read at all."""
    return [Fault(row, field, code, value[:LONGEST_VALUE]) for row, field, code, value in refused.found]


def check_receipt(rows: tablefile.Rows, contracts: Sequence[str]) -> tuple[dict[str, Answer], list[Fault]]:
    """Return the answers by contract and everything wrong, in one pass; every contract of the list needs exactly one."""
    wanted = set(contracts)
    found: dict[str, Answer] = {}
    faults: list[Fault] = []
    for at, row in rows:
        told, wrong = _answer(at, row, wanted, found)
        faults += wrong
        if told is not None:
            found[told[0]] = told[1]
    if not any(fault.code in ("contract_unknown", "contract_missing") for fault in faults):
        faults += [
            Fault(0, "contract", "row_missing", one)
            for one in contracts
            if one not in found and not _named(one, faults)
        ]
    return found, faults


def _named(contract: str, faults: Iterable[Fault]) -> bool:
    return any(fault.also == contract for fault in faults)


def _answer(
    at: int, row: Mapping[str, str], wanted: set[str], found: Mapping[str, Answer]
) -> tuple[tuple[str, Answer] | None, list[Fault]]:
    text = row.get("contract", "")
    if not text:
        return None, [Fault(at, "contract", "contract_missing")]
    try:
        contract = contract_number(text)
    except NumberError:
        contract = ""
    if contract not in wanted:
        return None, [Fault(at, "contract", "contract_unknown", text[:LONGEST_VALUE])]
    if contract in found:
        return None, [Fault(at, "contract", "twice", text[:LONGEST_VALUE], str(found[contract].row))]
    result, reason = row.get("result", "").strip().lower(), row.get("reason", "").strip()
    faults = []
    if result not in ACCEPTED | REJECTED:
        faults.append(Fault(at, "result", "result_unknown", row.get("result", "")[:LONGEST_VALUE], contract))
    elif result in REJECTED and not reason:
        faults.append(Fault(at, "reason", "reason_missing", "", contract))
    if len(reason) > LONGEST_REASON:
        faults.append(Fault(at, "reason", "reason_long", reason[:LONGEST_VALUE], contract))
    return (None, faults) if faults else ((contract, Answer(at, result in ACCEPTED, reason)), [])


def told(fault: Fault, language: str) -> dict[str, Any]:
    """Return a fault in words: row, column, value, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(fault.code, _FILE)
    also = fault.also if fault.code == "twice" else ""
    values = {"value": fault.value, "also": also}
    column = RECEIPT[fault.column][english] if fault.column in RECEIPT else ""
    return {
        "row": fault.row or None,
        "column": column,
        "value": fault.value,
        "what": what[english].format(**values),
        "remedy": remedy[english].format(**values),
    }
