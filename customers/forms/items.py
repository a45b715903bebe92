"""Rows of the visit form: one small form for each item of the file, and the mapping between rows and document items.

The fields take any text; ``customers.domain.economics`` says what is wrong with it, all at once, and ``add_problem`` puts each
finding beside its field.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseFormSet, BoundField, formset_factory
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.lib import display
from customers.domain import catalogue

Kinds = Mapping[str, catalogue.Kind]


def language() -> str:
    """Return the language of the page."""
    return get_language() or "zh-hans"


def choices(kinds: Kinds, empty: str | Promise | None = None) -> list[tuple[str, str]]:
    """Return the options of a list, with an empty one in front when its words are given."""
    head = [] if empty is None else [("", str(empty))]
    return head + catalogue.choices(kinds, language())


class Words(forms.CharField):
    """Any text; whether it is missing or wrong is the domain's business. ``required`` only says how the label reads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def validate(self, value: Any) -> None:
        """Accept everything."""


def amount(label: Any, total: str = "", *, required: bool = False, asset: bool = False) -> Words:
    """Return a field for yuan: numeric keypad, counted in the running sums, asking "which unit?" for assets."""
    attrs = {"inputmode": "decimal", "autocomplete": "off"}
    if total:
        attrs["data-sum"] = total
    if asset:
        attrs["data-unit"] = "yuan"
    return Words(label=label, required=required, widget=forms.TextInput(attrs=attrs))


