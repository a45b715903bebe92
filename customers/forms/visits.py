"""The visit form: steps on one page, one submit; what is asked comes from the released form. It parses; what is right is said by
the domain."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.domain import consents, members, visits, words
from customers.domain.contacts import AWAY, HOME, REFUSED, Terms
from customers.domain.diff import TOTALS as TOTAL_WORDS
from customers.domain.economics import Problem, totals
from customers.domain.form import Field, Form, Section
from customers.domain.form.definition import SUMMED, TOTALS
from customers.domain.form.reading import answer, put
from customers.domain.members import Joining, Leaving
from customers.domain.prices import SECTION as PRICED
from customers.domain.prices import Price
from customers.forms import items
from customers.forms.contacts import ways as contact_ways
from customers.forms.items import Cell, ItemForm, Rows, Words, control, form_of, language
from customers.forms.typed import decimal_of, instant_of, minutes_of, number_of, parse_day, picture_of, uuid_of
from customers.selectors.ranges import Range

# Ways of giving consent on this visit, as the script reads them.
GIVEN_ANEW = "spoken drawn photo"
_PLACE = re.compile(r"([\w.]+?)\.(\d+)(?:\.(\w+))?$")


class StatementForm(forms.Form):
    """The visit itself and the single answers of the file, which the released form asks."""

    client_uuid = Words(widget=forms.HiddenInput(attrs={"data-uuid": True}))
    device_at = Words(widget=forms.HiddenInput(attrs={"data-device-time": True}))
    latitude = Words(widget=forms.HiddenInput(attrs={"data-latitude": True}))
    longitude = Words(widget=forms.HiddenInput(attrs={"data-longitude": True}))
    accuracy = Words(widget=forms.HiddenInput(attrs={"data-accuracy": True}))
    opened_at = Words(widget=forms.HiddenInput(attrs={"data-opened": True}))
    dwell = Words(widget=forms.HiddenInput(attrs={"data-dwell": True}))
    step = Words(widget=forms.HiddenInput(attrs={"data-step-kept": True}))
    base = Words(widget=forms.HiddenInput)
    form = Words(widget=forms.HiddenInput)
    purpose = Words(label=gettext_lazy("走访目的"), required=True, widget=forms.RadioSelect)
    channel = Words(label=gettext_lazy("走访方式"), required=True, widget=forms.RadioSelect)
    called = Words(
        label=gettext_lazy("打给谁"),
        required=True,
        widget=forms.RadioSelect(attrs={"data-shown-field": "channel", "data-shown-values": visits.PHONE}),
    )
    outcome = Words(label=gettext_lazy("走访结果"), required=True, widget=forms.RadioSelect)
    person_met = Words(label=gettext_lazy("见到谁"), widget=forms.Select)
    met_role = Words(label=gettext_lazy("见到谁"), widget=forms.RadioSelect)
    partner = Words(label=gettext_lazy("同访人"), widget=forms.Select)
    consent = Words(label=gettext_lazy("是否同意采集"), required=True, widget=forms.RadioSelect)
    scopes = items.ManyWords(
        label=gettext_lazy("逐项征求，另外还同意"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"data-shown-field": "consent", "data-shown-values": GIVEN_ANEW}),
    )
    credit_purpose = Words(
        label=gettext_lazy("征信查询用途"),
        required=True,
        widget=forms.Select(attrs={"data-shown-field": "scopes", "data-shown-values": consents.CREDIT_QUERY}),
    )
    signature = Words(widget=forms.HiddenInput(attrs={"data-signature-kept": True}))
    guardian = Words(label=gettext_lazy("监护人"), widget=forms.Select)
    cannot_decide = forms.BooleanField(label=gettext_lazy("见到的人不能自己决定，由监护人同意"), required=False)
    visit_only = forms.BooleanField(label=gettext_lazy("只提交走访，不保存已填的档案内容"), required=False)
    note = Words(
        label=gettext_lazy("备注"),
        help_text=gettext_lazy("不写身份证号和手机号"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": visits.LONGEST_NOTE}),
    )
    next_visit_on = items.day(gettext_lazy("下次走访"))
    plan_way = Words(label=gettext_lazy("怎么联系"), required=True, widget=forms.Select)
    plan_contact = Words(
        label=gettext_lazy("通过家里谁"),
        required=True,
        widget=forms.Select(attrs={"data-shown-field": "plan_way", "data-shown-values": HOME}),
    )
    plan_returns = items.day(gettext_lazy("预计返乡"))

    def value(self, name: str) -> str:
        """Return what stands in a field, as typed."""
        return str(self[name].value() or "").strip()


@dataclass
class Part:
    """One section on the page: its rows, or the cells of its answers."""

    section: Section
    rows: Rows | None = None
    cells: list[Cell] = field(default_factory=list)
    title: str = ""
    help: str = ""

    @property
    def shown_field(self) -> str:
        """The answer that decides whether the section is shown, "" for always."""
        return self.section.shown_if.field if self.section.shown_if else ""

    @property
    def shown_values(self) -> str:
        """The values that show it."""
        return " ".join(self.section.shown_if.values) if self.section.shown_if else ""


@dataclass
class PageStep:
    """One step of the page with its sections and the totals under them."""

    title: str
    parts: list[Part]
    totals: list["PageTotal"]


@dataclass(frozen=True)
class PageTotal:
    """A running total: ``sum`` as the script reads it, the total last accepted, and the middle half of the village in yuan."""

    label: str
    sum: str
    last: Decimal | None = None
    usual: Range | None = None

    @property
    def is_net(self) -> bool:
        """Whether it is a difference, which the last look before sending shows again."""
        return " - " in self.sum


def _labels(kinds: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in kinds]


class VisitForm:
    """Everything a visit page holds. ``definition`` is the form in force (None: only the visit can be kept); ``base`` the document
    whose values stand beside the fields; ``fill`` one that stands in them (a file that came back); ``remarks`` the checker's words
    by path."""

    is_typed = False

    def __init__(
        self,
        *,
        definition: Form | None,
        form_key: str = "",
        people: list[Any],
        colleagues: list[Any],
        purposes: list[tuple[str, Any]],
        outcomes: list[tuple[str, Any]],
        channels: list[tuple[str, Any]],
        met_roles: list[tuple[str, Any]] | None = None,
        standing_on: date | None = None,
        has_notice: bool = True,
        offered: Sequence[str] = (),
        guardians: Sequence[Any] = (),
        base: Mapping[str, Any] | None = None,
        base_number: int = 0,
        fill: Mapping[str, Any] | None = None,
        remarks: Iterable[Mapping[str, str]] = (),
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
        usual: Mapping[str, Range] | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.usual = usual or {}
        self.prices = prices or {}
        self.definition = definition
        self.people = people
        self.base = base or {}
        self.base_number = base_number
        self.data = data
        fill = fill or {}
        self.named = [(str(person.pk), f"{person.name}（{person.get_relation_display()}）") for person in people]
        self.visit = StatementForm(data, initial=self._initial(fill, form_key) | dict(initial or {}))
        for asked in definition.answers.values() if definition else ():
            total = SUMMED.get(("", asked.code), "")
            self.visit.fields[asked.code] = control(asked, total=total, is_row=False, people=self.named)
            items.offer_held(
                self.visit.fields[asked.code], asked, self.visit[asked.code].value(), answer(self.base, asked.at)
            )
        self.visit.fields["met_role"].widget.choices = _labels(met_roles or ())
        self._fill_choices(colleagues, purposes, outcomes, channels, standing_on, has_notice)
        self._fill_consent(offered, guardians)
        self.rows: dict[str, Rows] = {}
        for section in definition.lists() if definition else ():
            self.rows[section.code] = self._section_rows(section, fill)
        if "members" in self.rows:
            self.rows["joining"] = self._joining_rows()
        self.problems = 0
        self._questions: set[str] = set()
        self.photo_errors: list[str] = []
        self.remarks: list[str] = []
        self.answer_remarks: dict[str, str] = {}
        for remark in remarks:
            self._place_remark(remark.get("path", ""), remark.get("text", ""))

    # --- What stands in the fields at first ---------------------------------------------------------------------------

    def _initial(self, fill: Mapping[str, Any], form_key: str) -> dict[str, Any]:
        found: dict[str, Any] = {"base": self.base_number, "form": form_key}
        if self.definition is None:
            return found
        if fill:
            for asked in self.definition.answers.values():
                value = answer(fill, asked.at)
                if value is not None:
                    found[asked.code] = value if isinstance(value, bool | list) else items._text(value)
        found["borrower"] = fill.get("borrower") or self.base.get("borrower") or self._head()
        return found

    def _head(self) -> str:
        return next((str(person.pk) for person in self.people if person.relation == "head"), "")

    def _section_rows(self, section: Section, fill: Mapping[str, Any]) -> Rows:
        base = answer(self.base, section.at) or ()
        if section.shape == "members":
            initial = self._members_initial(fill)
        elif fill:
            initial = [items.initial_of(row) for row in answer(fill, section.at) or ()]
        elif section.shown_if is not None:
            initial = []  # whether it applies is asked anew
        else:
            kept = ("kind", "member", "note", "name")
            initial = [
                {"last": str(place), **{name: row[name] for name in kept if name in row and name in section.by_code}}
                for place, row in enumerate(base)
            ]
        rows = Rows(
            section.code,
            form_of(section),
            data=self.data,
            initial=initial,
            base=base if section.shown_if is None else (),
            people=self.named,
            limit=section.most,
        )
        if section.code == PRICED:
            rows.offer(self.prices)
        known = {str(person.pk): person for person in self.people}
        for row in rows if section.shape == "members" else ():
            row.who = known.get(row.value("person"))
        return rows

    def _joining_rows(self) -> Rows:
        rows = Rows("joining", items.JoiningForm, data=self.data, limit=members.MOST)
        rows.title, rows.label, rows.add = _("新增成员"), _("一位新成员"), _("加一位成员")
        return rows

    def _members_initial(self, fill: Mapping[str, Any]) -> list[dict[str, Any]]:
        last = {str(member.get("person")): place for place, member in enumerate(self.base.get("members", ()))}
        filled = {str(member.get("person")): member for member in fill.get("members", ())}
        initial = []
        for person in self.people:
            key = str(person.pk)
            shown: dict[str, Any] = items.initial_of(filled.get(key, {}))
            if key in last and not fill:
                shown["last"] = str(last[key])
            initial.append(shown | {"person": key, "relation": person.relation})
        return initial

    def _fill_choices(
        self,
        colleagues: list[Any],
        purposes: list[tuple[str, Any]],
        outcomes: list[tuple[str, Any]],
        channels: list[tuple[str, Any]],
        standing_on: date | None,
        has_notice: bool,
    ) -> None:
        ways = [
            ("spoken", _("已宣读，口头同意")),
            *(
                # The sheet that was signed is the photo beside it.
                [("signed", _("已签字同意"))]
                if self.is_typed
                else [("drawn", _("当场在屏幕上签名")), ("photo", _("纸上签字，拍照"))]
            ),
            ("none", _("不同意采集")),
        ]
        if standing_on is not None:
            ways.insert(0, ("standing", _("此前已同意（%(day)s）") % {"day": standing_on.isoformat()}))
        if not has_notice:
            ways = ways[-1:]
        options: dict[str, list[tuple[str, str]]] = {
            "purpose": _labels(purposes),
            "channel": _labels(channels),
            "called": [(visits.CALLED[0], _("本人")), (visits.CALLED[1], _("家中联系人"))],
            "outcome": _labels(outcomes),
            "consent": _labels(ways),
            "person_met": [("", _("请选择")), *self.named],
            "plan_contact": [("", _("请选择")), *self.named],
            "plan_way": [("", _("不做联系计划")), *_labels(contact_ways(has_members=bool(self.named)))],
            "partner": [("", _("没有同访人")), *((str(staff.pk), str(staff)) for staff in colleagues)],
        }
        for name, found in options.items():
            self.visit.fields[name].widget.choices = found

    def _fill_consent(self, offered: Sequence[str], guardians: Sequence[Any]) -> None:
        words_in = language()
        purposes = [
            ("", _("请选择")),
            ("lending", _("审批贷款")),
            ("post_loan", _("贷后管理")),
            ("guarantee", _("审查担保人")),
        ]
        self.visit.fields["scopes"].widget.choices = [
            (scope, f"{consents.scope_name(scope, words_in)}（{consents.scope_note(scope, words_in)}）")
            for scope in offered
            if scope != consents.COLLECTION
        ]
        self.visit.fields["credit_purpose"].widget.choices = purposes
        people = {str(person.pk): name for person, (_pk, name) in zip(self.people, self.named, strict=True)}
        adults = [(str(one.pk), people[str(one.pk)]) for one in guardians]
        self.visit.fields["guardian"].widget.choices = [("", _("见到的人就是监护人")), *adults]

    # --- What the template writes ------------------------------------------------------------------------------------------

    def steps(self) -> list[PageStep]:
        """The steps of the form between the visit itself and its end."""
        if self.definition is None:
            return []
        words_in = language()
        return [
            PageStep(
                step.words.label(words_in),
                [self._part(section) for section in self.definition.in_step(step.code)],
                [self._total(name) for name in step.totals],
            )
            for step in self.definition.steps
        ]

    def _total(self, name: str) -> PageTotal:
        before = getattr(totals(self.base), name) if self.base else None
        return PageTotal(TOTAL_WORDS[name].label(language()), TOTALS[name], before, self.usual.get(name))

    def _part(self, section: Section) -> Part:
        words_in = language()
        part = Part(
            section,
            rows=self.rows.get(section.code),
            title=section.words.label(words_in),
            help=section.help.label(words_in) if section.help else "",
        )
        if section.shape == "answers":
            part.cells = [self._cell(asked) for asked in section.fields]
        return part

    def _cell(self, asked: Field) -> Cell:
        bound = self.visit[asked.code]
        last = "" if asked.code == "borrower" else items.last_of(asked, answer(self.base, asked.at), self.named)
        ask = f"{bound.html_name}={self.visit.value(asked.code)}" if asked.code in self._questions else ""
        is_buttons = isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        hint = _("上次：%(value)s") % {"value": last} if last and is_buttons else ""
        remark = self.answer_remarks.get(asked.code, "")
        return Cell(
            bound,
            items.unit_of(asked),
            "" if is_buttons else last,
            ask,
            remark,
            asked.type in ("choices", "text"),
            hint,
        )

    # --- What was sent --------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return the arguments of a submission, photos apart."""
        value = self.visit.value
        confirmed = self._confirmed()
        visit_only = bool(self.visit["visit_only"].value())
        has_members = "members" in self.rows and not visit_only
        return {
            "joining": tuple(_joining(row) for row in self.rows["joining"].kept()) if has_members else (),
            "leaving": tuple(_leaving(row) for row in self.leavers()) if has_members else (),
            "client_uuid": uuid_of(value("client_uuid")),
            "form": value("form"),
            "purpose": value("purpose"),
            "channel": value("channel") or visits.SITE,
            "called": value("called") if value("channel") == visits.PHONE else "",
            "outcome": value("outcome"),
            "device_at": instant_of(value("device_at")),
            "partner_id": number_of(value("partner")),
            "person_met_id": number_of(value("person_met")),
            "met_role": value("met_role"),
            "consent": value("consent") if value("outcome") in visits.FILED_OUTCOMES else "",
            **self._consent(),
            "document": self.document(),
            "confirmed": confirmed,
            "same": frozenset(name for name in self.rows if self.data.get(f"same-{name}")),
            **self._position(),
            "dwell_minutes": minutes_of(value("dwell")),
            "note": value("note"),
            "next_visit_on": parse_day(value("next_visit_on")),
            "contact": self._contact(),
            "unreadable": self._unreadable(),
        }

    def _consent(self) -> dict[str, Any]:
        """What was agreed to; a page of an older edition asked nothing scope by scope."""
        value = self.visit.value
        is_anew = value("consent") in GIVEN_ANEW.split() and value("outcome") in visits.FILED_OUTCOMES
        is_asked = is_anew and (self.data.get("scopes-asked") or self.data.getlist("scopes"))
        # That collection was agreed to is what the choice above says; the rest is ticked one by one.
        named = dict.fromkeys((consents.COLLECTION, *self.data.getlist("scopes")))
        scopes = tuple(named) if is_asked else None
        is_signed = is_anew and value("consent") in consents.EVIDENCED
        return {
            "scopes": scopes,
            "credit_purpose": value("credit_purpose") if consents.CREDIT_QUERY in (scopes or ()) else "",
            "guardian_id": number_of(value("guardian")) if is_anew else None,
            "cannot_decide": bool(self.visit["cannot_decide"].value()) and is_anew,
            "signature": picture_of(value("signature")) if is_signed else None,
        }

    def _contact(self) -> Terms | None:
        """How contact is kept where nobody could be talked to; the visit's outcome says why."""
        value = self.visit.value
        if value("outcome") not in (AWAY, REFUSED) or not value("plan_way"):
            return None
        return Terms(
            why=value("outcome"),
            way=value("plan_way")[:20],
            contact=number_of(value("plan_contact")) if value("plan_way") == HOME else None,
            returns_on=parse_day(value("plan_returns")),
        )

    def leavers(self) -> list[ItemForm]:
        """The rows of members of whom the officer said that they are no longer here."""
        rows = self.rows.get("members", ())
        return [row for row in rows if isinstance(row, items.MemberForm) and row.has_left()]

    def _unreadable(self) -> tuple[Problem, ...]:
        days = [("next_visit_on", "next_visit_wrong", self.visit.value("next_visit_on"))]
        for i, row in enumerate(self.rows["joining"].kept() if "joining" in self.rows else ()):
            days.append((f"joining.{i}.born_on", "born_wrong", row.value("born_on")))
        for i, row in enumerate(self.leavers()):
            days.append((f"leaving.{i}.on", "leaving_day_wrong", row.value("left_on")))
        return tuple(Problem(path, code, text[:20]) for path, code, text in days if text and parse_day(text) is None)

    def document(self) -> dict[str, Any] | None:
        """Return the file as typed; None when nothing was said about the subject, or only the visit is to be sent."""
        if self.definition is None or self.visit["visit_only"].value():
            return None
        answers = {asked.at: self._given(asked) for asked in self.definition.answers.values()}
        answers = {at: value for at, value in answers.items() if value is not None}
        # The borrower stands in his field before anything was said; who came is no answer about the household either.
        singles = any(at != "borrower" for at in answers)
        told = (rows for name, rows in self.rows.items() if name != "joining")
        if not singles and not any(row.says_something() for rows in told for row in rows):
            return None
        document: dict[str, Any] = {"version": 1}
        for section in self.definition.lists():
            rows = self.rows[section.code].items()
            if rows or "." not in section.at:
                put(document, section.at, rows)
        for at, value in answers.items():
            put(document, at, value)
        return document

    def _given(self, asked: Field) -> Any:
        value = self.visit[asked.code].value()
        if asked.type == "yes_no":
            return bool(value) or None
        if asked.type == "choices":
            return list(value or ()) or None
        return str(value or "").strip() or None

    def _position(self) -> dict[str, Decimal | None]:
        value = self.visit.value
        latitude = decimal_of(value("latitude"), Decimal(90), 6)
        longitude = decimal_of(value("longitude"), Decimal(180), 6)
        accuracy = decimal_of(value("accuracy"), Decimal(999_999), 1)
        if latitude is None or longitude is None:
            return {"latitude": None, "longitude": None, "accuracy_m": None}
        return {"latitude": latitude, "longitude": longitude, "accuracy_m": accuracy}

    def _confirmed(self) -> frozenset[str]:
        """Return the paths whose question was answered for the very value that stands there."""
        found = set()
        answers = set(self.data.getlist("confirmed"))
        if self.definition is None:
            return frozenset()
        for section in self.definition.lists():
            for place, row in enumerate(self.rows[section.code].kept()):
                found |= {
                    f"{section.at}.{place}.{name}"
                    for name in row.typed
                    if f"{row[name].html_name}={row.value(name)}" in answers
                }
        found |= {
            one.at for one in self.definition.answers.values() if f"{one.code}={self.visit.value(one.code)}" in answers
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
        found = _PLACE.match(problem.path)
        name = self._named_at(found[1]) if found else ""
        if found and name:
            row, cell = self._row(name, int(found[2])), found[3] or ""
            if name == "leaving":
                cell = f"left_{cell}"
            # What is wrong with a hidden field, somebody who left meanwhile for one, is said at the top.
            if row is not None and cell in row.fields and not row[cell].is_hidden:
                row.add_error(cell, text)
                if problem.level == "question":
                    row.asks[cell] = f"{row[cell].html_name}={row.value(cell)}"
                return
        rows, asked = self._named_at(problem.path), self._answer_at(problem.path)
        if problem.path == "photos":
            self.photo_errors.append(text)
        elif rows in self.rows:
            self.rows[rows].notes.append(text)
        elif asked in self.visit.fields:
            self.visit.add_error(asked, text)
            if problem.level == "question":
                self._questions.add(asked)
        else:
            self.visit.add_error(None, text)

    def _named_at(self, at: str) -> str:
        """The name of the rows that lie at a place of the document, "" for none."""
        if at in ("joining", "leaving"):
            return at
        lists = self.definition.lists() if self.definition else ()
        return next((section.code for section in lists if section.at == at), "")

    def _answer_at(self, at: str) -> str:
        answers = self.definition.answers if self.definition else {}
        return next((code for code, asked in answers.items() if asked.at == at), at)

    def _row(self, name: str, place: int) -> ItemForm | None:
        if name != "leaving":
            return self.rows[name].row(place)
        leavers = self.leavers()
        return leavers[place] if place < len(leavers) else None

    def _place_remark(self, path: str, text: str) -> None:
        found = _PLACE.match(path)
        name = self._named_at(found[1]) if found else ""
        if found and name in self.rows and not self.data:
            row = self.rows[name].row(int(found[2]))
            if row is not None:
                if found[3] in row.fields:
                    row.remarks[found[3]] = text
                else:
                    row.remark = text
                return
        asked = self._answer_at(path)
        if name in self.rows or self._named_at(path) in self.rows:
            self.rows[name or self._named_at(path)].remarks.append(text)
        elif asked in self.visit.fields and self.definition and asked in self.definition.answers:
            self.answer_remarks[asked] = text
        else:
            self.remarks.append(text)


def sentence(problem: Problem) -> str:
    """What a finding means and what to do, in the reader's language."""
    for source in (visits, members, consents):
        if problem.code in source.SENTENCES:
            return source.sentence(problem.code, problem.value, language())
    return words.sentence(problem, language())


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
        person=number_of(row.value("person")), reason=row.value("left_reason"), on=parse_day(row.value("left_on"))
    )
