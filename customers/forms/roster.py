"""The form a roster file is uploaded with."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import clock
from customers.domain.roster.remarks import LONGEST, MOST, Fault, Remark
from customers.models import RosterImport
from grids.access import Branch


class RosterForm(forms.Form):
    """A file, and where it comes from: without source, day and legal basis nobody may keep it."""

    branch = forms.ModelChoiceField(label=gettext_lazy("支行"), queryset=Branch.objects.none(), empty_label=None)
    source_kind = forms.ChoiceField(label=gettext_lazy("名册种类"), choices=RosterImport.Source.choices)
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=100, help_text=gettext_lazy("提供名册的单位，如某某派出所、某某村委会")
    )
    obtained_on = forms.DateField(
        label=gettext_lazy("取得日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("依据"), max_length=200, help_text=gettext_lazy("取得和使用这份名册的依据，如协议名称和编号")
    )
    file = forms.FileField(
        label=gettext_lazy("名册文件"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("请选择名册文件")},
    )

    def __init__(self, *args: Any, branches: QuerySet[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["branch"]
        field.queryset = branches
        # Programs written when there were households alone name no kind.
        self.fields["source_kind"].required = False
        self.has_choice = len(field.queryset) > 1
        if not self.has_choice:
            field.widget = forms.HiddenInput()
        field.initial = branches.first()

    def clean_source_kind(self) -> str:
        return self.cleaned_data["source_kind"] or RosterImport.Source.HOUSEHOLD_REGISTER

    def clean_obtained_on(self) -> Any:
        day = self.cleaned_data["obtained_on"]
        if day > clock.today():
            raise forms.ValidationError(_("取得日期不能晚于今天"))
        return day


class RemarkForm(forms.Form):
    """What is to be put right in one cell; what it lacks is said by the service, of all at once."""

    row = forms.CharField(
        label=gettext_lazy("行号"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 9}),
    )
    column = forms.CharField(label=gettext_lazy("列"), required=False)
    text = forms.CharField(
        label=gettext_lazy("要改什么"), required=False, widget=forms.TextInput(attrs={"maxlength": LONGEST})
    )

    def __init__(self, *args: Any, columns: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "column" else "form-control"
        self.fields["column"].widget = forms.Select({"class": "form-select"}, [("", _("选择列")), *columns])

    def remark(self) -> Remark:
        """Return what was typed; row 0 where it is no number."""
        data = self.cleaned_data
        row = data["row"]
        return Remark(int(row) if row.isascii() and row.isdigit() else 0, data["column"], data["text"])


class RemarkRows:
    """The remarks a roster is sent back with, as rows of the page; rows left empty say nothing."""

    name = "remarks"
    limit = MOST

    def __init__(self, columns: Sequence[tuple[str, str]], data: Any = None) -> None:
        made: Callable[..., BaseFormSet[Any]] = formset_factory(RemarkForm, extra=1, max_num=MOST)
        typed = data if data is not None and f"{self.name}-TOTAL_FORMS" in data else None
        self.formset: Any = made(typed, prefix=self.name, form_kwargs={"columns": columns})
        is_read = typed is not None and self.formset.is_valid()
        self._said = [form for form in self.formset if form.has_changed()] if is_read else []

    def remarks(self) -> list[Remark]:
        """Return what was said."""
        return [form.remark() for form in self._said]

    def say(self, faults: Sequence[Fault]) -> None:
        """Write beside each remark what it lacks."""
        for fault in faults:
            form = self._said[fault.at]
            form.add_error(fault.field, _sentence(fault, form.data.get(form.add_prefix("row"), "").strip()))


def _sentence(fault: Fault, row: str) -> str:
    return {
        ("row", "missing"): _("请写文件里的行号") if not row else _("“%(row)s”不是行号") % {"row": row},
        ("row", "unknown"): _("文件里没有第 %(row)s 行，或那一行是空的") % {"row": row},
        ("column", "missing"): _("请选择列"),
        ("column", "unknown"): _("文件里没有这一列"),
        ("text", "missing"): _("请写明改什么"),
        ("text", "long"): _("最多 %(count)s 个字") % {"count": LONGEST},
        ("text", "many"): _("逐行意见最多 %(count)s 条") % {"count": MOST},
    }[fault.field, fault.code]
