"""The form a roster file is uploaded with."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import clock
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
