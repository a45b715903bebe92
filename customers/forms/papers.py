"""The typing page: the visit form in the order of the paper, with what stands on it and no device knows: who went, and when."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib.clock import SHANGHAI
from customers.domain.economics import Problem
from customers.forms import items
from customers.forms.items import Words
from customers.forms.typed import parse_day
from customers.forms.visits import VisitForm, sentence
from grids.access import Branch

# Where the paper names no hour.
NOON = time(12)


class PaperForm(VisitForm):
    """A visit typed from paper. ``officers`` are those who may have gone."""

    is_typed = True

    def __init__(self, *, officers: Iterable[Any], lead: int | None, **options: Any) -> None:
        super().__init__(**options)
        fields = self.visit.fields
        fields["visit_on"] = items.day(gettext_lazy("走访日期"))
        fields["visit_on"].required = True
        fields["visit_at"] = Words(label=gettext_lazy("时间"), widget=forms.TimeInput(attrs={"type": "time"}))
        fields["lead"] = Words(label=gettext_lazy("走访人"), required=True, widget=forms.Select)
        choices = [("", _("请选择")), *((str(one.pk), str(one)) for one in officers)]
        fields["lead"].widget.choices = choices  # type: ignore[attr-defined]
        self.visit.initial["lead"] = str(lead or "")

    def values(self) -> dict[str, Any]:
        """Return the arguments of a submission, photos apart; day, hour and officer are those of the paper."""
        value = self.visit.value
        found = super().values()
        day, hour = parse_day(value("visit_on")), _hour(value("visit_at"))
        found["device_at"] = datetime.combine(day, hour or NOON, SHANGHAI) if day else None
        found["lead_id"] = int(value("lead")) if value("lead").isdigit() and len(value("lead")) < 19 else None
        found |= {"latitude": None, "longitude": None, "accuracy_m": None}
        if value("visit_at") and hour is None:
            found["unreadable"] = (
                *found["unreadable"],
                Problem("visit_at", "next_visit_wrong", value("visit_at")[:20]),
            )
        return found

    def _place(self, problem: Problem) -> None:
        if problem.path == "sheets":
            self.photo_errors.append(sentence(problem))
        else:
            super()._place(problem)


def _hour(text: str) -> time | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None


class PrintForm(forms.Form):
    """Which forms are printed: a grid or one of its groups, by which form."""

    grid = forms.TypedChoiceField(label=gettext_lazy("网格"), coerce=int)
    group = forms.CharField(
        label=gettext_lazy("组"),
        required=False,
        max_length=50,
        help_text=gettext_lazy("只有农户分组；不填就打印整个网格"),
    )
    edition = forms.TypedChoiceField(label=gettext_lazy("采集表"), coerce=int)

    def __init__(
        self, data: Any = None, *, grids: Iterable[tuple[int, str]], editions: Iterable[tuple[int, str]], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["grid"].choices = list(grids)  # type: ignore[attr-defined]
        self.fields["edition"].choices = list(editions)  # type: ignore[attr-defined]


class ProfileFileForm(forms.Form):
    """A file of visits, and by which form."""

    edition = forms.TypedChoiceField(label=gettext_lazy("采集表"), coerce=int)
    branch = forms.ModelChoiceField(label=gettext_lazy("支行"), queryset=Branch.objects.none(), empty_label=None)
    file = forms.FileField(
        label=gettext_lazy("走访文件"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("请选择走访文件")},
    )

    def __init__(
        self, *args: Any, branches: QuerySet[Branch], editions: Iterable[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["edition"].choices = list(editions)  # type: ignore[attr-defined]
        field: Any = self.fields["branch"]
        field.queryset = branches
        self.has_choice = len(field.queryset) > 1
        if not self.has_choice:
            field.widget = forms.HiddenInput()
        field.initial = branches.first()
