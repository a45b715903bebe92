"""The visit form: six steps on one page, one submit. It parses; what is right is said by the domain."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import display
from customers.domain import catalogue, members, visits, words
from customers.domain.economics import Problem
from customers.domain.members import Joining, Leaving
from customers.forms import items
from customers.forms.items import ItemForm, Rows, Words, choices, language

SECTIONS = ("members", "assets", "liabilities", "guarantees", "income", "expenses", "needs")
"""Sections that can be taken over with "same as last time", each for itself."""

# What nearly every household has, offered as one tap.
SUGGESTED: Mapping[str, tuple[str, ...]] = {
    "assets": ("house", "town_house", "vehicle", "deposit", "machinery", "livestock"),
    "liabilities": ("own_bank", "other_bank", "private", "credit_card"),
    "income": ("planting", "breeding", "labour", "wage", "commerce", "subsidy"),
    "expenses": ("living", "education", "medical", "gifts"),
    "needs": ("production_loan", "consumer_loan", "card", "mobile_bank", "merchant_code"),
}
_PLACE = re.compile(r"(\w+)\.(\d+)(?:\.(\w+))?$")


class StatementForm(forms.Form):
    """The visit itself and the single answers of the file."""

    client_uuid = Words(widget=forms.HiddenInput(attrs={"data-uuid": True}))
    device_at = Words(widget=forms.HiddenInput(attrs={"data-device-time": True}))
    latitude = Words(widget=forms.HiddenInput(attrs={"data-latitude": True}))
    longitude = Words(widget=forms.HiddenInput(attrs={"data-longitude": True}))
    accuracy = Words(widget=forms.HiddenInput(attrs={"data-accuracy": True}))
    step = Words(widget=forms.HiddenInput(attrs={"data-step-kept": True}))
    base = Words(widget=forms.HiddenInput)
    purpose = Words(label=gettext_lazy("走访目的"), required=True, widget=forms.RadioSelect)
    outcome = Words(label=gettext_lazy("走访结果"), required=True, widget=forms.RadioSelect)
    person_met = Words(label=gettext_lazy("见到谁"), widget=forms.Select)
    partner = Words(label=gettext_lazy("同访人"), widget=forms.Select)
    consent = Words(label=gettext_lazy("是否同意采集"), required=True, widget=forms.RadioSelect)
    visit_only = forms.BooleanField(label=gettext_lazy("只提交走访，不保存已填的档案内容"), required=False)
    borrower = Words(
        label=gettext_lazy("借款人"),
        help_text=gettext_lazy("一户只能有一位借款人"),
        widget=forms.Select,
    )
    shares_held = items.amount(gettext_lazy("本行股金"))
    status = Words(label=gettext_lazy("履约情况"), widget=forms.RadioSelect)
    judgement = Words(label=gettext_lazy("综合评价"), widget=forms.RadioSelect)
    grade = Words(label=gettext_lazy("评定等级"), widget=forms.RadioSelect)
    note = Words(
        label=gettext_lazy("备注"),
        help_text=gettext_lazy("不写身份证号和手机号"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": visits.LONGEST_NOTE}),
    )
    next_visit_on = items.day(gettext_lazy("下次走访"))

    def value(self, name: str) -> str:
        """Return what stands in a field, as typed."""
        return str(self[name].value() or "").strip()


def _labels(kinds: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in kinds]


class VisitForm:
    """Everything a visit page holds. ``base`` is the document whose values stand beside the fields; ``fill`` one that stands in
    them (a file that came back); ``remarks`` the checker's words by path."""

    def __init__(
        self,
        *,
        people: list[Any],
        colleagues: list[Any],
        purposes: list[tuple[str, Any]],
        outcomes: list[tuple[str, Any]],
        standing_on: date | None = None,
        has_notice: bool = True,
        base: Mapping[str, Any] | None = None,
        base_number: int = 0,
        fill: Mapping[str, Any] | None = None,
        remarks: Iterable[Mapping[str, str]] = (),
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.people = people
        self.base = base or {}
        self.base_number = base_number
        self.data = data
        fill = fill or {}
        self.visit = StatementForm(data, initial=self._initial(fill) | dict(initial or {}))
        self._fill_choices(colleagues, purposes, outcomes, standing_on, has_notice)
        self.rows = {
            name: Rows(
                name,
                form,
                data=data,
                initial=self._rows_initial(name, fill),
                base=self.base.get(name, ()),
            )
            for name, form in (
                ("assets", items.AssetForm),
                ("liabilities", items.LiabilityForm),
                ("guarantees", items.GuaranteeForm),
                ("income", items.IncomeForm),
                ("expenses", items.ExpenseForm),
                ("needs", items.NeedForm),
            )
        }
        performance = (fill or self.base).get("performance") or {}
        self.rows["breaches"] = Rows(
            "breaches", items.BreachForm, data=data, initial=performance.get("breaches", ()) if fill else (), limit=20
        )
        self.rows["members"] = self._members(fill)
        self.rows["joining"] = Rows("joining", items.JoiningForm, data=data, limit=members.MOST)
        for name, codes in SUGGESTED.items():
            kinds = type(self.rows[name].empty).kinds
            self.rows[name].suggested = [(code, kinds[code].label(language())) for code in codes]
        self.problems = 0
        self.photo_errors: list[str] = []
        self.remarks: list[str] = []
        for remark in remarks:
            self._place_remark(remark.get("path", ""), remark.get("text", ""))

    # --- What stands in the fields at first ---------------------------------------------------------------------------

    def _initial(self, fill: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            "base": self.base_number,
            "borrower": fill.get("borrower") or self.base.get("borrower") or self._head(),
        }
        if fill:
            found |= {name: fill.get(name, "") for name in ("shares_held", "judgement", "grade")}
            found["status"] = (fill.get("performance") or {}).get("status", "")
        return found

    def _head(self) -> str:
        return next((str(person.pk) for person in self.people if person.relation == "head"), "")

    def _rows_initial(self, name: str, fill: Mapping[str, Any]) -> list[dict[str, Any]]:
        if fill:
            return [{key: items._text(value) for key, value in item.items()} for item in fill.get(name, ())]
        return [
            {"last": str(place), "kind": item.get("kind", ""), "note": item.get("note", "")}
            for place, item in enumerate(self.base.get(name, ()))
        ]

    def _members(self, fill: Mapping[str, Any]) -> Rows:
        last = {str(member.get("person")): (place, member) for place, member in enumerate(self.base.get("members", ()))}
        filled = {str(member.get("person")): member for member in fill.get("members", ())}
        initial = []
        for person in self.people:
            shown = {"person": str(person.pk), "relation": person.relation}
            if str(person.pk) in last and not fill:
                shown["last"] = str(last[str(person.pk)][0])
            shown |= {
                name: value
                for name, value in filled.get(str(person.pk), {}).items()
                if name in ("labour", "occupation", "away")
            }
            initial.append(shown)
        rows = Rows("members", items.MemberForm, data=self.data, initial=initial, base=self.base.get("members", ()))
        known = {str(person.pk): person for person in self.people}
        for row in rows:
            row.who = known.get(row.value("person"))
        return rows

    def _fill_choices(
        self,
        colleagues: list[Any],
        purposes: list[tuple[str, Any]],
        outcomes: list[tuple[str, Any]],
        standing_on: date | None,
        has_notice: bool,
    ) -> None:
        consents = [("spoken", _("已宣读，口头同意")), ("signed", _("已签字同意")), ("none", _("不同意采集"))]
        if standing_on is not None:
            consents.insert(0, ("standing", _("此前已同意（%(day)s）") % {"day": standing_on.isoformat()}))
        if not has_notice:
            consents = consents[-1:]
        named = [(str(person.pk), f"{person.name}（{person.get_relation_display()}）") for person in self.people]
        options: dict[str, list[tuple[str, str]]] = {
            "purpose": _labels(purposes),
            "outcome": _labels(outcomes),
            "consent": _labels(consents),
            "person_met": [("", _("请选择")), *named],
            "borrower": [("", _("请选择")), *named],
            "partner": [("", _("没有同访人")), *((str(staff.pk), str(staff)) for staff in colleagues)],
            "status": choices(catalogue.PERFORMANCE),
            "judgement": choices(catalogue.JUDGEMENTS),
            "grade": choices(catalogue.GRADES),
        }
        for name, found in options.items():
            self.visit.fields[name].widget.choices = found

    @property
    def lasts(self) -> dict[str, str]:
        """The single answers last accepted, in words, to stand beside their fields."""
        base, found = self.base, {}
        for name, kinds in (("judgement", catalogue.JUDGEMENTS), ("grade", catalogue.GRADES)):
            if base.get(name):
                found[name] = _("上次：%(value)s") % {"value": catalogue.labels([base[name]], kinds, language())[0]}
        status = (base.get("performance") or {}).get("status")
        if status:
            label = catalogue.labels([status], catalogue.PERFORMANCE, language())[0]
            found["status"] = _("上次：%(value)s") % {"value": label}
        if base.get("shares_held"):
            found["shares_held"] = display.yuan_figure(base["shares_held"])
        return found

    # --- What was sent --------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return the arguments of a submission, photos apart."""
        value = self.visit.value
        confirmed = self._confirmed()
        visit_only = bool(self.visit["visit_only"].value())
        return {
            "joining": () if visit_only else tuple(_joining(row) for row in self.rows["joining"].kept()),
            "leaving": () if visit_only else tuple(_leaving(row) for row in self.leavers()),
            "client_uuid": _uuid(value("client_uuid")),
            "purpose": value("purpose"),
            "outcome": value("outcome"),
            "device_at": _instant(value("device_at")),
            "partner_id": _number(value("partner")),
            "person_met_id": _number(value("person_met")),
            "consent": value("consent") if value("outcome") in visits.FILED_OUTCOMES else "",
            "document": self.document(),
            "confirmed": confirmed,
            "same": frozenset(name for name in SECTIONS if self.data.get(f"same-{name}")),
            **self._position(),
            "note": value("note"),
            "next_visit_on": parse_day(value("next_visit_on")),
            "unreadable": self._unreadable(),
        }

    def leavers(self) -> list[ItemForm]:
        """The rows of members of whom the officer said that they are no longer here."""
        return [row for row in self.rows["members"] if isinstance(row, items.MemberForm) and row.has_left()]

    def _unreadable(self) -> tuple[Problem, ...]:
        days = [("next_visit_on", "next_visit_wrong", self.visit.value("next_visit_on"))]
        for i, row in enumerate(self.rows["joining"].kept()):
            days.append((f"joining.{i}.born_on", "born_wrong", row.value("born_on")))
        for i, row in enumerate(self.leavers()):
            days.append((f"leaving.{i}.on", "leaving_day_wrong", row.value("left_on")))
        return tuple(Problem(path, code, text[:20]) for path, code, text in days if text and parse_day(text) is None)

    def document(self) -> dict[str, Any] | None:
        """Return the file as typed; None when nothing was said about the household, or only the visit is to be sent."""
        value = self.visit.value
        singles = any(value(name) for name in ("shares_held", "status", "judgement", "grade"))
        told = (
            rows for name, rows in self.rows.items() if name != "joining"
        )  # who came is no answer about the household
        said = singles or any(row.says_something() for rows in told for row in rows)
        if not said or self.visit["visit_only"].value():
            return None
        breaches = self.rows["breaches"].items()
        performance = {"status": value("status"), "breaches": breaches} if value("status") or breaches else None
        return {
            "version": 1,
            "borrower": value("borrower"),
            "shares_held": value("shares_held"),
            "judgement": value("judgement"),
            "grade": value("grade"),
            "performance": performance,
            **{name: self.rows[name].items() for name in SECTIONS},
        }

    def _position(self) -> dict[str, Decimal | None]:
        value = self.visit.value
        latitude = _decimal(value("latitude"), Decimal(90), 6)
        longitude = _decimal(value("longitude"), Decimal(180), 6)
        accuracy = _decimal(value("accuracy"), Decimal(999_999), 1)
        if latitude is None or longitude is None:
            return {"latitude": None, "longitude": None, "accuracy_m": None}
        return {"latitude": latitude, "longitude": longitude, "accuracy_m": accuracy}

    def _confirmed(self) -> frozenset[str]:
        """Return the paths whose question was answered for the very value that stands there."""
        found = set()
        answers = set(self.data.getlist("confirmed"))
        for name in SECTIONS:
            for place, row in enumerate(self.rows[name].kept()):
                found |= {
                    f"{name}.{place}.{field}"
                    for field in row.typed
                    if f"{row[field].html_name}={row.value(field)}" in answers
                }
        return frozenset(found)

    # --- Findings, each beside its field ---------------------------------------------------------------------------------

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Put every finding that stands in the way beside its field."""
        for problem in problems:
            if problem.level != "warning":
                self.problems += 1
                self._place(problem)

    def _place(self, problem: Problem) -> None:
        text = sentence(problem)
        path = problem.path.removeprefix("performance.")
        found = _PLACE.match(path)
        if found and (found[1] in self.rows or found[1] == "leaving"):
            row, field = self._row(found[1], int(found[2])), found[3] or ""
            if found[1] == "leaving":
                field = f"left_{field}"
            if row is not None and field in row.fields:
                row.add_error(field, text)
                if problem.level == "question":
                    row.asks[field] = f"{row[field].html_name}={row.value(field)}"
                return
        if path == "photos":
            self.photo_errors.append(text)
        elif path in self.rows:
            self.rows[path].notes.append(text)
        elif path in self.visit.fields:
            self.visit.add_error(path, text)
        else:
            self.visit.add_error(None, text)

    def _row(self, name: str, place: int) -> ItemForm | None:
        if name != "leaving":
            return self.rows[name].row(place)
        leavers = self.leavers()
        return leavers[place] if place < len(leavers) else None

    def _place_remark(self, path: str, text: str) -> None:
        found = _PLACE.match(path.removeprefix("performance."))
        if found and found[1] in self.rows and not self.data:
            row = self.rows[found[1]].row(int(found[2]))
            if row is not None:
                if found[3] in row.fields:
                    row.remarks[found[3]] = text
                else:
                    row.remark = text
                return
        name = path.split(".")[0]
        if name in self.rows:
            self.rows[name].remarks.append(text)
        else:
            self.remarks.append(text)


def sentence(problem: Problem) -> str:
    """What a finding means and what to do, in the reader's language."""
    for source in (visits, members):
        if problem.code in source.SENTENCES:
            return source.sentence(problem.code, problem.value, language())
    return words.sentence(problem.code, problem.value, language())


def _joining(row: ItemForm) -> Joining:
    return Joining(
        name=row.value("name"),
        relation=row.value("relation"),
        born_on=parse_day(row.value("born_on")),
        id_number=row.value("id_number")[:40],
        labour=row.value("labour"),
        occupation=row.value("occupation"),
        away=bool(row["away"].value()),
    )


def _leaving(row: ItemForm) -> Leaving:
    return Leaving(
        person=_number(row.value("person")), reason=row.value("left_reason"), on=parse_day(row.value("left_on"))
    )


def _uuid(text: str) -> UUID:
    # Without scripts there is no client's UUID; the server's own then makes the submit a first one.
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _instant(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def parse_day(text: str) -> date | None:
    """Read a date as a date field sends it; None for what is no date."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    # What is chosen but no number becomes 0, which names nobody and is refused; nothing chosen stays nothing.
    return None if not text else int(text) if text.isdigit() and len(text) < 19 else 0


def _decimal(text: str, largest: Decimal, places: int) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) > largest:
        return None
    return found.quantize(Decimal(1).scaleb(-places))
