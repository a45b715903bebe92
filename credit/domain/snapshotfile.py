"""The daily file of the bank's core system: its columns, its rows, and everything wrong with them, before anybody is looked up.

One row is one credit of a person: a loan here, an undrawn commitment here, a loan of another bank where the file has it, a
guarantee given. Amounts are yuan with two decimals. A file is sound when no row has an error; notices name rows that are left
out because they are about nobody a household file could hold (companies, foreign documents). Semantics, sections 5 and 8.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, Final, NamedTuple

from config.lib import tablefile
from config.lib.money import FEN, ZERO
from customers.domain import uscc
from customers.domain.identity import check_id, mask_id

MOST_ROWS: Final = 300_000
LARGEST: Final = Decimal("999999999999.99")
LONGEST_CONTRACT: Final = 40
LONGEST_VALUE: Final = 60
MOST_DAYS: Final = 20_000
LATE_DAYS: Final = 90
"""More days overdue than this and still 正常 or 关注 is worth a look."""


class CreditKind(StrEnum):
    """What a row is about."""

    OWN_LOAN = "own_loan"  # 本行贷款
    OWN_UNDRAWN = "own_undrawn"  # 本行未用授信
    OTHER_BANK = "other_bank"  # 他行借款
    GUARANTEE = "guarantee"  # 对外担保


class Level(StrEnum):
    """How a finding weighs: an error keeps the whole file out, a warning goes in with it, a notice names what is left out."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


OWN: Final = (CreditKind.OWN_LOAN, CreditKind.OWN_UNDRAWN)

# field: Chinese, English, further titles
COLUMNS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "id_number": ("身份证号", "ID number", ("身份证", "身份证号码", "证件号", "证件号码", "公民身份号码", "客户证件号码")),
    "contract": ("合同号", "contract number", ("合同编号", "借据号", "借据编号", "贷款账号", "contract")),
    "kind": ("业务种类", "kind", ("种类", "业务类型", "业务品种")),
    "outstanding": ("余额", "outstanding", ("贷款余额", "担保余额", "本金余额", "balance")),
    "undrawn": ("未用额度", "undrawn", ("未用授信", "可用额度", "未使用额度")),
    "granted": ("授信金额", "granted", ("合同金额", "授信额度", "发放金额", "贷款金额")),
    "interest_days": ("欠息天数", "interest overdue days", ("利息逾期天数", "欠息逾期天数")),
    "principal_days": ("本金逾期天数", "principal overdue days", ("逾期天数",)),
    "due_on": ("到期日", "maturity", ("到期日期", "合同到期日")),
    "category": ("五级分类", "category", ("分类", "风险分类", "贷款五级分类")),
    "village_line": ("整村授信", "village line", ("是否整村授信", "整村授信额度")),
    "taken_on": ("数据日期", "data date", ("快照日期", "统计日期", "日期")),
}  # fmt: skip
REQUIRED: Final = ("id_number", "contract", "kind", "outstanding")

_KINDS: Final = {
    "本行贷款": CreditKind.OWN_LOAN, "贷款": CreditKind.OWN_LOAN, "自营贷款": CreditKind.OWN_LOAN, "own loan": CreditKind.OWN_LOAN,
    "own_loan": CreditKind.OWN_LOAN, "loan": CreditKind.OWN_LOAN,
    "本行未用授信": CreditKind.OWN_UNDRAWN, "未用授信": CreditKind.OWN_UNDRAWN, "授信": CreditKind.OWN_UNDRAWN,
    "循环授信": CreditKind.OWN_UNDRAWN, "undrawn commitment": CreditKind.OWN_UNDRAWN, "own_undrawn": CreditKind.OWN_UNDRAWN,
    "commitment": CreditKind.OWN_UNDRAWN,
    "他行借款": CreditKind.OTHER_BANK, "他行贷款": CreditKind.OTHER_BANK, "other bank": CreditKind.OTHER_BANK,
    "other_bank": CreditKind.OTHER_BANK,
    "对外担保": CreditKind.GUARANTEE, "担保": CreditKind.GUARANTEE, "保证": CreditKind.GUARANTEE,
    "guarantee": CreditKind.GUARANTEE, "guarantee given": CreditKind.GUARANTEE,
}  # fmt: skip
CATEGORIES: Final = ("normal", "special_mention", "substandard", "doubtful", "loss")
"""The five classes, from the best to the worst."""
_CATEGORIES: Final = {
    **dict(zip(("正常", "关注", "次级", "可疑", "损失"), CATEGORIES, strict=True)),
    **{f"{word}类": code for word, code in zip(("正常", "关注", "次级", "可疑", "损失"), CATEGORIES, strict=True)},
    **{code.replace("_", " "): code for code in CATEGORIES},
    **{code: code for code in CATEGORIES},
}
_YES: Final = frozenset({"是", "y", "yes", "1", "true"})
_NO: Final = frozenset({"", "否", "n", "no", "0", "false"})
_AMOUNT: Final = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_ALIKE: Final = Decimal("0.000001")


