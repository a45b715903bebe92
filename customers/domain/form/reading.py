"""What was filled in, read by its form once: the canonical document and everything that is wrong with it, in one pass.

A document is plain JSON. Amounts are yuan as decimal strings with two places ("12345.67"), other figures decimal strings or whole
numbers, days ISO dates; people are references, never names or numbers, so that a person can be erased while the facts stay.
Every way in (page, typing from paper, API, file) reads through ``read``, so that the same answers become the same revision.

    {"version": 1, "borrower": "17", "shares_held": "5000.00", "judgement": "good",
     "members": [{"person": "17", "relation": "head", "labour": "able", "occupation": "farming", "away": false}],
     "assets":  [{"kind": "house", "note": "", "quantity": "1", "current": "200000.00", "disposable": "80000.00"}],
     "performance": {"status": "breached", "breaches": [{"what": "interest", "days_overdue": 45, …}]}, …}

Health is sensitive and is not asked by the forms that are shipped.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from config.lib.money import MoneyError, asks_which_unit, yuan_from_text
from customers.domain import catalogue
from customers.domain.catalogue import Words
from customers.domain.economics import LARGEST, VERSION, Level, Problem, holds_identity, totals
from customers.domain.form.definition import LARGEST_WHOLE, Field, Form, Section, Shown

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,4})?")
_PERSON = re.compile(r"[0-9A-Za-z-]{1,40}")
_ABSENT: Final = (None, "")
MEMBER_FIELDS: Final = ("person", "relation")

Clean = dict[str, Any]


def read(
    form: Form, document: Any, *, today: date, confirmed: Collection[str] = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """The canonical form of a document and everything that is wrong with it.

    The document may be kept when no problem is an error or an unanswered question; ``confirmed`` holds the paths whose question
    the officer has answered with "this is what I mean". Absent optional values are left out of the canonical form.
    """
    reader = _Reader(form, today, confirmed)
    clean = reader.document(document)
    return clean, reader.problems


class _Reader:
    def __init__(self, form: Form, today: date, confirmed: Collection[str]) -> None:
        self.form = form
        self.today = today
        self.confirmed = confirmed
        self.problems: list[Problem] = []
        self.people: list[Any] = []
        self.kinds: Mapping[str, Callable[[str, Field, Any], Any]] = {
            "text": self._text,
            "yuan": self._yuan,
            "number": self._number,
            "whole": self._whole,
            "day": self._day,
            "choice": self._choice,
            "choices": self._choices,
            "yes_no": self._yes_no,
            "member": self._member,
        }

    def report(
        self, path: str, code: str, value: object = "", level: Level = "error", name: Words | None = None
    ) -> None:
        if level != "question" or path not in self.confirmed:
            self.problems.append(Problem(path, code, str(value)[:60], level, name))

    # --- The document ---------------------------------------------------------------------------------------------------

    def document(self, value: Any) -> Clean:
        source = self._record("", value, {"version", *(at.split(".")[0] for at, _part in _places(self.form))})
        if source.get("version", VERSION) != VERSION:
            self.report("version", "version_unknown", source.get("version"))
        held = self._containers(source)
        self.people = (
            [one.get("person") for one in source.get("members") or () if isinstance(one, dict)]
            if isinstance(source.get("members"), list)
            else []
        )
        clean: Clean = {"version": VERSION}
        answers: Clean = {}
        for section in self.form.sections:
            is_shown = _is_shown(section.shown_if, answers)
            if section.shape == "answers":
                self._answers(section, source, held, clean, answers, is_shown=is_shown)
            else:
                self._rows(section, source, held, clean, answers, is_shown=is_shown)
        if self.form.subject == "household":
            self._check_members(clean)
        if not any(problem.level == "error" for problem in self.problems):
            self._check_totals(clean)
        return clean

    def _containers(self, source: Clean) -> dict[str, Clean]:
        """The records that hold answers one level down; a record that is not there holds nothing and asks nothing."""
        inner: dict[str, set[str]] = {}
        for at, _part in _places(self.form):
            if "." in at:
                inner.setdefault(at.split(".")[0], set()).add(at.split(".")[1])
        return {
            name: self._record(name, source[name], known)
            for name, known in inner.items()
            if source.get(name) is not None
        }

    def _found(self, at: str, source: Clean, held: Mapping[str, Clean]) -> tuple[bool, Any]:
        """Whether the place of an answer exists, and what lies there."""
        if "." not in at:
            return True, source.get(at)
        outer, inner = at.split(".")
        return outer in held, held.get(outer, {}).get(inner)

    def _answers(
        self,
        section: Section,
        source: Clean,
        held: Mapping[str, Clean],
        clean: Clean,
        answers: Clean,
        *,
        is_shown: bool,
    ) -> None:
        for field in section.fields:
            is_there, value = self._found(field.at, source, held)
            if not (is_shown and _is_shown(field.shown_if, answers)):
                if value not in _ABSENT:
                    self.report(field.at, "unexpected", name=field.words)
                continue
            kept = self._value(field.at, field, value) if is_there else None
            if kept is not None:
                put(clean, field.at, kept)
                answers[field.code] = kept

    def _rows(
        self,
        section: Section,
        source: Clean,
        held: Mapping[str, Clean],
        clean: Clean,
        answers: Clean,
        *,
        is_shown: bool,
    ) -> None:
        is_there, value = self._found(section.at, source, held)
        if not is_there:
            return
        rows = self._items(section.at, value, section.most)
        if rows and not is_shown:
            self.report(section.at, "unexpected", name=section.words)
        elif section.required and is_shown and not rows:
            self.report(section.at, "rows_missing", name=section.words)
        kept = [self._row(section, f"{section.at}.{i}", row, answers) for i, row in enumerate(rows)]
        put(clean, section.at, kept)

    def _row(self, section: Section, path: str, value: Any, answers: Clean) -> Clean:
        known = [field.code for field in section.fields]
        is_member = section.shape == "members"
        source = self._record(path, value, [*MEMBER_FIELDS, *known] if is_member else known)
        clean: Clean = {}
        if is_member:
            clean["person"] = self._person(f"{path}.person", source.get("person"))
            clean["relation"] = self._of(f"{path}.relation", source.get("relation"), catalogue.RELATIONS)
        for field in section.fields:
            given = source.get(field.code)
            if _is_shown(field.shown_if, {**answers, **clean}):
                clean[field.code] = self._value(f"{path}.{field.code}", field, given)
            elif given not in _ABSENT:
                self.report(f"{path}.{field.code}", "unexpected", name=field.words)
        clean = {name: one for name, one in clean.items() if one is not None}
        self._check_row(section, path, clean)
        return clean

    def _check_row(self, section: Section, path: str, clean: Clean) -> None:
        for field in section.fields:
            mine = clean.get(field.code)
            limit = clean.get(field.not_above) if field.not_above else None
            if mine is not None and limit is not None and Decimal(mine) > Decimal(limit):
                level: Level = "warning" if field.only_warns else "error"
                self.report(f"{path}.{field.code}", "above_other", mine, level, section.by_code[field.not_above].words)
            owed = clean.get(field.warns_past) if field.warns_past else None
            if mine and owed not in (None, "0.00") and mine < self.today.isoformat():
                self.report(f"{path}.{field.code}", "debt_past_due", mine, "warning")

    def _check_members(self, clean: Clean) -> None:
        members = clean.get("members", [])
        people = [member.get("person") for member in members]
        for i, person in enumerate(people):
            if person is not None and person in people[:i]:
                self.report(f"members.{i}.person", "person_twice", person)
        heads = [i for i, member in enumerate(members) if member.get("relation") == "head"]
        if members and not heads:
            self.report("members", "head_missing")
        for i in heads[1:]:
            self.report(f"members.{i}.relation", "head_twice")

    def _check_totals(self, clean: Clean) -> None:
        summed = totals(clean)
        for name in ("assets", "liabilities", "guarantees", "gross_income", "operating_cost", "expenses"):
            if getattr(summed, name) > LARGEST:
                self.report(name, "total_too_large", getattr(summed, name))

    # --- Values, each by its type -----------------------------------------------------------------------------------------

    def _value(self, path: str, field: Field, value: Any) -> Any:
        if value in _ABSENT and field.default is not None:
            value = field.default
            if value == "":
                return ""
        if value in _ABSENT:
            if field.required:
                self.report(path, _MISSING.get(field.type, "answer_missing"), name=field.words)
            return None
        return self.kinds[field.type](path, field, value)

    def _record(self, path: str, value: Any, known: Collection[str]) -> Clean:
        if not isinstance(value, dict):
            self.report(path, "not_a_record", type(value).__name__)
            return {}
        for key in sorted(set(value) - set(known)):
            self.report(f"{path}.{key}" if path else str(key), "field_unknown", key)
        return value

    def _items(self, path: str, value: Any, most: int) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.report(path, "not_a_list", type(value).__name__)
            return []
        if len(value) > most:
            self.report(path, "too_many_items", len(value), name=Words(str(most), str(most)))
            return []
        return value

    def _of(self, path: str, value: Any, known: Collection[str]) -> str | None:
        if value in _ABSENT:
            self.report(path, "choice_missing")
            return None
        if not isinstance(value, str) or value not in known:
            self.report(path, "choice_unknown", value)
            return None
        return value

    def _choice(self, path: str, field: Field, value: Any) -> str | None:
        return self._of(path, value, field.choices)

    def _choices(self, path: str, field: Field, value: Any) -> list[str] | None:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.report(path, "not_a_list", type(value).__name__)
            return None
        for one in value:
            if one not in field.choices:
                self.report(path, "choice_unknown", one)
        if not value and field.required:
            self.report(path, "choice_missing")
        return [code for code in field.choices if code in value] or None

    def _yes_no(self, path: str, field: Field, value: Any) -> bool | None:
        if not isinstance(value, bool):
            self.report(path, "not_yes_or_no", value)
            return None
        return value

    def _yuan(self, path: str, field: Field, value: Any) -> str | None:
        try:
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise MoneyError("float" if isinstance(value, float) else "not_a_number", value)
            amount = yuan_from_text(str(value))
        except MoneyError as error:
            self.report(path, f"amount_{error.code}", value)
            return None
        if amount > LARGEST:
            self.report(path, "amount_too_large", value)
            return None
        if not self._within(path, field, amount, value):
            return None
        if field.asset and asks_which_unit(amount, "yuan"):
            self.report(path, "which_unit", value, "question")
        return f"{amount:.2f}"

    def _number(self, path: str, field: Field, value: Any) -> str | None:
        text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not _NUMBER.fullmatch(text) or len(text.partition(".")[2]) > field.places:
            self.report(path, "number_wrong", value, name=Words(str(field.places), str(field.places)))
            return None
        return text if self._within(path, field, Decimal(text), value) else None

    def _whole(self, path: str, field: Field, value: Any) -> int | None:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_WHOLE:
            self.report(path, "whole_wrong", value)
            return None
        return value if self._within(path, field, Decimal(value), value) else None

    def _within(self, path: str, field: Field, number: Decimal, typed: Any) -> bool:
        least = field.least or "0"
        if number < 0 and field.type == "yuan" and not field.least:
            self.report(path, "amount_negative", typed)
            return False
        if number < Decimal(least) or (field.most and number > Decimal(field.most)):
            limits = f"{least}–{field.most}" if field.most else f"≥ {least}"
            self.report(path, "out_of_range", typed, name=Words(limits, limits))
            return False
        return True

    def _text(self, path: str, field: Field, value: Any) -> str | None:
        if not isinstance(value, str):
            self.report(path, "not_a_text", type(value).__name__)
            return None
        text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
        if len(text) > field.longest:
            self.report(path, "note_too_long", len(text), name=Words(str(field.longest), str(field.longest)))
        if holds_identity(text):
            self.report(path, "note_holds_identity")
            return None
        if not text and field.required:
            self.report(path, "answer_missing", name=field.words)
        return text[: field.longest] if text or field.default == "" else None

    def _day(self, path: str, field: Field, value: Any) -> str | None:
        try:
            found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            found = None
        if found is None or not 1900 <= found.year <= 2199:
            self.report(path, "date_impossible", value)
            return None
        return found.isoformat()

    def _person(self, path: str, value: Any) -> str | None:
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not _PERSON.fullmatch(text):
            self.report(path, "person_missing", value)
            return None
        return text

    def _member(self, path: str, field: Field, value: Any) -> str | None:
        person = self._person(path, value)
        if person is not None and person not in [str(one) for one in self.people]:
            self.report(path, "borrower_not_a_member" if field.code == "borrower" else "not_a_member", person)
        return person


_MISSING: Final = {
    "yuan": "amount_missing",
    "choice": "choice_missing",
    "choices": "choice_missing",
    "member": "person_missing",
}


def _is_shown(condition: Shown | None, answers: Mapping[str, Any]) -> bool:
    if condition is None:
        return True
    given = answers.get(condition.field)
    said = given if isinstance(given, list) else [str(given).lower() if isinstance(given, bool) else given]
    return any(one in condition.values for one in said)


def _places(form: Form) -> Iterator[tuple[str, Any]]:
    """Where everything of a form lies in its document."""
    for section in form.sections:
        if section.shape == "answers":
            yield from ((field.at, field) for field in section.fields)
        else:
            yield section.at, section


def put(document: Clean, at: str, value: Any) -> None:
    """Lay a value at a place of a document, one level down where the place says so."""
    outer, _dot, inner = at.partition(".")
    if inner:
        document.setdefault(outer, {})[inner] = value
    else:
        document[outer] = value


def answer(document: Mapping[str, Any], at: str) -> Any:
    """What lies at a place of a document; None where nothing does."""
    outer, _dot, inner = at.partition(".")
    value = document.get(outer)
    return value.get(inner) if inner and isinstance(value, Mapping) else None if inner else value


# --- Completeness -----------------------------------------------------------------------------------------------------------


def incomplete(form: Form, document: Mapping[str, Any]) -> list[Problem]:
    """What a valid document still lacks to count as complete: what the form needs of every file, and for a household head,
    borrower and borrower's spouse in full (Semantics, section 3); every other member needs name and relation only.

    When the borrower is neither head nor the head's spouse, no relation tells the borrower's spouse, and only head and borrower
    are asked for.
    """
    return [problem for problem in _needed(form, document) if problem is not None]


def score(form: Form, document: Mapping[str, Any]) -> int:
    """Completeness in whole per cent, rounded down: of what the form needs of this file, how much is there."""
    needed = list(_needed(form, document))
    return 100 * sum(problem is None for problem in needed) // len(needed) if needed else 100


def _needed(form: Form, document: Mapping[str, Any]) -> Iterator[Problem | None]:
    """One entry for each thing needed: the problem where it is lacking, None where it is there."""
    answers = {field.code: answer(document, field.at) for field in form.answers.values()}
    if form.subject == "household":
        yield None if document.get("members") else Problem("members", "members_missing")
        yield None if document.get("borrower") else Problem("borrower", "borrower_missing")
        yield from _couple(form, document)
    for section in form.sections:
        if section.shape == "members" or not _is_shown(section.shown_if, answers):
            continue
        if section.needed:
            yield None if answer(document, section.at) else Problem(section.at, "section_missing", name=section.words)
        if section.shape == "answers":
            for field in section.fields:
                if field.needed and field.code != "borrower" and _is_shown(field.shown_if, answers):
                    lacking = answers.get(field.code) in (None, "")
                    yield Problem(field.at, "section_missing", name=field.words) if lacking else None


def _couple(form: Form, document: Mapping[str, Any]) -> Iterator[Problem | None]:
    asked = [field for field in form.by_code["members"].fields if field.needed == "couple"]
    members = document.get("members", [])
    borrower = next((one for one in members if one.get("person") == document.get("borrower")), None)
    has_spouse = borrower is not None and borrower.get("relation") in ("head", "spouse")
    for i, member in enumerate(members):
        if (
            member is borrower
            or member.get("relation") == "head"
            or (has_spouse and member.get("relation") == "spouse")
        ):
            for field in asked:
                yield None if field.code in member else Problem(f"members.{i}.{field.code}", "member_incomplete")
