"""An assessment sheet as a table: what its columns are, how a row names its household, what is wrong with a filled one.

The file belongs to one sheet. A hidden column names every row by the sheet and the household together, so that the file of
another sheet fits nowhere and a household's number in the database is not told. All faults are found in one pass; a file with
one fault is not taken at all. Framework-free.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import BinaryIO, Final
from uuid import UUID

from config.lib import tablefile
from config.lib.money import MoneyError, wan_from_text
from config.lib.tablefile import TableRefusedError
from credit.domain.opinions import Opinion, OpinionError, OpinionKind
from credit.domain.rules import RoundRules

MOST_ROWS: Final = 5_000
LONGEST_VALUE: Final = 40
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another when read out
_SPLIT: Final = re.compile(r"[\s,，、;；/+]+")

# field: Chinese, English, further titles
COLUMNS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "place": ("序", "No.", ()),
    "number": ("户号", "Number", ("household number",)),
    "head": ("户主", "Head", ()),
    "id_number": ("身份证号", "ID number", ()),
    "group": ("组", "Group", ()),
    "members": ("人口", "People", ()),
    "kind": ("意见", "Opinion", ()),
    "amount": ("建议额度", "Amount", ("建议额度（万元）", "Amount (万元)")),
    "reasons": ("不宜授信原因", "Reasons for no credit", ("不宜授信（序号）",)),
    "row": ("行标识", "Row", ()),
}
ANSWERS: Final = ("kind", "amount", "reasons")
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    OpinionKind.AMOUNT: ("建议额度", "Amount"),
    OpinionKind.REFUSE: ("不宜授信", "No credit"),
    OpinionKind.UNKNOWN: ("不了解", "Do not know"),
    OpinionKind.RECUSED: ("亲属回避", "Kin"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file: the row as a spreadsheet counts it (0 the file), the column, the value, what is wrong."""

    row: int
    column: str
    code: str
    value: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """A row of the sheet as it was written: its household, the number shown, and whether it is locked as kin."""

    subject_id: int
    number: str
    is_kin: bool = False


def row_name(sheet: UUID, subject_id: int) -> str:
    """Return how the hidden column names a household on one sheet."""
    return sha256(b"gedang row" + sheet.bytes + subject_id.to_bytes(8, "big")).hexdigest()[:12]


def order_check(sheet: UUID, subject_ids: Iterable[int]) -> str:
    """Return four letters that stand for the households of a sheet in their order: on paper, file and screen they are equal
    exactly when the rows are."""
    text = b"".join(subject.to_bytes(8, "big") for subject in subject_ids)
    number = int.from_bytes(sha256(b"gedang order" + sheet.bytes + text).digest()[:8], "big")
    letters = ""
    for _ in range(4):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return letters


def offer(place: int, words: str) -> str:
    """Return a reason as the drop-down offers it; a comma would part it there."""
    return f"{place} {words}".replace(",", " ").replace("，", " ")


def read(file: BinaryIO) -> tablefile.Rows:
    """Return the rows of a filled sheet by field; raises TableRefusedError when it is no such table."""
    titles = {field: (zh, en, *more) for field, (zh, en, more) in COLUMNS.items()}
    return tablefile.read(file, titles, required=("number", "row", *ANSWERS), most_rows=MOST_ROWS)


def faults_of(refused: TableRefusedError) -> list[Fault]:
    """Return why a file cannot be read at all."""
    return [Fault(row, field, code, value[:LONGEST_VALUE]) for row, field, code, value in refused.found]


def check(
    rows: tablefile.Rows, *, expected: Mapping[str, Expected], rules: RoundRules
) -> tuple[dict[int, Opinion], list[Fault]]:
    """Return the opinions by household and everything wrong, all in one pass; rows left blank say nothing and are left out.

    ``expected`` are the rows of the sheet by their hidden name.
    """
    found: dict[int, Opinion] = {}
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    if rows and not any(row.get("row", "") in expected for _at, row in rows):
        return {}, [Fault(0, "", "other_sheet")]
    for at, row in rows:
        name = row.get("row", "")
        home = expected.get(name)
        if home is None:
            faults.append(Fault(at, "row", "row_unknown" if name else "row_missing"))
            continue
        if name in seen:
            faults.append(Fault(at, "number", "twice", row["number"][:LONGEST_VALUE], str(seen[name])))
            continue
        seen[name] = at
        if _plain_number(row["number"]) != _plain_number(home.number):
            faults.append(Fault(at, "number", "number_differs", row["number"][:LONGEST_VALUE], home.number))
            continue
        opinion, wrong = _opinion(at, row, rules)
        if home.is_kin and opinion is not None and opinion.kind is not OpinionKind.RECUSED:
            wrong = [Fault(at, "kind", "kin", row["kind"][:LONGEST_VALUE])]
        faults += wrong
        if opinion is not None and not wrong and not home.is_kin:
            found[home.subject_id] = opinion
    return found, faults