class Finding(NamedTuple):
    """One finding on one cell: row as a spreadsheet counts it (0: the whole file), field, code, value (ID numbers masked)."""

    row: int
    column: str
    code: str
    value: str = ""
    level: str = Level.ERROR
    also: str = ""


class FileRefusedError(Exception):
    """The file cannot be read as a snapshot; ``findings`` say why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(one.code for one in self.findings))


@dataclass(frozen=True, slots=True)
class Entry:
    """One sound row. The ID number stays in memory: it is looked up and forgotten."""

    row: int
    id_number: str
    kind: CreditKind
    contract: str
    outstanding: Decimal
    undrawn: Decimal
    granted: Decimal | None
    interest_days: int
    principal_days: int
    due_on: date | None
    category: str
    is_village_line: bool


@dataclass(slots=True)
class Checked:
    """What a file holds: its sound rows, everything found, and how many rows it has."""

    rows: int = 0
    entries: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether no row has an error."""
        return not any(one.level == Level.ERROR for one in self.findings)


def read(file: BinaryIO) -> tablefile.Rows:
    """Return the rows of a file by field; raises FileRefusedError when it is no such file."""
    try:
        return tablefile.read(
            file,
            {name: (zh, en, *more) for name, (zh, en, more) in COLUMNS.items()},
            required=REQUIRED,
            most_rows=MOST_ROWS,
        )
    except tablefile.TableRefusedError as error:
        raise FileRefusedError(Finding(row, name, code, value) for row, name, code, value in error.found) from error


def check(
    rows: tablefile.Rows, *, taken_on: date, today: date, report: Callable[[int, int], None] | None = None
) -> Checked:
    """Return the sound rows and everything wrong with the others, all in one pass.

    ``taken_on`` is the day the snapshot speaks of; a day column that says otherwise is an error. ``report(done, total)`` is
    called now and then.
    """
    found = Checked(rows=len(rows))
    held = _Held(found.findings)
    for count, (at, row) in enumerate(rows):
        if report is not None and count % 1000 == 0:
            report(count, len(rows))
        entry = _Row(at, row, found.findings).read(taken_on, today)
        if entry is not None:
            found.entries.append(entry)
            held.see(entry)
    return found


