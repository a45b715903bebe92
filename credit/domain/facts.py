"""From what is frozen of a household to the facts a credit model asks for (Semantics, sections 3 and 5a).

A model declares its inputs by name. ``reading_of`` knows where each is read: in the frozen facts of the file, among the answers of
the bank's own forms, beside the file (borrower, businesses, lists), or as the median of the village. What is not said is None,
never 0: the model itself declares whether a missing fact has a prescribed value or ends the computation with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from credit.domain.model.document import Figure, Formula, Input, Label, Model
from credit.domain.model.evaluation import Result
from customers.domain.facts import (
    BESIDE,
    BREACH_FIELDS,
    CATALOGUE,
    PLACES,
    AnswerField,
    Breach,
    Type,
    of_village,
)

Fact = str | int | bool | list[dict[str, str | int | None]] | None
"""As the evaluator takes it: amounts are decimal strings in yuan."""
Register = Mapping[tuple[str, str], AnswerField]
"""The questions of the bank's own forms, by where they lie in a file and their type."""
Where = Literal["file", "answer", "flag", "beside", "village"]

FINDINGS: Final[Mapping[str, str]] = MappingProxyType({"gambling_drugs": "gambling_drugs"})
"""Reasons of a list entry that are a qualitative finding of the models: code of the list -> code of the models."""
FINDING_CODES: Final = tuple(FINDINGS.values())
NO_ANSWERS: Final[Register] = MappingProxyType({})


@dataclass(frozen=True)
class Finding:
    """A confirmed entry on a list that a model counts as a qualitative finding: its code, its row and its day."""

    code: str
    entry: int
    on: date


@dataclass(frozen=True)
class Reading:
    """Where an input is read: ``name`` is the fact, or the place among the answers; ``words`` say it to a reader."""

    where: Where
    name: str
    type: Type
    words: Label
    codes: tuple[str, ...] = ()
    place: int = 0
    bit: int = 0

    @property
    def is_list(self) -> bool:
        """Whether the lists say it, on a day of their own."""
        return self.where == "beside" and self.name == "finding"


@dataclass(frozen=True)
class Frozen:
    """Everything that was looked at for one household, as stored numbers: the facts of its file by name, answers by place,
    breaches, and what is read beside the file; ``village`` holds medians by the name of the fact."""

    values: Mapping[str, int | None]
    answers: Sequence[int | None] = ()
    breaches: Sequence[Breach] = ()
    age: int | None = None
    age_months: int | None = None
    sex: str = ""
    businesses: int | None = None
    finding: str = ""
    village: Mapping[str, int | None] = field(default_factory=dict)


def _words(words: Any) -> Label:
    return Label(words.zh, words.en)


SOURCES: Final[Mapping[str, Reading]] = MappingProxyType(
    {
        **{name: Reading("file", name, fact.type, _words(fact.words), fact.codes) for name, fact in CATALOGUE.items()},
        **{
            name: Reading(
                "beside", name, one.type, _words(one.words), FINDING_CODES if name == "finding" else one.codes
            )
            for name, one in BESIDE.items()
        },
    }
)
"""Where every input is read whose name is the same for all banks."""


def reading_of(name: str, wanted: str = "", register: Register = NO_ANSWERS) -> Reading | None:
    """Return where an input is read; ``wanted`` is its type in the model. None: no file can give it."""
    found = SOURCES.get(name)
    if found is None and (fact := of_village(name)) is not None:
        words = Label(
            f"本村有效档案的中位数：{fact.label.zh}", f"median over the village's trusted files: {fact.label.en}"
        )
        found = Reading("village", fact.name, fact.type, words)
    if found is None and (asked := register.get((name, wanted))) is not None:
        label = asked.label or None
        words = Label(label.zh, label.en) if label else Label(name, name)
        found = Reading("answer", name, asked.type, words, asked.codes, asked.place)
    return found if found is not None and wanted in ("", found.type) else None


def readings(model: Model, register: Register = NO_ANSWERS) -> dict[str, Reading]:
    """Return where each input of a model is read; an input no file can give is left out."""
    found = {
        entry.name: _ticked(entry, register) if entry.flag_of else reading_of(entry.name, entry.type.value, register)
        for entry in model.inputs
    }
    return {name: reading for name, reading in found.items() if reading is not None}