def day(label: Any) -> Words:
    """Return a field for a date."""
    return Words(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def note(label: Any, placeholder: Any = "") -> Words:
    """Return a field for a short explanation."""
    return Words(label=label, widget=forms.TextInput(attrs={"maxlength": 200, "placeholder": placeholder}))


@dataclass(frozen=True)
class Cell:
    """One field of a row as the template writes it: unit inside, last accepted value beside, question, checker's remark."""

    bound: BoundField
    unit: str = ""
    last: str = ""
    ask: str = ""
    remark: str = ""


class ItemForm(forms.Form):
    """One item of a list. ``last`` is its place among the items last accepted, "" for a new one."""

    last = Words(widget=forms.HiddenInput)

    kinds: Kinds = {}
    kind_label: Any = ""
    main: Sequence[str] = ()
    more: Sequence[str] = ()
    units: Mapping[str, Any] = {}

    def __init__(self, *args: Any, base: Sequence[Mapping[str, Any]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.asks: dict[str, str] = {}
        self.remarks: dict[str, str] = {}
        self.remark = ""  # the checker's words on the item as a whole
        self.who: Any = None  # the person a member row is about
        if self.kinds:
            self.fields["kind"] = Words(
                label=self.kind_label, required=True, widget=forms.Select(choices=choices(self.kinds, _("请选择")))
            )
        self.base = self._base(base)
        for name, value in self.base.items():
            if name in self.fields and name != "kind":
                self.fields[name].widget.attrs["data-last"] = value

    def _base(self, base: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Return the values last accepted for this row, as text."""
        place = str(self["last"].value() or "")
        if not place.isdigit() or int(place) >= len(base):
            return {}
        item = base[int(place)]
        if self.kinds and self["kind"].value() not in (None, "", item.get("kind")):
            return {}
        return {name: _text(value) for name, value in item.items()}

    def value(self, name: str) -> str:
        """Return what stands in a field, as typed."""
        return str(self[name].value() or "").strip()

    @property
    def typed(self) -> tuple[str, ...]:
        """The fields that make an item: without any of them the row says nothing."""
        return tuple(name for name in (*self.main, *self.more) if name != "kind")

    def is_blank(self) -> bool:
        """Tell whether a new row was left empty; a row that stood in the last file is never taken for empty."""
        return not self.value("last") and not any(self.value(name) for name in self.typed)

    def says_something(self) -> bool:
        """Tell whether the officer said anything here: a new row filled, an old one answered or taken out."""
        if _removed(self):
            return bool(self.value("last"))
        if not self.value("last"):
            return not self.is_blank()
        return any(self.value(name) for name in self.typed if name != "note")

    def item(self) -> dict[str, Any]:
        """Return the item as typed, empty fields left out."""
        names = (("kind",) if self.kinds else ()) + self.typed
        return {name: value for name in names if (value := self.value(name)) != ""}

    def _cell(self, name: str) -> Cell:
        last = self.base.get(name, "") if name != "kind" else ""
        if last and name in self.units and self.units[name] == "yuan":
            last = display.yuan_figure(last)
        unit = _("元") if self.units.get(name) == "yuan" else self.units.get(name, "")
        return Cell(self[name], str(unit), last, self.asks.get(name, ""), self.remarks.get(name, ""))

    def main_cells(self) -> list[Cell]:
        """The fields that are always in sight."""
        return [self._cell(name) for name in self.main]

    def more_cells(self) -> list[Cell]:
        """The fields behind "more"."""
        return [self._cell(name) for name in self.more]

    def shows_more(self) -> bool:
        """Tell whether the fields behind "more" must be open: something stands in them, or something is wrong."""
        return any(self.value(name) or self.errors.get(name) for name in self.more) if self.is_bound else False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    text = str(value)
    return text.removesuffix(".00")


class AssetForm(ItemForm):
    kinds = catalogue.ASSETS
    kind_label = _("财产种类")
    main = ("kind", "current", "disposable")
    more = ("note", "quantity", "original")
    units = {"current": "yuan", "disposable": "yuan", "original": "yuan"}
    current = amount(_("现值"), "assets", required=True, asset=True)
    disposable = amount(_("可变现价值"), "disposable", asset=True)
    note = note(_("说明"), _("如 五间平房、拖拉机"))
    quantity = Words(label=_("数量"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    original = amount(_("原值"), asset=True)


class LiabilityForm(ItemForm):
    kinds = catalogue.CREDITORS
    kind_label = _("向谁借")
    main = ("kind", "outstanding", "due_on")
    more = ("note", "original")
    units = {"outstanding": "yuan", "original": "yuan"}
    outstanding = amount(_("尚欠"), "liabilities", required=True)
    due_on = day(_("到期日"))
    note = note(_("说明"), _("如 某某银行、用途"))
    original = amount(_("借款金额"))


class GuaranteeForm(ItemForm):
    main = ("note", "amount")
    units = {"amount": "yuan"}
    note = note(_("为谁担保、哪家银行"), _("不写证件号和手机号"))
    amount = amount(_("担保金额"), "guarantees", required=True)


class IncomeForm(ItemForm):
    kinds = catalogue.INCOME_SOURCES
    kind_label = _("收入来源")
    main = ("kind", "gross", "cost")
    more = ("note",)
    units = {"gross": "yuan", "cost": "yuan"}
    gross = amount(_("年收入"), "gross", required=True)
    cost = amount(_("经营支出"), "cost")
    note = note(_("说明"), _("如 苹果 8 亩、在青岛务工"))


class ExpenseForm(ItemForm):
    kinds = catalogue.EXPENSES
    kind_label = _("支出种类")
    main = ("kind", "amount")
    more = ("note",)
    units = {"amount": "yuan"}
    amount = amount(_("年支出"), "expenses", required=True)
    note = note(_("说明"))


class NeedForm(ItemForm):
    kinds = catalogue.NEEDS
    kind_label = _("需求")
    main = ("kind", "amount", "wanted_on")
    more = ("note",)
    units = {"amount": "yuan"}
    amount = amount(_("金额"))
    wanted_on = day(_("需要时间"))
    note = note(_("说明"))

    def is_blank(self) -> bool:
        """A need may be nothing but its kind."""
        return not self.value("kind") and super().is_blank()


class BreachForm(ItemForm):
    main = ("what", "days_overdue", "repaid", "measure")
    more = ("note",)
    units = {"days_overdue": _("天")}
    what = Words(label=_("违约事项"), required=True, widget=forms.Select)
    days_overdue = Words(label=_("逾期天数"), required=True, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    repaid = Words(label=_("履约时间"), required=True, widget=forms.Select)
    measure = Words(label=_("履约方式"), required=True, widget=forms.Select)
    note = note(_("说明"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, kinds in (
            ("what", catalogue.BREACH_OF),
            ("repaid", catalogue.REPAID),
            ("measure", catalogue.MEASURES),
        ):
            self.fields[name].widget.choices = choices(kinds, _("请选择"))

    def item(self) -> dict[str, Any]:
        """Days are a whole number in the document."""
        found = super().item()
        if found.get("days_overdue", "").isdigit():
            found["days_overdue"] = int(found["days_overdue"])
        return found


LEFT = (("", _("仍在本户")), ("moved", _("迁出")), ("deceased", _("身故")), ("other", _("其他原因")))


class MemberForm(ItemForm):
    """A member of the roster; the officer adds labour ability, occupation and whether he works away, or that he left."""

    main = ("labour", "occupation", "away")
    more = ("left_reason", "left_on")
    person = Words(widget=forms.HiddenInput)
    relation = Words(widget=forms.HiddenInput)
    labour = Words(label=_("劳动能力"), widget=forms.RadioSelect)
    occupation = Words(label=_("职业"), widget=forms.Select)
    away = forms.BooleanField(label=_("外出务工"), required=False)
    left_reason = Words(label=_("为什么"), widget=forms.Select(choices=LEFT))
    left_on = day(_("从哪天起"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["labour"].widget.choices = choices(catalogue.LABOUR)
        self.fields["occupation"].widget.choices = choices(catalogue.OCCUPATIONS, _("请选择"))
        self.fields["away"].widget.attrs["class"] = "form-check-input"

    def is_blank(self) -> bool:
        """Every member of the roster stands in the file, but for those who left."""
        return self.has_left()

    def has_left(self) -> bool:
        """Tell whether the officer said that this member is no longer here."""
        return bool(self.value("left_reason") or self.value("left_on"))

    def says_something(self) -> bool:
        """Tell whether the officer said anything about this member."""
        return any(self.value(name) for name in self.main)

    def item(self) -> dict[str, Any]:
        """Member, relation, and what was said."""
        found = {name: self.value(name) for name in ("person", "relation", "labour", "occupation")}
        return {name: value for name, value in found.items() if value} | {"away": bool(self["away"].value())}

    def _cell(self, name: str) -> Cell:
        cell = super()._cell(name)
        if name in ("labour", "occupation") and cell.last:
            kinds = catalogue.LABOUR if name == "labour" else catalogue.OCCUPATIONS
            return Cell(cell.bound, "", catalogue.labels([cell.last], kinds, language())[0], "", cell.remark)
        return Cell(cell.bound, "", "", "", cell.remark)


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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        relations = {code: one for code, one in catalogue.RELATIONS.items() if code != "head"}
        self.fields["relation"].widget.choices = choices(relations, _("请选择"))
        self.fields["labour"].widget.choices = choices(catalogue.LABOUR, _("请选择"))
        self.fields["occupation"].widget.choices = choices(catalogue.OCCUPATIONS, _("请选择"))
        self.fields["away"].widget.attrs["class"] = "form-check-input"


class Rows:
    """A list of items on the page: its formset, which rows count, and where a finding belongs."""

    def __init__(
        self,
        name: str,
        form: type[ItemForm],
        *,
        data: Any = None,
        initial: Iterable[Mapping[str, Any]] = (),
        base: Sequence[Mapping[str, Any]] = (),
        limit: int = 100,
    ) -> None:
        made: Callable[..., BaseFormSet[Any]] = formset_factory(form, extra=0, can_delete=True, max_num=limit)
        self.name = name
        self.limit = limit
        self.formset = made(data, prefix=name, initial=list(initial), form_kwargs={"base": base})
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self.suggested: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[ItemForm]:
        return iter(self.formset.forms)

    @property
    def empty(self) -> ItemForm:
        """The row a new item starts from."""
        return self.formset.empty_form

    def kept(self) -> list[ItemForm]:
        """The rows that count: not taken out, not left empty."""
        self.formset.is_valid()
        return [form for form in self.formset.forms if not _removed(form) and not form.is_blank()]

    def items(self) -> list[dict[str, Any]]:
        """The items as typed, in the order of the page."""
        return [form.item() for form in self.kept()]

    def row(self, place: int) -> ItemForm | None:
        """Return the row that became item ``place`` of the document."""
        rows = self.kept()
        return rows[place] if place < len(rows) else None


def _removed(form: ItemForm) -> bool:
    return "DELETE" in form.fields and bool(form["DELETE"].value())
