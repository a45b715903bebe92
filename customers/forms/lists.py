"""The form a file of list entries is uploaded with."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from grids.access import Branch


class ListFileForm(forms.Form):
    """A file, and who gave it."""

    branch = forms.ModelChoiceField(label=gettext_lazy("支行"), queryset=Branch.objects.none(), empty_label=None)
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=100,
        help_text=gettext_lazy("谁提供的、依据什么，如信贷系统逾期清单 2026-11"),
    )
    file = forms.FileField(
        label=gettext_lazy("名单文件"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("请选择名单文件")},
    )

    def __init__(self, *args: Any, branches: QuerySet[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["branch"]
        field.queryset = branches
        self.has_choice = len(field.queryset) > 1
        if not self.has_choice:
            field.widget = forms.HiddenInput()
        field.initial = branches.first()