def _ticked(entry: Input, register: Register) -> Reading | None:
    """Where one tick of a question with several is read."""
    asked = register.get((entry.flag_of, "flags"))
    if asked is None or entry.flag not in asked.codes:
        return None
    words = Label(asked.label.zh, asked.label.en) if asked.label else entry.label
    return Reading("flag", entry.flag_of, "bool", words, place=asked.place, bit=asked.codes.index(entry.flag))


def unsourced(model: Model, register: Register = NO_ANSWERS) -> list[str]:
    """Inputs a model demands that no file can give: such a model would refuse every household and is not run."""
    known = readings(model, register)
    return [entry.name for entry in model.inputs if entry.missing_reason and entry.name not in known]


def outside(readings: Mapping[str, Reading]) -> list[Reading]:
    """The inputs that are not in the file, in the order in which a fingerprint takes them."""
    return [one for _name, one in sorted(readings.items()) if one.where in ("beside", "village")]


# --- As the reference takes them ------------------------------------------------------------------------------------------


def facts_for(model: Model, frozen: Frozen, register: Register = NO_ANSWERS) -> dict[str, Fact]:
    """The facts a model declares, from what is frozen of a household; JSON-ready, in the order of the model."""
    known = readings(model, register)
    return {entry.name: _fact(entry, known.get(entry.name), frozen) for entry in model.inputs}


def _fact(entry: Input, reading: Reading | None, frozen: Frozen) -> Fact:
    if reading is None:
        return None
    if reading.type == "events":
        return [_breach(one) for one in frozen.breaches] or None
    return shown(reading, stored(reading, frozen))


def stored(reading: Reading, frozen: Frozen) -> int | None:
    """The stored number of an input that is not a list of events."""
    if reading.where == "file":
        return frozen.values.get(reading.name)
    if reading.where in ("answer", "flag"):
        number = frozen.answers[reading.place] if reading.place < len(frozen.answers) else None
        return number if reading.where == "answer" or number is None else number >> reading.bit & 1
    if reading.where == "village":
        return frozen.village.get(reading.name)
    if reading.name in ("sex", "finding"):
        code = frozen.sex if reading.name == "sex" else frozen.finding
        return reading.codes.index(code) if code in reading.codes else None
    return {"age": frozen.age, "age_months": frozen.age_months}.get(reading.name, frozen.businesses)


def shown(reading: Reading, number: int | None) -> Fact:
    """A stored number as the evaluator takes it."""
    if number is None:
        return None
    if reading.type == "choice":
        return reading.codes[number]
    if reading.type == "bool":
        return number == 1
    places = PLACES.get(reading.type, 0)
    return f"{Decimal(number).scaleb(-places):.{places}f}" if places else number


def _breach(one: Breach) -> dict[str, str | int | None]:
    def code(name: str, place: int | None) -> str | None:
        return None if place is None else BREACH_FIELDS[name][place]

    return {
        "days_overdue": one.days_overdue,
        "settled": code("settled", one.settled),
        "measure": code("measure", one.measure),
        "subject": code("subject", one.subject),
    }


# --- What a result is made of ---------------------------------------------------------------------------------------------


def beside(model: Model) -> str:
    """The line a model shows beside its own, such as 最高授信额度: one that its line does not use; "" when there is none."""
    figures: dict[str, Figure] = {figure.name: figure for figure in (*model.derived, *model.lines, model.combined)}
    used: set[str] = set()
    waiting = [model.combined.name]
    while waiting:
        figure = figures.get(waiting.pop())
        if figure is not None and figure.name not in used:
            used.add(figure.name)
            if isinstance(figure.rule, Formula):
                waiting.extend(figure.rule.node.names())
    return next((line.name for line in model.lines if not line.is_part and line.name not in used), "")


def outcome(result: Result, beside_line: str) -> dict[str, Any]:
    """The fields of a stored result, JSON-ready but for exact decimals; amounts in yuan. ``beside_line`` is the model's
    ``beside``."""
    shown = result.values.get(beside_line)
    return {
        "line": result.line,
        "shown": shown if isinstance(shown, Decimal) else None,
        "score": result.score,
        "grade": result.grade or "",
        "reasons": [{"code": reason.code, "input": reason.input} for reason in result.reasons],
        "binding": list(result.binding_caps),
        "remarks": [reason.code for reason in result.remarks],
    }