class _Row:
    """One row on its way from text to an entry."""

    def __init__(self, at: int, cells: Mapping[str, str], findings: list[Finding]) -> None:
        self.at, self.cells, self.findings = at, cells, findings
        self.is_sound = True

    def cell(self, name: str) -> str:
        return self.cells.get(name, "")

    def tell(self, name: str, code: str, level: Level = Level.ERROR, value: str | None = None, also: str = "") -> None:
        shown = (self.cell(name) if value is None else value)[:LONGEST_VALUE]
        self.findings.append(Finding(self.at, name, code, shown, level, also))
        self.is_sound = self.is_sound and level is not Level.ERROR

    def read(self, taken_on: date, today: date) -> Entry | None:
        number, is_person = self._who(today)
        kind = self._kind()
        contract = self._contract()
        outstanding, undrawn, granted = self._amounts(kind)
        interest_days, principal_days = self._days("interest_days"), self._days("principal_days")
        due_on = self._day("due_on")
        category = self._category(kind)
        is_village_line = self._village_line(kind)
        said = self._day("taken_on")
        if said is not None and said != taken_on:
            self.tell("taken_on", "date_differs", also=taken_on.isoformat())
        if not self.is_sound or kind is None or not is_person:
            return None
        if granted is not None and kind in OWN and outstanding + undrawn > granted:
            self.tell("granted", "above_granted", Level.WARNING)
        if max(interest_days, principal_days) > LATE_DAYS and category in CATEGORIES[:2]:
            self.tell("category", "category_overdue", Level.WARNING, also=str(max(interest_days, principal_days)))
        return Entry(
            row=self.at, id_number=number, kind=kind, contract=contract, outstanding=outstanding, undrawn=undrawn, granted=granted,
            interest_days=interest_days, principal_days=principal_days, due_on=due_on, category=category,
            is_village_line=is_village_line,
        )  # fmt: skip

    def _who(self, today: date) -> tuple[str, bool]:
        """Return the ID number, and whether the row is about a person at all."""
        text = self.cell("id_number")
        if not text:
            self.tell("id_number", "who_missing")
            return "", False
        if re.fullmatch(r"\d(\.\d+)?[Ee]\+\d+", text):
            self.tell("id_number", "id_as_number", value="…")
            return "", False
        checked = check_id(text, today=today)
        if not checked.errors:
            return checked.number, True
        code = uscc.check(text)
        if code.code and not code.errors:
            self.tell("id_number", "is_company", Level.NOTICE)
        elif re.search(r"[A-Z]", checked.number[:-1]):
            self.tell("id_number", "other_document", Level.NOTICE, value=_masked(checked.number))
        else:
            self.tell("id_number", "id_invalid", value=_masked(checked.number))
        return "", False

    def _kind(self) -> CreditKind | None:
        kind = _KINDS.get(self.cell("kind").lower())
        if kind is None:
            self.tell("kind", "kind_unknown" if self.cell("kind") else "kind_missing")
        return kind

    def _contract(self) -> str:
        contract = self.cell("contract")
        if not contract:
            self.tell("contract", "contract_missing")
        elif len(contract) > LONGEST_CONTRACT:
            self.tell("contract", "contract_long")
        elif re.fullmatch(r"\d(\.\d+)?[Ee]\+\d+", contract):
            self.tell("contract", "contract_as_number", value="…")
        return contract

    def _amounts(self, kind: CreditKind | None) -> tuple[Decimal, Decimal, Decimal | None]:
        outstanding, undrawn, granted = (self._amount(name) for name in ("outstanding", "undrawn", "granted"))
        if kind is CreditKind.OWN_UNDRAWN:
            if not self.cell("undrawn"):
                self.tell("undrawn", "amount_missing")
            if outstanding:
                self.tell("outstanding", "outstanding_of_commitment")
        elif kind is not None:
            if not self.cell("outstanding"):
                self.tell("outstanding", "amount_missing")
            if undrawn and kind is not CreditKind.OWN_LOAN:
                self.tell("undrawn", "undrawn_not_counted", Level.WARNING)
        return outstanding or ZERO, undrawn or ZERO, granted

    def _amount(self, name: str) -> Decimal | None:
        text = self.cell(name).replace("，", ",").removeprefix("¥").removesuffix("元").strip()
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            self.tell(name, "amount_not_a_number")
            return None
        exact = Decimal(text.replace(",", ""))
        if exact < 0:
            self.tell(name, "amount_negative")
            return None
        if exact > LARGEST:
            self.tell(name, "amount_too_large")
            return None
        amount = exact.quantize(FEN)
        if abs(exact - amount) > _ALIKE:  # what a spreadsheet computed comes as 0.30000000000000004
            self.tell(name, "amount_places")
            return None
        return amount

    def _days(self, name: str) -> int:
        text = self.cell(name)
        if not text:
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) > MOST_DAYS:
            self.tell(name, "days_wrong")
            return 0
        return int(text)

    def _day(self, name: str) -> date | None:
        text = self.cell(name)
        found = tablefile.day(f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text)
        if text and found is None:
            self.tell(name, "date_wrong")
        return found

    def _category(self, kind: CreditKind | None) -> str:
        text = self.cell("category")
        if not text:
            if kind is CreditKind.OWN_LOAN:
                self.tell("category", "category_missing")
            return ""
        category = _CATEGORIES.get(text.lower(), "")
        if not category:
            self.tell("category", "category_unknown")
        return category

    def _village_line(self, kind: CreditKind | None) -> bool:
        text = self.cell("village_line").lower()
        if text not in _YES and text not in _NO:
            self.tell("village_line", "yes_no_wrong")
        elif text in _YES and kind is not None and kind not in OWN:
            self.tell("village_line", "village_line_elsewhere")
        return text in _YES


def _masked(number: str) -> str:
    return (mask_id(number) if len(number) == 18 else f"{number[:2]}…{number[-2:]}" if len(number) > 6 else "…") or "…"


class _Held:
    """What rows say of one another: the same credit twice, one commitment's rest counted twice, two village lines of a person."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.credits: dict[tuple[str, str, str], int] = {}
        self.undrawn: dict[str, Entry] = {}
        self.lines: dict[str, Entry] = {}

    def see(self, entry: Entry) -> None:
        is_own = entry.kind in OWN
        # Several people may guarantee one loan; a loan or commitment here has one debtor in the file.
        key = (entry.kind.value, entry.contract, "" if is_own else entry.id_number)
        first = self.credits.setdefault(key, entry.row)
        if first != entry.row:
            self._tell(entry, "contract", "twice", entry.contract, first)
            return
        if is_own and entry.undrawn:
            other = self.undrawn.setdefault(entry.contract, entry)
            if other is not entry:
                self._tell(entry, "undrawn", "undrawn_twice", entry.contract, other.row)
        if entry.is_village_line:
            other = self.lines.setdefault(entry.id_number, entry)
            if other.contract != entry.contract:
                self._tell(entry, "village_line", "two_village_lines", entry.contract, other.row, Level.WARNING)

    def _tell(self, entry: Entry, column: str, code: str, value: str, first: int, level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(entry.row, column, code, value[:LONGEST_VALUE], level, str(first)))
