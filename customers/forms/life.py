"""One small form for each change in the life of a household: choices of its own people, a date, a reason."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.lib import clock
from customers.domain import catalogue
from customers.domain.household_life import Change
from customers.models import Household, Person
from grids.access import Grid

NUMBER = "id_number"
"""The action that corrects an ID number; it is a change of kind ``identity`` that needs a second person."""
ACTIONS = (
    "split", "merge", "move", "transfer", "marriage", "death", "head", "borrower", "rejoin", "identity", NUMBER, "leave", "return",
)  # fmt: skip
_PERSON = frozenset({"transfer", "marriage", "death", "head", "borrower", "rejoin", "identity", NUMBER})
_TARGET = frozenset({"merge", "transfer", "marriage"})


def _relations(*, with_head: bool = False) -> list[tuple[str, str]]:
    kinds = catalogue.choices(catalogue.RELATIONS, get_language() or "zh")
    return [("", _("请选择")), *[(code, label) for code, label in kinds if with_head or code != "head"]]


class LifeForm(forms.Form):
    """The fields of one action. ``people`` are those it may name; what is wrong is said at the field by the rules of the domain."""

    def __init__(
        self,
        action: str,
        household: Household,
        people: list[Person],
        former: list[Person],
        grids: list[Grid],
        data: Any = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.action = action
        self.household = household
        self.by_id = {person.pk: person for person in [*people, *former]}
        named = [(person.pk, self._called(person)) for person in people]
        fields: dict[str, forms.Field] = {}
        if action == "split":
            movable = [one for one in named if one[0] != household.head_id]
            fields["people"] = forms.TypedMultipleChoiceField(
                label=_("谁分出去"),
                choices=movable,
                coerce=int,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("户主留在原户。"),
            )
            fields["head"] = self._choice(_("新户的户主"), movable)
        if action in _PERSON:
            options = [(one.pk, self._called(one)) for one in former] if action == "rejoin" else named
            if action == "borrower":
                fields["person"] = self._choice(_("新的借款人"), options, empty=_("暂无借款人"))
            else:
                labels = {"death": _("谁身故"), "head": _("新户主"), "rejoin": _("谁返回")}
                fields["person"] = self._choice(labels.get(action, _("谁")), options)
        if action in ("transfer", "marriage", "death"):
            fields["head"] = self._choice(_("原户的新户主"), named, empty=_("户主不变"))
            fields["head"].help_text = _("只在离开的是户主时选择。")
        if action in _TARGET or action == "move":
            field = self._choice(
                _("迁往的网格") if action == "move" else _("对方网格"),
                [
                    (grid.pk, f"{grid.name} · {grid.branch.name}")
                    for grid in grids
                    if action != "move" or grid.pk != household.grid_id
                ],
            )
            field.initial = household.grid_id
            fields["grid"] = field
        if action in _TARGET:
            fields["number"] = forms.CharField(label=_("对方户号"), max_length=32)
        if action in ("transfer", "marriage", "rejoin"):
            label = _("与户主的关系") if action == "rejoin" else _("与对方户主的关系")
            # A household that a roster lists without its head takes him; every other one has a head.
            choices = _relations(with_head=action != "rejoin")
            fields["relation"] = forms.ChoiceField(label=label, choices=choices)
        if action == "leave":
            fields["why"] = forms.ChoiceField(
                label=_("为什么离册"),
                choices=[("moved", _("全户迁出")), ("deceased", _("全户身故"))],
                widget=forms.RadioSelect,
            )
        if action == "identity":
            fields["name"] = forms.CharField(label=_("姓名"), max_length=50, required=False)
            fields["sex"] = forms.ChoiceField(
                label=_("性别"), required=False, choices=[("", _("不变")), ("M", _("男")), ("F", _("女"))]
            )
            fields["born_on"] = self._day(_("出生日期"), required=False)
            fields["phone"] = forms.CharField(
                label=_("手机号"),
                required=False,
                max_length=40,
                widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
            )
            for name in ("name", "sex", "born_on", "phone"):
                fields[name].help_text = _("不改的留空。")
        if action == NUMBER:
            fields["id_number"] = forms.CharField(
                label=_("正确的身份证号"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
            )
        if action not in ("identity", NUMBER):
            fields["on"] = self._day(_("从哪天起"))
            fields["on"].initial = clock.today()
        fields["reason"] = forms.CharField(
            label=_("原因"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
        )
        self.fields.update(fields)

    @staticmethod
    def _called(person: Person) -> str:
        told = person.get_relation_display() + (f" {person.born_on.year}" if person.born_on else "")
        return _("%(name)s（%(about)s）") % {"name": person.name, "about": told}

    @staticmethod
    def _choice(label: str, options: list[tuple[int, str]], empty: str = "") -> Any:
        return forms.TypedChoiceField(
            label=label,
            choices=[("", empty or _("请选择")), *options],
            coerce=int,
            empty_value=None,
            required=not empty,
        )

    @staticmethod
    def _day(label: str, *, required: bool = True) -> forms.DateField:
        return forms.DateField(
            label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        )

    def person(self) -> Person | None:
        """Return the person named, if any."""
        return self.by_id.get(self.cleaned_data.get("person") or 0)

    def change(self, relations: dict[int, str]) -> Change:
        """Return the change as typed; ``relations`` are those the officer saw and may have put right."""
        said = self.cleaned_data
        person = said.get("person")
        leaves_head = self.action in ("transfer", "marriage", "death") and person != self.household.head_id
        on: date | None = said.get("on") or clock.today()
        return Change(
            kind=self.action,
            on=on,
            reason=said["reason"],
            person=person,
            people=tuple(said.get("people") or ()),
            head=None if leaves_head else said.get("head"),
            relation=said.get("relation") or "",
            relations=relations,
            why=said.get("why") or "",
            to_grid=said.get("grid"),
        )

    def corrected(self) -> dict[str, Any]:
        """Return the identity as it should be: what was left empty stays as it is."""
        person, said = self.person(), self.cleaned_data
        if person is None:
            return {}
        return {
            "name": said["name"] or person.name,
            "sex": said["sex"] or person.sex,
            "born_on": said["born_on"] or person.born_on,
            "phone": said["phone"],
        }


class EntityMoveForm(forms.Form):
    """Where a business or unit moves to, from which day, and why."""

    grid = forms.TypedChoiceField(label=gettext_lazy("迁往的网格"), coerce=int)
    on = forms.DateField(
        label=gettext_lazy("从哪天起"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, *, grids: list[Grid], **options: Any) -> None:
        super().__init__(data, **options)
        named = [(grid.pk, f"{grid.name} · {grid.branch.name}") for grid in grids]
        self.fields["grid"].choices = [("", _("请选择")), *named]  # type: ignore[attr-defined]
