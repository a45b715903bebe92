"""The sheets of a file of visits: what names the household, business or unit of a row, what is said of the visit, and every
question of the form as a column of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from customers.domain import entities
from customers.domain.catalogue import Words
from customers.domain.form import Field, Form, Section
from customers.domain.roster.cells import household_number

ANSWERS: Final = "answers"
OPTIONS: Final = "options"

Cells = dict[str, str]
Key = tuple[str, ...]
"""What names the subject of a row, in the order of its key columns."""

_HOUSEHOLD: Final = (
    ("key.village", Words("村代码", "village code")),
    ("key.number", Words("户号", "household number")),
)
_ENTITY: Final = (
    ("key.uscc", Words("统一社会信用代码", "credit code")),
    ("key.grid", Words("网格", "grid")),
    ("key.name", Words("名称", "name")),
)
KEYS: Final[Mapping[str, tuple[tuple[str, Words], ...]]] = {
    "household": _HOUSEHOLD,
    "business": _ENTITY,
    "unit": _ENTITY,
}
"""Subject kind of a form -> the columns that name whom a row is about, each with its words. The last one carries the findings."""

_VISIT: Final = (
    ("visit.on", Words("走访日期", "day of the visit")),
    ("visit.at", Words("时间", "time")),
    ("visit.lead", Words("走访人工号", "visited by (staff number)")),
    ("visit.purpose", Words("走访目的", "purpose")),
    ("visit.channel", Words("走访方式", "how met")),
    ("visit.called", Words("打给谁", "who was called")),
    ("visit.outcome", Words("走访结果", "outcome")),
    ("visit.person_met", Words("见到谁", "person met")),
    ("visit.met_role", Words("见到谁", "whom you met")),
    ("visit.consent", Words("是否同意采集", "consent")),
    ("visit.sure", Words("金额确认无误", "amounts are meant so")),
    ("visit.next_visit_on", Words("下次走访", "next visit")),
    ("visit.note", Words("备注", "note")),
)
MEMBER: Final = (("member.name", Words("姓名", "name")), ("member.relation", Words("与户主关系", "relation")))

# What may stand in the columns of the visit: code -> words.
SAID: Final[Mapping[str, Mapping[str, Words]]] = {
    "visit.purpose": {
        "census": Words("普查建档", "census"),
        "revisit": Words("回访更新", "return visit"),
        "signing": Words("签约服务", "signing"),
        "other": Words("其他", "other"),
    },
    "visit.channel": {
        "site": Words("上门", "at the door"),
        "video": Words("视频", "video call"),
        "phone": Words("电话", "by phone"),
    },
    "visit.called": {"self": Words("本人", "the customer"), "home": Words("家中联系人", "contact at home")},
    "visit.outcome": {
        "interviewed": Words("已面谈", "interviewed"),
        "partial": Words("部分了解", "partly known"),
        "refused": Words("拒访", "refused"),
        "away": Words("举家外出（已联系）", "away (contacted)"),
        "nobody": Words("无人在家", "nobody at home"),
        "moved": Words("已搬离", "moved away"),
    },
    "visit.met_role": {
        "principal": Words("负责人", "whoever answers for it"),
        "employee": Words("店员或员工", "an employee"),
        "family": Words("家里人", "family"),
        "other": Words("其他人", "somebody else"),
    },
    "visit.consent": {
        "standing": Words("此前已同意", "given before"),
        "spoken": Words("已宣读，口头同意", "read out, spoken consent"),
        "signed": Words("已签字同意", "signed"),
        "none": Words("不同意采集", "no consent"),
    },
}


def visit_columns(subject: str) -> tuple[tuple[str, Words], ...]:
    """Return what a file says of the visit: at a business or unit a role was met, in a household a member."""
    other = "visit.met_role" if subject == "household" else "visit.person_met"
    return tuple(one for one in _VISIT if one[0] != other)


# --- Whom a row is about ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """A present member of a household as a file names him."""

    person: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class Target:
    """The household, business or unit a key names, by its subject's id, with the present members of a household."""

    place: int
    members: Sequence[Member] = ()


def key_of(subject: str, cells: Mapping[str, str]) -> Key:
    """Return whom a row is about, in one spelling."""
    if subject == "household":
        return cells.get("key.village", "").replace(" ", ""), household_number(cells.get("key.number", ""))
    code = cells.get("key.uscc", "").replace(" ", "").upper()
    return code, entities.clean(cells.get("key.grid", "")), entities.clean(cells.get("key.name", ""))


def says_whom(subject: str, key: Key) -> bool:
    """Whether a key names anybody: village and number; a credit code, or grid and name."""
    return all(key) if subject == "household" else bool(key[0]) or all(key[1:])


def key_cells(subject: str, key: Key) -> Cells:
    """Return a key as the cells that say it."""
    return dict(zip((code for code, _words in KEYS[subject]), key, strict=True))


def called(name: str, number: int, names: Sequence[str]) -> str:
    """Return what something is called in a file: by name, by name@number where several of ``names`` are the same."""
    return name if names.count(name) == 1 else f"{name}@{number}"


# --- Columns ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One column: code, words, unit, and the question behind it (None: the key, the visit, a member's name)."""

    code: str
    words: Words
    asked: Field | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook."""

    code: str
    words: Words
    columns: tuple[Column, ...]
    section: Section | None = None


def sheets_of(form: Form) -> list[Sheet]:
    """Return the sheets of a form's workbook; a field that is added to the form is a column here."""
    key = tuple(Column(code, label) for code, label in KEYS[form.subject])
    visit = tuple(Column(code, label) for code, label in visit_columns(form.subject))
    answers = tuple(Column(asked.code, asked.words, asked) for asked in form.answers.values())
    found = [Sheet(ANSWERS, Words("答案", "Answers"), key + visit + answers)]
    for section in form.lists():
        more = tuple(Column(code, label) for code, label in MEMBER) if section.shape == "members" else ()
        fields = tuple(Column(asked.code, asked.words, asked) for asked in section.fields)
        found.append(Sheet(section.code, section.words, key + more + fields, section))
    return found