def _plain_number(text: str) -> str:
    """A number as it is compared: a spreadsheet drops the zeros in front."""
    return text.strip().lstrip("0").upper()


def _opinion(at: int, row: Mapping[str, str], rules: RoundRules) -> tuple[Opinion | None, list[Fault]]:
    """Read one row; what stands in amount or reasons says the kind where none was picked."""
    wrong: list[Fault] = []

    def tell(field: str, code: str, also: str = "") -> None:
        wrong.append(Fault(at, field, code, row.get(field, "")[:LONGEST_VALUE], also))

    kind = _kind(row.get("kind", ""))
    if row.get("kind") and kind is None:
        tell("kind", "kind_unknown")
    amount = _amount(row.get("amount", ""), rules, tell)
    codes = _codes(row.get("reasons", ""), rules, tell)
    if row.get("amount") and row.get("reasons"):
        tell("amount", "both")
    said = OpinionKind.AMOUNT if row.get("amount") else OpinionKind.REFUSE if row.get("reasons") else None
    if kind is not None and said is not None and kind is not said:
        tell("kind", "kind_differs")
    kind = kind or said
    if kind is OpinionKind.AMOUNT and not row.get("amount"):
        tell("amount", "amount_missing")
    if kind is OpinionKind.REFUSE and not row.get("reasons"):
        tell("reasons", "reason_missing", f"1–{len(rules.reasons)}")
    if wrong or kind is None:
        return None, wrong
    try:
        return Opinion(kind, amount, tuple(codes)), []
    except OpinionError:
        tell("kind", "kind_unknown")
        return None, wrong


def _kind(text: str) -> OpinionKind | None:
    wanted = text.strip().lower()
    for kind, words in KINDS.items():
        if wanted and wanted in (str(kind), *(one.lower() for one in words)):
            return OpinionKind(kind)
    return None


def _amount(text: str, rules: RoundRules, tell: Callable[..., None]) -> Decimal | None:
    if not text:
        return None
    try:
        amount = wan_from_text(text)
    except MoneyError:
        tell("amount", "amount_invalid")
        return None
    if amount <= 0:
        tell("amount", "amount_not_positive")
    elif amount % 1_000:
        tell("amount", "amount_places")
    elif amount > rules.largest:
        tell("amount", "amount_above_limit", f"{rules.largest / 10_000:f}")
    else:
        return amount
    return None


def _codes(text: str, rules: RoundRules, tell: Callable[..., None]) -> list[str]:
    """Read reasons: numbers of the list at the foot of the sheet, parted by commas or spaces, or one of the list in words."""
    if not text:
        return []
    known: dict[str, str] = {}
    for place, reason in enumerate(rules.reasons, start=1):
        offered = [offer(place, words) for words in (reason.zh, reason.en)]
        for word in (str(place), reason.code, reason.zh, reason.en, *offered):
            known[_folded(word)] = reason.code
    if _folded(text) in known:
        return [known[_folded(text)]]
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    if parts and all(_folded(part) in known for part in parts):
        return [known[_folded(part)] for part in parts]
    tell("reasons", "reason_unknown", f"1–{len(rules.reasons)}")
    return []


def _folded(text: str) -> str:
    return tablefile.clean(text).lower()


# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("请用这份表下载的文件填，不要删表头", "Fill in the file downloaded from this sheet and keep its header")),
    "column_missing": (("缺少这一列", "This column is missing"), ("请用这份表下载的文件填，不要删列（行标识一列是隐藏的）", "Fill in the file downloaded from this sheet; keep every column, the hidden one too")),
    "too_many": (("有 {value} 行，超过 5,000 行", "{value} rows, more than 5,000"), ("请用这份表下载的文件填", "Fill in the file downloaded from this sheet")),
    "too_large": (("文件太大", "The file is too large"), ("请用这份表下载的文件填，不要放图片", "Fill in the file downloaded from this sheet, without pictures")),
    "blank": (("文件里一户都没有填", "No household is filled in"), ("填好再上传；不说的行可以留空", "Fill it in first; rows may be left empty")),
    "other_sheet": (("这是另一份评议表的文件", "This is the file of another sheet"), ("核对表号，下载这一份的文件再填", "Compare the sheet's number, then download the file of this one")),
    "row_missing": (("这一行没有行标识", "This row has no row mark"), ("不要增加行；隐藏的“行标识”一列不要动", "Add no rows and leave the hidden column as it is")),
    "row_unknown": (("这一行不是这份表的", "This row is not of this sheet"), ("不要从别的文件粘贴整行，从本表下载的文件重填", "Paste no whole rows from another file; fill in the one downloaded from this sheet")),
    "twice": (("和第 {also} 行是同一户", "The same household as row {also}"), ("留一行，删去另一行", "Keep one row and delete the other")),
    "number_differs": (("户号“{value}”和这一行对不上，应是 {also}", "Number “{value}” does not belong to this row, it is {also}"), ("多半只排序了几列：重新下载，或整行一起排序", "Probably only some columns were sorted: download again, or sort whole rows")),
    "kind_unknown": (("不认识的意见“{value}”", "“{value}” is no opinion"), ("填：建议额度、不宜授信、不了解、亲属回避，或留空", "Use: Amount, No credit, Do not know, Kin; or leave it empty")),
    "kind_differs": (("“{value}”和后面填的额度或原因不一致", "“{value}” does not fit the amount or reasons beside it"), ("每户只留一种意见", "Keep one opinion for a household")),
    "both": (("既有额度又有不宜授信的原因", "Both an amount and reasons for no credit"), ("每户只留一种意见", "Keep one opinion for a household")),
    "amount_missing": (("没有写额度", "The amount is missing"), ("填万元数，例如 3 或 3.5", "Write it in 万元 (10,000 yuan), such as 3 or 3.5")),
    "amount_invalid": (("“{value}”不是数", "“{value}” is no figure"), ("填万元数，例如 3 或 3.5", "Write it in 万元 (10,000 yuan), such as 3 or 3.5")),
    "amount_places": (("“{value}”多于一位小数", "“{value}” has more than one decimal"), ("万元数最多一位小数，例如 3.5", "At most one decimal, such as 3.5")),
    "amount_not_positive": (("额度要大于 0", "An amount is above 0"), ("不同意授信请填不宜授信的原因", "If it should get no credit, give the reasons")),
    "amount_above_limit": (("超过本轮最高 {also} 万元", "Above the round's limit of {also} 万元"), ("是不是单位填错了？这一列填万元", "Is the unit right? This column is in 万元 (10,000 yuan)")),
    "reason_missing": (("没有写不宜授信的原因", "The reasons are missing"), ("填原因的序号 {also}，几条用逗号隔开", "Write the numbers of the reasons, {also}, parted by commas")),
    "reason_unknown": (("“{value}”不是可用的原因", "“{value}” is no reason of this round"), ("填原因的序号 {also}，几条用逗号隔开", "Write the numbers of the reasons, {also}, parted by commas")),
    "kin": (("这一户已申报亲属回避", "This household is declared as kin"), ("留空，或填亲属回避；申报错了先在“亲属回避”里改", "Leave it empty or write Kin; if that is wrong, correct it under “Kin” first")),
}  # fmt: skip
_FILE: Final = (
    ("文件无法读取", "The file cannot be read"),
    ("请用这份表下载的 xlsx 填好再上传", "Fill in the xlsx downloaded from this sheet and upload it"),
)


def describe(fault: Fault, language: str) -> dict[str, object]:
    """Return a fault in words: row, column, value, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(fault.code, _FILE)
    values = {"value": fault.value, "also": fault.also}
    return {
        "row": fault.row or None,
        "column": COLUMNS[fault.column][english] if fault.column in COLUMNS else "",
        "value": fault.value,
        "what": what[english].format(**values),
        "remedy": remedy[english].format(**values),
    }
