"""What a form asks: steps, sections, fields, read from its released document with every fault named at once.

    {"subject": "household", "zh": "一般农户采集表", "en": "Farm household form",
     "steps": [{"code": "property", "zh": "财产负债", "en": "Property and debts", "totals": ["assets", "liabilities", "net_assets"]}],
     "sections": [
       {"code": "assets", "step": "property", "shape": "items", "zh": "财产", "en": "Property", "needed": true,
        "row": {"zh": "一项财产", "en": "property"}, "add": {"zh": "其他财产", "en": "other property"},
        "fields": [{"code": "kind", "type": "choice", "zh": "财产种类", "en": "kind", "required": true,
                    "options": [{"code": "house", "zh": "农村房屋", "en": "rural house", "common": true}]},
                   {"code": "current", "type": "yuan", "zh": "现值", "en": "current value", "required": true, "asset": true}]}]}

Section shapes: ``items`` a list of rows; ``answers`` single answers at the top of the document; ``members`` the people of a
household. A field or section may be shown only if another answer says so (``shown_if``). ``required`` stops a submission;
``needed`` belongs to the minimum a file must hold to be complete (Semantics, section 3). Sections whose sums the database keeps
(``SUMMED``) have their meaning fixed: a form may leave them out, never give them another type. What files carry is ``retired``,
never deleted (``succession``): a retired section or field is asked no more and keeps its code from being used anew.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal

from customers.domain.catalogue import Words

Shape = Literal["items", "answers", "members"]
Type = Literal["text", "yuan", "number", "whole", "day", "choice", "choices", "yes_no", "member"]

SUBJECTS: Final = ("household", "business", "unit")
SHAPES: Final = ("items", "answers", "members")
TYPES: Final = ("text", "yuan", "number", "whole", "day", "choice", "choices", "yes_no", "member")
MOST_STEPS, MOST_SECTIONS, MOST_FIELDS, MOST_OPTIONS, MOST_ROWS = 8, 40, 40, 200, 100
LONGEST_TEXT: Final = 200
LARGEST_WHOLE: Final = 1_000_000_000

# (section, field) -> the total it adds to; the generated columns of a profile sum these.
SUMMED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("assets", "current"): "assets",
        ("assets", "disposable"): "disposable",
        ("liabilities", "outstanding"): "liabilities",
        ("guarantees", "amount"): "guarantees",
        ("income", "gross"): "gross",
        ("income", "cost"): "cost",
        ("expenses", "amount"): "expenses",
    }
)
# What a step may show under its sections, and how it follows from the sums above.
TOTALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "assets": "assets",
        "liabilities": "liabilities",
        "net_assets": "assets - liabilities",
        "guarantees": "guarantees",
        "gross_income": "gross",
        "net_income": "gross - cost",
        "expenses": "expenses",
        "surplus": "gross - cost - expenses",
    }
)
# Names of the page's own fields and of the document's own entries, which no answer may take.
RESERVED: Final = frozenset(
    [
        "version",
        "borrower_id",
        "client_uuid",
        "device_at",
        "latitude",
        "longitude",
        "accuracy",
        "step",
        "base",
        "purpose",
        "outcome",
        "person_met",
        "partner",
        "consent",
        "visit_only",
        "note",
        "next_visit_on",
        "confirmed",
        "photos",
        "joining",
        "leaving",
        "form",
        "channel",
        "called",
        "lead",
        "visit_on",
        "visit_at",
        "edition",
        "sheets",
        "shots",
        "members",
        "assets",
        "liabilities",
        "guarantees",
        "income",
        "expenses",
        "performance",
    ]
)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PATH = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39})?")


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. ``common`` ones are offered as one tap; ``retired`` ones are read in old files, no longer offered."""

    code: str
    words: Words
    common: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A field or section is shown only while ``field`` holds one of ``values`` (codes; "true" and "false" for yes and no)."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question. Amounts are yuan; ``least`` and ``most`` are inclusive and in the field's own unit.

    ``at`` is where the answer lies in the document; ``not_above`` names a field of the same row that this one may not exceed
    (``only_warns``: it may, with a warning).
    """

    code: str
    type: Type
    words: Words
    at: str
    help: Words | None = None
    unit: Words | None = None
    required: bool = False
    needed: str = ""  # "" never, "file" for every file, "couple" for head, borrower and the borrower's spouse
    main: bool = True
    options: tuple[Option, ...] = ()
    least: str = ""
    most: str = ""
    places: int = 0
    longest: int = LONGEST_TEXT
    default: Any = None
    asset: bool = False
    not_above: str = ""
    only_warns: bool = False
    warns_past: str = ""
    shown_if: Shown | None = None

    @cached_property
    def choices(self) -> Mapping[str, Option]:
        """The options by code, retired ones too."""
        return MappingProxyType({option.code: option for option in self.options})


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a form; ``at`` is where its rows lie in the document."""

    code: str
    shape: Shape
    step: str
    words: Words
    at: str
    fields: tuple[Field, ...]
    row: Words
    add: Words
    help: Words | None = None
    most: int = MOST_ROWS
    required: bool = False
    needed: bool = False
    shown_if: Shown | None = None

    @cached_property
    def by_code(self) -> Mapping[str, Field]:
        """The fields by code."""
        return MappingProxyType({field.code: field for field in self.fields})

    def total(self, field: str) -> str:
        """The total that a field of this section adds to, "" for none."""
        return SUMMED.get((self.code, field), "")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the page, with the totals shown at its end."""

    code: str
    words: Words
    totals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form as released. ``fits`` names the kinds of business it is for; a household's officer chooses among its forms."""

    words: Words
    subject: str
    fits: tuple[str, ...]
    steps: tuple[Step, ...]
    sections: tuple[Section, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Section]:
        """The sections by code."""
        return MappingProxyType({section.code: section for section in self.sections})

    @cached_property
    def answers(self) -> Mapping[str, Field]:
        """Every single answer by code."""
        return MappingProxyType(
            {field.code: field for one in self.sections if one.shape == "answers" for field in one.fields}
        )

    def in_step(self, step: str) -> list[Section]:
        """The sections of a step, in order."""
        return [section for section in self.sections if section.step == step]

    def lists(self) -> Iterator[Section]:
        """The sections that hold rows, in order."""
        return (section for section in self.sections if section.shape != "answers")


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a form document from being a form: where, what, and the value that is there."""

    path: str
    code: str
    value: str = ""

    def sentence(self, language: str = "zh") -> str:
        """What is wrong and what to do about it."""
        return FAULTS[self.code][language.startswith("en")].format(value=self.value)


FAULTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "not_a_record": ("这里应是一个对象", "A record belongs here"),
        "not_a_list": ("这里应是一个列表", "A list belongs here"),
        "empty": ("至少要有一项", "At least one entry is needed"),
        "too_many": ("最多 {value} 项", "At most {value} entries"),
        "unknown_key": ("没有“{value}”这一项", "There is no “{value}” here"),
        "code_wrong": ("代码“{value}”不对：小写字母开头，只用小写字母、数字和下划线", "Code “{value}” is wrong: small letters, figures and underscores, a letter first"),
        "code_twice": ("代码“{value}”用了两次", "Code “{value}” is used twice"),
        "code_reserved": ("代码“{value}”由系统使用，请换一个", "Code “{value}” is used by the system; choose another"),
        "words_missing": ("中文和英文名称都要写", "Both the Chinese and the English name are needed"),
        "words_too_long": ("最多 {value} 字", "At most {value} characters"),
        "unknown_choice": ("“{value}”不在可选范围内", "“{value}” is not one of the possibilities"),
        "not_yes_or_no": ("应为 true 或 false", "true or false belongs here"),
        "not_whole": ("应为整数", "A whole number belongs here"),
        "not_a_number": ("“{value}”不是数字", "“{value}” is no number"),
        "range_empty": ("下限高于上限", "The lower limit is above the upper"),
        "options_missing": ("选择题至少要有一个选项", "A choice needs at least one option"),
        "options_unwanted": ("只有选择题有选项", "Only choices have options"),
        "members_only_households": ("只有农户的表有家庭成员", "Only forms for households have members"),
        "members_missing": ("农户的表要有家庭成员和借款人", "A form for households needs members and a borrower"),
        "summed_type": ("“{value}”由系统合计，须是金额", "“{value}” is summed up by the system and must be an amount"),
        "shown_if_unknown": ("显示条件引用的“{value}”不存在，或排在后面", "The condition refers to “{value}”, which does not exist or comes later"),
        "shown_if_value": ("显示条件的取值“{value}”不在选项中", "The condition asks for “{value}”, which is no option"),
        "not_above_unknown": ("“{value}”不是本行的数字项", "“{value}” is no figure of this row"),
        "step_empty": ("步骤“{value}”没有任何内容", "Step “{value}” holds nothing"),
        "gone": ("“{value}”已经发布，档案里可能填过：请停用，不要删去", "“{value}” is released and files may carry it: retire it, do not delete it"),
        "retyped": ("“{value}”的类型已经发布，不能改：停用它，另加一项", "The type of “{value}” is released and stays: retire it and add another"),
        "moved_away": ("“{value}”的存放处已经发布，不能改", "Where “{value}” is kept is released and stays"),
        "at_twice": ("“{value}”已有另一项存放在那里", "Another entry lies at “{value}” already"),
    }
)  # fmt: skip


class _Reader:
    """Walks a form document once and collects its faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def report(self, path: str, code: str, value: object = "") -> None:
        self.faults.append(Fault(path, code, str(value)[:60]))

    def record(self, path: str, value: Any, known: Collection[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.report(path, "not_a_record")
            return {}
        for key in value:
            if key not in known:
                self.report(f"{path}.{key}".strip("."), "unknown_key", key)
        return value

    def items(self, path: str, value: Any, most: int, *, least: int = 0) -> list[Any]:
        if value is None:
            value = []
        if not isinstance(value, list):
            self.report(path, "not_a_list")
            return []
        if len(value) < least:
            self.report(path, "empty")
        if len(value) > most:
            self.report(path, "too_many", most)
        return value[:most]

    def code(self, path: str, value: Any, taken: set[str]) -> str:
        if not isinstance(value, str) or not _CODE.fullmatch(value):
            self.report(path, "code_wrong", value)
            return ""
        if value in taken:
            self.report(path, "code_twice", value)
        taken.add(value)
        return value

    def words(self, path: str, source: Mapping[str, Any], *, longest: int = 60) -> Words:
        zh, en = source.get("zh"), source.get("en")
        if not (isinstance(zh, str) and isinstance(en, str) and zh.strip() and en.strip()):
            self.report(path, "words_missing")
            return Words("—", "—")
        if max(len(zh), len(en)) > longest * 2:
            self.report(path, "words_too_long", longest * 2)
        return Words(zh.strip(), en.strip())

    def more_words(self, path: str, value: Any, *, longest: int = 200) -> Words | None:
        return None if value is None else self.words(path, self.record(path, value, ("zh", "en")), longest=longest)

    def choice(self, path: str, value: Any, known: Collection[str], default: str = "") -> str:
        if value is None and default:
            return default
        if not isinstance(value, str) or value not in known:
            self.report(path, "unknown_choice", value)
            return next(iter(known))
        return value

    def flag(self, path: str, value: Any) -> bool:
        if value is not None and not isinstance(value, bool):
            self.report(path, "not_yes_or_no")
        return value is True

    def whole(self, path: str, value: Any, default: int, most: int) -> int:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.report(path, "not_whole")
            return default
        return value


_FORM_KEYS = ("subject", "fits", "zh", "en", "steps", "sections")
_STEP_KEYS = ("code", "zh", "en", "totals")
_SECTION_KEYS = (
    "code", "step", "shape", "zh", "en", "at", "row", "add", "help", "most", "required", "needed", "shown_if", "fields",
    "retired",
)  # fmt: skip
_FIELD_KEYS = (
    "code", "type", "zh", "en", "at", "help", "unit", "required", "needed", "more", "options", "least", "most", "places",
    "longest", "default", "asset", "not_above", "only_warns", "warns_past", "shown_if", "retired",
)  # fmt: skip
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")


def read_form(document: Any) -> tuple[Form, list[Fault]]:
    """Read a form document; it is a form when no fault is named, and what it holds is bounded either way."""
    read = _Reader()
    source = read.record("", document, _FORM_KEYS)
    subject = read.choice("subject", source.get("subject"), SUBJECTS)
    fits = tuple(str(one) for one in read.items("fits", source.get("fits"), 20))
    words = read.words("", source)
    codes: set[str] = set()
    steps = tuple(
        _step(read, f"steps.{i}", one, codes)
        for i, one in enumerate(read.items("steps", source.get("steps"), MOST_STEPS, least=1))
    )
    sections = _sections(read, source.get("sections"), [step.code for step in steps])
    form = Form(words=words, subject=subject, fits=fits, steps=steps, sections=sections)
    _check(read, form)
    return form, read.faults


def _step(read: _Reader, path: str, value: Any, codes: set[str]) -> Step:
    source = read.record(path, value, _STEP_KEYS)
    listed = read.items(f"{path}.totals", source.get("totals"), len(TOTALS))
    totals = tuple(read.choice(f"{path}.totals.{i}", one, TOTALS) for i, one in enumerate(listed))
    return Step(read.code(f"{path}.code", source.get("code"), codes), read.words(path, source), totals)


def _sections(read: _Reader, value: Any, steps: list[str]) -> tuple[Section, ...]:
    codes: set[str] = set()
    taken: set[str] = set()
    places: set[str] = set()
    answers: dict[str, Field] = {}
    found = []
    for i, one in enumerate(read.items("sections", value, MOST_SECTIONS, least=1)):
        source = read.record(f"sections.{i}", one, _SECTION_KEYS)
        is_retired = read.flag(f"sections.{i}.retired", source.get("retired"))
        asked = dict(answers) if is_retired else answers
        section = _section(read, f"sections.{i}", source, codes, steps or [""], asked, taken)
        if is_retired:
            continue
        found.append(section)
        for at in [section.at] if section.shape != "answers" else [field.at for field in section.fields]:
            if at in places:
                read.report(f"sections.{i}", "at_twice", at)
            places.add(at)
    return tuple(found)


def _section(
    read: _Reader,
    path: str,
    source: dict[str, Any],
    codes: set[str],
    steps: list[str],
    answers: dict[str, Field],
    answer_codes: set[str],
) -> Section:
    code = read.code(f"{path}.code", source.get("code"), codes)
    shape: Any = read.choice(f"{path}.shape", source.get("shape"), SHAPES)
    words = read.words(path, source)
    if (shape == "members") != (code == "members"):
        read.report(f"{path}.code", "code_reserved", code)
    at = _at(read, f"{path}.at", source.get("at"), code)
    shown_if = _shown_if(read, f"{path}.shown_if", source.get("shown_if"), answers)
    own: dict[str, Field] = answers if shape == "answers" else {}
    taken = answer_codes if shape == "answers" else set()
    fields: dict[int, Field] = {}
    for i, one in enumerate(read.items(f"{path}.fields", source.get("fields"), MOST_FIELDS)):
        is_retired = isinstance(one, dict) and read.flag(f"{path}.fields.{i}.retired", one.get("retired"))
        field = _field(read, f"{path}.fields.{i}", one, taken, own, answers, is_answer=shape == "answers")
        if not is_retired:
            own[field.code] = fields[i] = field
    if not fields:
        read.report(f"{path}.fields", "empty")
    _check_limits(read, path, fields)
    for name, total in SUMMED.items():
        if name[0] == code:
            summed = next((one for one in fields.values() if one.code == name[1]), None)
            if summed.type != "yuan" if summed else total not in ("disposable", "cost"):
                read.report(f"{path}.fields", "summed_type", f"{code}.{name[1]}")
    return Section(
        code=code,
        shape=shape,
        step=read.choice(f"{path}.step", source.get("step"), steps),
        words=words,
        at=at,
        fields=tuple(fields.values()),
        row=read.more_words(f"{path}.row", source.get("row")) or words,
        add=read.more_words(f"{path}.add", source.get("add")) or Words("加一行", "Add a row"),
        help=read.more_words(f"{path}.help", source.get("help")),
        most=read.whole(f"{path}.most", source.get("most"), MOST_ROWS, MOST_ROWS),
        required=read.flag(f"{path}.required", source.get("required")),
        needed=read.flag(f"{path}.needed", source.get("needed")),
        shown_if=shown_if,
    )


def _at(read: _Reader, path: str, value: Any, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        read.report(path, "code_wrong", value)
        return default
    return value


def _field(
    read: _Reader,
    path: str,
    value: Any,
    taken: set[str],
    row: Mapping[str, Field],
    answers: Mapping[str, Field],
    *,
    is_answer: bool,
) -> Field:
    source = read.record(path, value, _FIELD_KEYS)
    code = read.code(f"{path}.code", source.get("code"), taken)
    if (is_answer and code in RESERVED) or (not is_answer and code in ("person", "relation", "last", "DELETE")):
        read.report(f"{path}.code", "code_reserved", code)
    kind: Any = read.choice(f"{path}.type", source.get("type"), TYPES)
    options = _options(read, f"{path}.options", source.get("options"))
    if kind in ("choice", "choices") and not options:
        read.report(f"{path}.options", "options_missing")
    if kind not in ("choice", "choices") and options:
        read.report(f"{path}.options", "options_unwanted")
    default = source.get("default")
    if default is not None and not isinstance(default, str | bool):
        read.report(f"{path}.default", "unknown_choice", default)
    needed = source.get("needed")
    return Field(
        code=code,
        type=kind,
        words=read.words(path, source),
        at=_at(read, f"{path}.at", source.get("at"), code),
        help=read.more_words(f"{path}.help", source.get("help")),
        unit=read.more_words(f"{path}.unit", source.get("unit")),
        required=read.flag(f"{path}.required", source.get("required")),
        needed="" if needed is None else read.choice(f"{path}.needed", needed, ("file", "couple")),
        main=not read.flag(f"{path}.more", source.get("more")),
        options=options,
        least=_limit(read, f"{path}.least", source.get("least")),
        most=_limit(read, f"{path}.most", source.get("most")),
        places=read.whole(f"{path}.places", source.get("places"), 0, 4),
        longest=read.whole(f"{path}.longest", source.get("longest"), LONGEST_TEXT, 500),
        default=default,
        asset=read.flag(f"{path}.asset", source.get("asset")),
        not_above=str(source.get("not_above") or ""),
        only_warns=read.flag(f"{path}.only_warns", source.get("only_warns")),
        warns_past=str(source.get("warns_past") or ""),
        shown_if=_shown_if(read, f"{path}.shown_if", source.get("shown_if"), {**answers, **row}),
    )


def _options(read: _Reader, path: str, value: Any) -> tuple[Option, ...]:
    codes: set[str] = set()
    found = []
    for i, one in enumerate(read.items(path, value, MOST_OPTIONS)):
        source = read.record(f"{path}.{i}", one, ("code", "zh", "en", "common", "retired"))
        # Codes of options may be written as banks write their grades.
        code = source.get("code")
        if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z0-9_]{1,40}", code):
            read.report(f"{path}.{i}.code", "code_wrong", code)
            code = ""
        if code in codes:
            read.report(f"{path}.{i}.code", "code_twice", code)
        codes.add(code)
        found.append(
            Option(
                code,
                read.words(f"{path}.{i}", source),
                read.flag(f"{path}.{i}.common", source.get("common")),
                read.flag(f"{path}.{i}.retired", source.get("retired")),
            )
        )
    return tuple(found)


def _limit(read: _Reader, path: str, value: Any) -> str:
    if value is None:
        return ""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _DECIMAL.fullmatch(text):
        read.report(path, "not_a_number", value)
        return ""
    return text


def _shown_if(read: _Reader, path: str, value: Any, known: Mapping[str, Field]) -> Shown | None:
    if value is None:
        return None
    source = read.record(path, value, ("field", "is"))
    name = str(source.get("field") or "")
    values = tuple(str(one) for one in read.items(f"{path}.is", source.get("is"), MOST_OPTIONS, least=1))
    asked = known.get(name)
    if asked is None:
        read.report(f"{path}.field", "shown_if_unknown", name)
        return None
    allowed = {"true", "false"} if asked.type == "yes_no" else set(asked.choices)
    for one in values:
        if one not in allowed:
            read.report(f"{path}.is", "shown_if_value", one)
    return Shown(name, values)


def _check_limits(read: _Reader, path: str, fields: Mapping[int, Field]) -> None:
    figures = {one.code for one in fields.values() if one.type in ("yuan", "number", "whole")}
    for i, field in fields.items():
        if field.least and field.most and float(field.least) > float(field.most):
            read.report(f"{path}.fields.{i}.least", "range_empty")
        for name in (field.not_above, field.warns_past):
            if name and name not in figures:
                read.report(f"{path}.fields.{i}", "not_above_unknown", name)


def _check(read: _Reader, form: Form) -> None:
    """What concerns the form as a whole."""
    has_members = "members" in form.by_code
    if has_members and form.subject != "household":
        read.report("sections", "members_only_households")
    if form.subject == "household" and (not has_members or "borrower" not in form.answers):
        read.report("sections", "members_missing")
    used = {section.step for section in form.sections}
    for i, step in enumerate(form.steps):
        if step.code not in used:
            read.report(f"steps.{i}", "step_empty", step.code)
