"""Rows of the visit form: one small form for each row of a section, made from the definition of the form.

The fields take any text; ``customers.domain.form`` says what is wrong with it, all at once, and ``add_error`` puts each finding
beside its field.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import forms
from django.forms import BaseFormSet, BoundField, formset_factory
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.lib import display
from customers.domain import catalogue
from customers.domain.form import Field, Section
from customers.domain.prices import Price

# So many choices still fit a phone as buttons.
MOST_BUTTONS = 5
People = Sequence[tuple[str, str]]


def language() -> str:
    """Return the language of the page."""
    return get_language() or "zh-hans"


def choices(kinds: Mapping[str, catalogue.Kind], empty: str | Promise | None = None) -> list[tuple[str, str]]:
    """Return the options of a list, with an empty one in front when its words are given."""
    head = [] if empty is None else [("", str(empty))]
    return head + catalogue.choices(kinds, language())


class Words(forms.CharField):
    """Any text; whether it is missing or wrong is the domain's business. ``required`` only says how the label reads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def validate(self, value: Any) -> None:
        """Accept everything."""


class ManyWords(forms.MultipleChoiceField):
    """Any number of codes; whether they are known is the domain's business."""

    def validate(self, value: Any) -> None:
        """Accept everything."""


def day(label: Any) -> Words:
    """Return a field for a date."""
    return Words(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def control(field: Field, *, total: str = "", is_row: bool = True, people: People = ()) -> forms.Field:
    """Return the control of a question: keypad, unit question and running sum by its type; ``total`` is the sum it adds to."""
    made = _control(field, total, people, is_row=is_row)
    # What a complete file needs is not called optional, and does not keep the officer from the next step either.
    made.widget.use_required_attribute = lambda initial: False  # type: ignore[method-assign]
    return made


def _control(field: Field, total: str, people: People, *, is_row: bool) -> forms.Field:
    words = language()
    given: dict[str, Any] = {
        "label": field.words.label(words),
        "required": bool(field.required or field.needed == "file"),
    }
    if field.help is not None and not is_row:
        given["help_text"] = field.help.label(words)
    attrs: dict[str, Any] = {}
    if field.help is not None and is_row:
        attrs["placeholder"] = field.help.label(words)
    if field.shown_if is not None:
        attrs |= {"data-shown-field": field.shown_if.field, "data-shown-values": " ".join(field.shown_if.values)}
    if field.type in ("choice", "member"):
        return Words(**given, widget=_select(field, attrs, people, is_row=is_row))
    if field.type == "choices":
        options = [(one.code, one.words.label(words)) for one in field.options if not one.retired]
        return ManyWords(**given, choices=options, widget=forms.CheckboxSelectMultiple(attrs=attrs))
    if field.type == "yes_no":
        box = forms.CheckboxInput(attrs={**attrs, "class": "form-check-input"})
        return forms.BooleanField(label=given["label"], required=False, widget=box)
    if field.type == "day":
        return Words(**given, widget=forms.DateInput(attrs={**attrs, "type": "date"}))
    if field.type == "text":
        return Words(**given, widget=forms.TextInput(attrs={**attrs, "maxlength": field.longest}))
    attrs |= {"inputmode": "numeric" if field.type == "whole" else "decimal", "autocomplete": "off"}
    attrs |= {"data-sum": total} if total else {}
    attrs |= {"data-unit": "yuan"} if field.asset else {}
    return Words(**given, widget=forms.TextInput(attrs=attrs))


def _select(field: Field, attrs: dict[str, Any], people: People, *, is_row: bool) -> forms.Widget:
    if field.type == "member":
        return forms.Select(attrs=attrs, choices=[("", str(_("请选择"))), *people])
    options = [(one.code, one.words.label(language())) for one in field.options if not one.retired]
    if not is_row and len(options) <= MOST_BUTTONS:
        return forms.RadioSelect(attrs=attrs, choices=options)
    return forms.Select(attrs=attrs, choices=[("", str(_("请选择"))), *options])


def offer_held(made: Any, field: Field, *held: Any) -> None:
    """Offer, of the retired options, those that stand in a file: what an older edition asked is shown and may be kept."""
    codes = {one for value in held for one in (value if isinstance(value, list) else [value]) if one}
    kept = [one for one in field.options if one.retired and one.code in codes]
    if kept:
        more = [(one.code, _("%(name)s（已停用）") % {"name": one.words.label(language())}) for one in kept]
        if field.type == "choices":
            made.choices = [*made.choices, *more]
        else:
            made.widget.choices = [*made.widget.choices, *more]


def unit_of(field: Field) -> str:
    """Return the unit written inside a field, "" for none."""
    if field.type == "yuan":
        return str(_("元"))
    return field.unit.label(language()) if field.unit is not None else ""


def last_of(field: Field, value: Any, people: People = ()) -> str:
    """Return a value last accepted as a person reads it, to stand beside its field."""
    if value in (None, ""):
        return ""
    if field.type == "yuan":
        return display.yuan_figure(value)
    if field.type == "choice":
        return field.choices[value].words.label(language()) if value in field.choices else str(value)
    if field.type == "choices":
        return "、".join(field.choices[one].words.label(language()) for one in value if one in field.choices)
    if field.type == "member":
        return dict(people).get(str(value), "")
    return "" if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Cell:
    """One field as the template writes it: unit inside, last accepted value beside, question, checker's remark."""

    bound: BoundField
    unit: str = ""
    last: str = ""
    ask: str = ""
    remark: str = ""
    wide: bool = False
    hint: str = ""


class ItemForm(forms.Form):
    """One row of a section. ``last`` is its place among the rows last accepted, "" for a new one."""

    last = Words(widget=forms.HiddenInput)
    section: Section | None = None
    main: Sequence[str] = ()
    more: Sequence[str] = ()

    def __init__(self, *args: Any, base: Sequence[Mapping[str, Any]] = (), people: People = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.asks: dict[str, str] = {}
        self.remarks: dict[str, str] = {}
        self.remark = ""  # the checker's words on the row as a whole
        self.who: Any = None  # the person a member row is about
        self.people = people
        self._build()
        self.base = self._base(base)
        for asked in self.section.fields if self.section is not None else ():
            if any(one.retired for one in asked.options):
                offer_held(self.fields[asked.code], asked, self[asked.code].value(), self.base.get(asked.code))
        for name, value in self.base.items():
            if name in self.fields and name != "kind":
                self.fields[name].widget.attrs["data-last"] = _text(value)

    def _build(self) -> None:
        """Make the fields of the section."""
        if self.section is None:
            return
        for field in self.section.fields:
            total = self.section.total(field.code)
            self.fields[field.code] = control(field, total=total, people=self.people)
        self.main = tuple(field.code for field in self.section.fields if field.main)
        self.more = tuple(field.code for field in self.section.fields if not field.main)

    def asked(self, name: str) -> Field | None:
        """Return the question behind a field; None for what the page itself asks."""
        return self.section.by_code.get(name) if self.section is not None else None

    def _base(self, base: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the values last accepted for this row."""
        place = str(self["last"].value() or "")
        if not place.isdigit() or int(place) >= len(base):
            return {}
        item = base[int(place)]
        if "kind" in self.fields and self["kind"].value() not in (None, "", item.get("kind")):
            return {}
        return dict(item)

    def value(self, name: str) -> str:
        """Return what stands in a field, as typed."""
        return str(self[name].value() or "").strip()

    def given(self, name: str) -> Any:
        """Return an answer as the document holds it: text as typed, codes, yes or no; None where nothing was said."""
        asked = self.asked(name)
        if asked is not None and asked.type == "yes_no":
            return bool(self[name].value()) or None
        if asked is not None and asked.type == "choices":
            return list(self[name].value() or ()) or None
        return self.value(name) or None

    @property
    def typed(self) -> tuple[str, ...]:
        """The fields that make a row: without any of them it says nothing."""
        return tuple(name for name in (*self.main, *self.more) if name != "kind")

    def is_blank(self) -> bool:
        """Tell whether a new row was left empty; a row that stood in the last file is never taken for empty."""
        if self.value("last") or any(self.given(name) for name in self.typed):
            return False
        asks_more = (
            any(field.required for field in self.section.fields if field.code != "kind") if self.section else True
        )
        return asks_more or "kind" not in self.fields or not self.value("kind")

    def says_something(self) -> bool:
        """Tell whether the officer said anything here: a new row filled, an old one answered or taken out."""
        if _removed(self):
            return bool(self.value("last"))
        if not self.value("last"):
            return not self.is_blank()
        return any(self.given(name) for name in self.typed if name != "note")

    def item(self) -> dict[str, Any]:
        """Return the row as typed, empty fields left out."""
        names = (("kind",) if "kind" in self.fields else ()) + self.typed
        return {name: value for name in names if (value := self.given(name)) is not None}

    def _cell(self, name: str) -> Cell:
        asked = self.asked(name)
        last = last_of(asked, self.base.get(name), self.people) if asked is not None and name != "kind" else ""
        wide = name in ("kind", "note", "id_number") or (asked is not None and asked.type == "choices")
        unit = unit_of(asked) if asked is not None else ""
        return Cell(self[name], unit, last, self.asks.get(name, ""), self.remarks.get(name, ""), wide)

    def main_cells(self) -> list[Cell]:
        """The fields that are always in sight."""
        return [self._cell(name) for name in self.main]

    def more_cells(self) -> list[Cell]:
        """The fields behind "more"."""
        return [self._cell(name) for name in self.more]

    def more_names(self) -> list[str]:
        """What these are called."""
        return [str(self.fields[name].label) for name in self.more]

    def shows_more(self) -> bool:
        """Tell whether the fields behind "more" must be open: something stands in them, or something is wrong."""
        return any(self.given(name) or self.errors.get(name) for name in self.more) if self.is_bound else False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, list):
        return " ".join(value)
    return str(value).removesuffix(".00")


def initial_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a document as a form holds it."""
    return {name: value if isinstance(value, bool | list) else _text(value) for name, value in row.items()}


LEFT = (("", _("仍在本户")), ("moved", _("迁出")), ("deceased", _("身故")), ("other", _("其他原因")))


class MemberForm(ItemForm):
    """A member of the roster; the officer adds what the form asks of members, or says that he left."""

    person = Words(widget=forms.HiddenInput)
    relation = Words(widget=forms.HiddenInput)
    left_reason = Words(label=_("为什么"), widget=forms.Select(choices=LEFT))
    left_on = day(_("从哪天起"))

    def _build(self) -> None:
        if self.section is None:
            return
        for field in self.section.fields:
            self.fields[field.code] = control(field, is_row=False, people=self.people)
            self.fields[field.code].required = False  # whose facts are needed depends on who borrows
        self.main = tuple(field.code for field in self.section.fields)
        self.more = ("left_reason", "left_on")

    def is_blank(self) -> bool:
        """Every member of the roster stands in the file, but for those who left."""
        return self.has_left()

    def has_left(self) -> bool:
        """Tell whether the officer said that this member is no longer here."""
        return bool(self.value("left_reason") or self.value("left_on"))

    def says_something(self) -> bool:
        """Tell whether the officer said anything about this member."""
        return any(self.given(name) for name in self.main)

    def item(self) -> dict[str, Any]:
        """Member, relation, and what was said."""
        found: dict[str, Any] = {name: self.value(name) for name in ("person", "relation") if self.value(name)}
        return found | {name: value for name in self.main if (value := self.given(name)) is not None}

    def _cell(self, name: str) -> Cell:
        cell = super()._cell(name)
        asked = self.asked(name)
        is_buttons = isinstance(cell.bound.field.widget, forms.RadioSelect)
        if asked is not None and asked.type in ("choice", "choices") and cell.last:
            return Cell(
                cell.bound,
                "",
                "" if is_buttons else cell.last,
                "",
                cell.remark,
                is_buttons,
                str(_("上次：%(value)s") % {"value": cell.last}) if is_buttons else "",
            )
        return Cell(cell.bound, cell.unit, cell.last, "", cell.remark, is_buttons)


class JoiningForm(ItemForm):
    """Somebody new in the household: name and relation, and what else is known (Semantics, section 3)."""

    main = ("name", "relation", "born_on", "id_number")
    more = ("labour", "occupation", "away")
    name = Words(label=_("姓名"), required=True, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    relation = Words(label=_("与户主关系"), required=True, widget=forms.Select)
    born_on = day(_("出生日期"))
    id_number = Words(
        label=_("身份证号"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    labour = Words(label=_("劳动能力"), widget=forms.Select)
    occupation = Words(label=_("职业"), widget=forms.Select)
    away = forms.BooleanField(label=_("外出务工"), required=False)

    def _build(self) -> None:
        relations = {code: one for code, one in catalogue.RELATIONS.items() if code != "head"}
        self.fields["relation"].widget.choices = choices(relations, _("请选择"))
        self.fields["labour"].widget.choices = choices(catalogue.LABOUR, _("请选择"))
        self.fields["occupation"].widget.choices = choices(catalogue.OCCUPATIONS, _("请选择"))
        self.fields["away"].widget.attrs["class"] = "form-check-input"


def form_of(section: Section) -> type[ItemForm]:
    """Return the form of one row of a section."""
    kind = MemberForm if section.shape == "members" else ItemForm
    return type(f"{section.code.title()}Form", (kind,), {"section": section})


class Rows:
    """A list of rows on the page: its formset, which rows count, where a finding belongs, and how it is called."""

    def __init__(
        self,
        name: str,
        form: type[ItemForm],
        *,
        data: Any = None,
        initial: Iterable[Mapping[str, Any]] = (),
        base: Sequence[Mapping[str, Any]] = (),
        people: People = (),
        limit: int = 100,
    ) -> None:
        made: Callable[..., BaseFormSet[Any]] = formset_factory(form, extra=0, can_delete=True, max_num=limit)
        self.name = name
        self.limit = limit
        given = {"base": base, "people": people}
        self.formset = made(data, prefix=name, initial=list(initial), form_kwargs=given)
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self.suggested: list[tuple[str, str]] = []
        self.title = self.label = self.add = self.help = ""
        self.can_repeat = bool(base)
        self.prices = ""
        self.section = form.section
        if self.section is not None:
            self._name(self.section)

    def offer(self, prices: Mapping[str, Price]) -> None:
        """Let the page set reference prices beside what is typed: unit, lowest and highest by the kind of a row."""
        words = language()
        rows = {kind: [one.unit.label(words), str(one.low), str(one.high)] for kind, one in prices.items()}
        self.prices = json.dumps(rows, ensure_ascii=False) if rows else ""

    def _name(self, section: Section) -> None:
        words = language()
        self.title, self.label, self.add = (one.label(words) for one in (section.words, section.row, section.add))
        self.help = section.help.label(words) if section.help is not None else ""
        kind = section.by_code.get("kind")
        if kind is not None:
            self.suggested = [
                (one.code, one.words.label(words)) for one in kind.options if one.common and not one.retired
            ]

    def __iter__(self) -> Iterator[ItemForm]:
        return iter(self.formset.forms)

    @property
    def empty(self) -> ItemForm:
        """The row a new one starts from."""
        return self.formset.empty_form

    @property
    def blank(self) -> SafeString:
        """The row a new one starts from, as HTML. It is the same for everybody, unless a question offers the members: written
        once a process for each section and language; a page has a dozen of them."""
        if self.section is None or any(field.type == "member" for field in self.section.fields):
            return _row(self)
        return _blank_row(self.section, language())

    def kept(self) -> list[ItemForm]:
        """The rows that count: not taken out, not left empty."""
        self.formset.is_valid()
        return [form for form in self.formset.forms if not _removed(form) and not form.is_blank()]

    def items(self) -> list[dict[str, Any]]:
        """The rows as typed, in the order of the page."""
        return [form.item() for form in self.kept()]

    def row(self, place: int) -> ItemForm | None:
        """Return the row that became row ``place`` of the document."""
        rows = self.kept()
        return rows[place] if place < len(rows) else None


def _row(rows: Rows) -> SafeString:
    return render_to_string("customers/_row.html", {"row": rows.empty, "label": rows.label})


@lru_cache(maxsize=500)
def _blank_row(section: Section, words: str) -> SafeString:
    """``words`` is the language of the page, in which labels are written anyway: it tells the languages apart here."""
    return _row(Rows(section.code, form_of(section)))


def _removed(form: ItemForm) -> bool:
    return "DELETE" in form.fields and bool(form["DELETE"].value())
