"""The form of a contact plan, as it is agreed on the page of a household, business or unit."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.domain.contacts import Terms, sentence
from customers.domain.economics import Problem
from customers.forms.items import language
from customers.models import ContactPlan

WHYS = [(one.value, one.label) for one in ContactPlan.Why]


def ways(*, has_members: bool) -> list[tuple[str, Any]]:
    """Return the ways of contact there are; through somebody at home only where there is a home."""
    return [(one.value, one.label) for one in ContactPlan.Way if has_members or one != ContactPlan.Way.HOME]


class ContactForm(forms.Form):
    """Why, which way, through whom, and the two days."""

    why = forms.ChoiceField(label=gettext_lazy("原因"), choices=WHYS, widget=forms.RadioSelect)
    way = forms.ChoiceField(label=gettext_lazy("怎么联系"))
    contact = forms.TypedChoiceField(label=gettext_lazy("通过家里谁"), required=False, coerce=int, empty_value=None)
    returns_on = forms.DateField(
        label=gettext_lazy("预计返乡"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    next_on = forms.DateField(
        label=gettext_lazy("下次联系"),
        required=False,
        help_text=gettext_lazy("不填就按发布的天数"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: Any = None, *, people: Iterable[Any], initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        named = [(one.pk, f"{one.name}（{one.get_relation_display()}）") for one in people]
        self.fields["way"].choices = ways(has_members=bool(named))  # type: ignore[attr-defined]
        self.fields["contact"].choices = [("", _("没有")), *named]  # type: ignore[attr-defined]
        if not named:
            del self.fields["contact"]

    def terms(self) -> Terms:
        """Return what was agreed."""
        said = self.cleaned_data
        returns_on: date | None = said["returns_on"] if said["why"] == ContactPlan.Why.AWAY else None
        return Terms(
            why=said["why"],
            way=said["way"],
            contact=said.get("contact"),
            returns_on=returns_on,
            next_on=said["next_on"],
        )

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Put every finding beside its field."""
        for problem in problems:
            field = problem.path if problem.path in self.fields else None
            self.add_error(field, sentence(problem.code, problem.value, language()))
