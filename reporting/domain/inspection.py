"""Blind re-entry: what an auditor found out himself against what the file says (Semantics, section 7; Domain, 7.4).

The rules are a released document ("audit_rules"): which key fields are asked, and how far found and filed may lie apart. A
deviation is any key field beyond its tolerance, or a household that does not exist or denies its file. All arithmetic is exact.

    {"due_days": 20, "plan": {"confidence_pct": "95", "tolerable_pct": "5", "expected_pct": "1"},
     "fields": [{"code": "came"}, {"code": "id_tail"}, {"code": "gross_income", "tolerance_pct": "20", "allowance": "1000"}]}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from config.lib.money import grouped
from config.lib.tables import Words
from reporting.domain.sampling import percent_text


class Nature(StrEnum):
    """What a key field holds, and so how it is asked and compared."""

    YES = "yes"  # the file says yes by being there
    TAIL = "tail"  # last four characters of a number that identifies: compared, never stored
    COUNT = "count"
    AREA = "area"  # mu
    YUAN = "yuan"


class Class(StrEnum):
    """Kinds of deviations, the gravest first."""

    TRUTH = "truth"
    IDENTITY = "identity"
    FAMILY = "family"
    ECONOMICS = "economics"


class Outcome(StrEnum):
    """How a key field compares."""

    AGREES = "agrees"
    WITHIN = "within"
    DEVIATES = "deviates"
    NOT_COMPARABLE = "not_comparable"


class Finding(StrEnum):
    """What the auditor met with."""

    MET = "met"
    STRANGER = "stranger"


CLASSES: Final[Mapping[Class, Words]] = MappingProxyType(
    {
        Class.TRUTH: Words("真实性", "Truthfulness"),
        Class.IDENTITY: Words("身份与联系", "Identity and contact"),
        Class.FAMILY: Words("家庭", "Family"),
        Class.ECONOMICS: Words("经济", "Economics"),
    }
)


NO_UNIT: Final = Words("", "")


@dataclass(frozen=True)
class KeyField:
    """A field an inspection may ask: code, label, unit, nature and the class its deviation counts in."""

    code: str
    label: Words
    nature: Nature
    group: Class
    unit: Words = NO_UNIT


EXISTENCE: Final = KeyField(
    "existence", Words("查无此户或否认建档", "No such household, or it denies the file"), Nature.YES, Class.TRUTH
)
_FIELDS: Final = (
    KeyField("came", Words("客户经理上门建档", "An officer came to file"), Nature.YES, Class.TRUTH),
    KeyField("id_tail", Words("户主身份证后四位", "Last four of the head's ID"), Nature.TAIL, Class.IDENTITY),
    KeyField("phone_tail", Words("户主手机后四位", "Last four of the head's phone"), Nature.TAIL, Class.IDENTITY),
    KeyField("members", Words("家庭人口", "Members"), Nature.COUNT, Class.FAMILY, Words("人", "people")),
    KeyField("land", Words("经营土地", "Land farmed"), Nature.AREA, Class.ECONOMICS, Words("亩", "mu")),
    KeyField("gross_income", Words("家庭年收入", "Yearly income"), Nature.YUAN, Class.ECONOMICS, Words("元", "yuan")),
    KeyField("liabilities", Words("借款余额", "Debts outstanding"), Nature.YUAN, Class.ECONOMICS, Words("元", "yuan")),
)
FIELDS: Final[Mapping[str, KeyField]] = MappingProxyType({field.code: field for field in (EXISTENCE, *_FIELDS)})

# Only amounts may lie apart: a count, a tail or a yes is right or wrong.
_TOLERANT = (Nature.AREA, Nature.YUAN)


@dataclass(frozen=True)
class FieldRule:
    """A key field that is asked. A difference is within bounds up to ``tolerance`` of the filed value or up to
    ``allowance`` (in the field's unit), whichever is more."""

    field: KeyField
    tolerance: Fraction = Fraction(0)
    allowance: Decimal = Decimal(0)


@dataclass(frozen=True)
class AuditRules:
    """A released document, read. ``due_days`` is how long an officer has to put a returned file right."""

    fields: tuple[FieldRule, ...]
    due_days: int
    confidence_pct: Decimal
    tolerable_pct: Decimal
    expected_pct: Decimal

    def rule(self, code: str) -> FieldRule | None:
        """Return the rule of a field, None when it is not asked."""
        return next((rule for rule in self.fields if rule.field.code == code), None)


class BadRules(ValueError):
    """A released document cannot be read as rules."""


def read_rules(document: Any) -> AuditRules:
    """Read a released document; anything unknown or missing is refused, so that no field is silently left out."""
    if not isinstance(document, dict) or set(document) != {"due_days", "plan", "fields"}:
        raise BadRules("the document needs exactly due_days, plan and fields")
    days, plan, listed = document["due_days"], document["plan"], document["fields"]
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 366:
        raise BadRules(f"due_days {days!r} is not a number of days from 1 to 366")
    if not isinstance(plan, dict) or set(plan) != {"confidence_pct", "tolerable_pct", "expected_pct"}:
        raise BadRules("plan needs exactly confidence_pct, tolerable_pct and expected_pct")
    if not isinstance(listed, list) or not listed:
        raise BadRules("no key field is asked")
    rules = tuple(_field_rule(entry) for entry in listed)
    codes = [rule.field.code for rule in rules]
    if len(set(codes)) != len(codes):
        raise BadRules("a key field is listed twice")
    return AuditRules(
        rules, days, *(_number(plan[name], name) for name in ("confidence_pct", "tolerable_pct", "expected_pct"))
    )


def _field_rule(entry: Any) -> FieldRule:
    if not isinstance(entry, dict) or not set(entry) <= {"code", "tolerance_pct", "allowance"}:
        raise BadRules(f"{entry!r} is not a key field")
    field = FIELDS.get(str(entry.get("code")))
    if field is None or field is EXISTENCE:
        raise BadRules(f"{entry.get('code')!r} is not a key field")
    rule = FieldRule(
        field,
        Fraction(_number(entry.get("tolerance_pct", "0"), "tolerance_pct")) / 100,
        _number(entry.get("allowance", "0"), "allowance"),
    )
    if field.nature not in _TOLERANT and (rule.tolerance or rule.allowance):
        raise BadRules(f"{field.code} is exact and takes no tolerance")
    return rule


def _number(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise BadRules(f"{name} {value!r} is not a number written as text")
    return number


@dataclass(frozen=True)
class Compared:
    """One key field: what the file says, what the auditor found, how far apart.

    Tails are neither filed nor found here, only whether they agree: rows of an inspection are kept for ever and hold no
    identity. ``apart`` is |found - filed| / filed, None where there is nothing to divide by.
    """

    code: str
    outcome: Outcome
    filed: str = ""
    found: str = ""
    apart: Fraction | None = None
    allowed: Fraction | None = None

    def document(self) -> dict[str, str]:
        """Return the stored form; ratios as exact fractions."""
        stored = {"code": self.code, "outcome": self.outcome.value, "filed": self.filed, "found": self.found}
        for name, ratio in (("apart", self.apart), ("allowed", self.allowed)):
            if ratio is not None:
                stored[name] = str(ratio)
        return stored

    @classmethod
    def stored(cls, document: Mapping[str, str]) -> "Compared":
        """Read the stored form."""
        apart, allowed = (Fraction(document[name]) if name in document else None for name in ("apart", "allowed"))
        return cls(document["code"], Outcome(document["outcome"]), document["filed"], document["found"], apart, allowed)

    @property
    def field(self) -> KeyField:
        """The key field."""
        return FIELDS[self.code]


def compare(
    rules: AuditRules,
    *,
    finding: Finding,
    found: Mapping[str, Decimal | bool],
    filed: Mapping[str, Decimal | None],
    tails_agree: Mapping[str, bool | None],
) -> list[Compared]:
    """Compare every key field that is asked, in the order of the rules.

    ``found`` holds what was entered ("came" as yes or no), ``filed`` what the revision says; None means that the file says
    nothing, which is 0 for an area or an amount. ``tails_agree`` says of each tail whether it is the filed one, None when
    the person was erased and nobody can tell. A stranger is one deviation of its own; nothing else is compared then.
    """
    if finding == Finding.STRANGER:
        return [Compared(EXISTENCE.code, Outcome.DEVIATES)]
    compared = []
    for rule in rules.fields:
        code, nature = rule.field.code, rule.field.nature
        if nature == Nature.TAIL:
            agrees = tails_agree[code]
            outcome = Outcome.NOT_COMPARABLE if agrees is None else Outcome.AGREES if agrees else Outcome.DEVIATES
            compared.append(Compared(code, outcome))
        elif nature == Nature.YES:
            compared.append(Compared(code, Outcome.AGREES if found[code] else Outcome.DEVIATES))
        else:
            compared.append(_amounts(rule, Decimal(filed[code] or 0), Decimal(found[code])))
    return compared


def _amounts(rule: FieldRule, filed: Decimal, found: Decimal) -> Compared:
    difference = abs(Fraction(found) - Fraction(filed))
    if difference == 0:
        outcome = Outcome.AGREES
    elif difference <= max(rule.tolerance * Fraction(filed), Fraction(rule.allowance)):
        outcome = Outcome.WITHIN
    else:
        outcome = Outcome.DEVIATES
    apart = difference / Fraction(filed) if filed else None
    return Compared(rule.field.code, outcome, _plain(filed), _plain(found), apart, rule.tolerance)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_deviation(compared: Sequence[Compared]) -> bool:
    """A file deviates when any key field does."""
    return any(one.outcome == Outcome.DEVIATES for one in compared)


def apart_shown(ratio: Fraction) -> str:
    """Return a difference in percent with at most one decimal, rounded up, so that one beyond a limit never reads as on it."""
    tenths = ceil(ratio * 1000)
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


def value_text(field: KeyField, value: str, language: str) -> str:
    """Write a filed or found value with its unit."""
    if not value:
        return ""
    number = Decimal(value)
    places = max(0, -int(number.as_tuple().exponent))
    return f"{grouped(number, places)} {field.unit.of(language)}".rstrip()


def deviation_words(one: Compared, language: str) -> str:
    """Say a deviation in one clause: 家庭年收入相差 35 %，超过 20 %."""
    chinese = language.startswith("zh")
    label = one.field.label.of(language)
    if one.field is EXISTENCE:
        return label
    match one.field.nature:
        case Nature.YES:
            return f"{label}：否" if chinese else f"{label}: no"
        case Nature.TAIL:
            return f"{label}不符" if chinese else f"{label} differs"
        case _:
            filed, found = (value_text(one.field, text, language) for text in (one.filed, one.found))
    if one.field.nature in _TOLERANT and one.apart is not None and one.allowed is not None:
        apart, allowed = apart_shown(one.apart), percent_text(one.allowed)
        if chinese:
            return f"{label}相差 {apart} %，超过 {allowed} %（档案 {filed}，核实 {found}）"
        return f"{label} differs by {apart} %, above {allowed} % (file {filed}, found {found})"
    return f"{label}：档案 {filed}，核实 {found}" if chinese else f"{label}: file {filed}, found {found}"
