"""The form a village merger is proposed with."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from grids.access import Grid


class MergerForm(forms.Form):
    """Which village becomes part of which, since when and on what ground."""

    source = forms.ChoiceField(label=_("并入的村"))
    target = forms.ChoiceField(label=_("并到哪个村"))
    on = forms.DateField(label=_("从哪天起"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("依据"), max_length=200, help_text=_("批准并村的文件名称和编号"))

    def __init__(self, *args: Any, grids: list[Grid], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_id = {str(grid.pk): grid for grid in grids}
        options = [("", _("请选择")), *[(str(grid.pk), f"{grid.name} · {grid.branch.name}") for grid in grids]]
        for name in ("source", "target"):
            field: Any = self.fields[name]
            field.choices = options
        self.fields["on"].initial = clock.today()

    def grids(self) -> tuple[Grid, Grid]:
        """Return the village that is merged and the one it becomes part of."""
        return self.by_id[self.cleaned_data["source"]], self.by_id[self.cleaned_data["target"]]
