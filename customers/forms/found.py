"""What is told of a household, business or unit that an officer finds in the field, and of a business or unit on file."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from customers.domain.entities import Facts, Finding
from customers.domain.roster.words import WORDS
from customers.forms.items import language
from customers.models import Business, Subject, Unit
from grids.access import Grid

_CHOOSE = ("", _("请选择"))


def told(finding: Finding) -> str:
    """Say a finding in the reader's language: what is wrong, what to do."""
    what, remedy = WORDS[finding.code]
    english = language().startswith("en")
    return f"{what[english].format(value=finding.value, also='')}{'. ' if english else '。'}{remedy[english]}"


class _OfGrid(forms.Form):
    """Abstract: in which grid, and that a namesake was looked at."""

    grid = forms.ModelChoiceField(label=_("网格"), queryset=Grid.objects.none(), empty_label=None)
    is_another = forms.BooleanField(label=_("看过同名的，确是另一家"), required=False)

    def __init__(self, *args: Any, grids: QuerySet[Grid] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_namesake = False
        if grids is None:
            del self.fields["grid"], self.fields["is_another"]
        else:
            field: Any = self.fields["grid"]
            field.queryset = grids

    def refuse(self, findings: list[Finding]) -> None:
        """Say each finding at its field."""
        for finding in findings:
            self.has_namesake |= finding.code.endswith("_in_grid")
            self.add_error(finding.field if finding.field in self.fields else None, told(finding))


class HouseholdForm(_OfGrid):
    """A household found in the field: its head is enough."""

    principal = forms.CharField(label=_("户主姓名"), max_length=50)
    id_number = forms.CharField(
        label=_("身份证号"), max_length=24, required=False, help_text=_("填了才能与以后的名册对上，也才查得出重复")
    )
    phone = forms.CharField(label=_("手机号"), max_length=20, required=False)
    group = forms.CharField(label=_("组"), max_length=30, required=False)
    address = forms.CharField(label=_("住址"), max_length=200, required=False)
    number = forms.CharField(label=_("户号"), max_length=32, required=False, help_text=_("没有就留空，由系统编号"))
    field_order = ("grid", "principal", "id_number", "phone", "group", "address", "number")


class BusinessForm(_OfGrid):
    """A business: sign, class and who answers for it are the least."""

    name = forms.CharField(label=_("招牌名称"), max_length=100)
    kind = forms.ChoiceField(label=_("类别"), choices=[_CHOOSE, *Business.Kind.choices])
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=24, required=False, help_text=_("18 位，照营业执照填")
    )
    licence_name = forms.CharField(label=_("执照名称"), max_length=100, required=False)
    trade = forms.CharField(label=_("经营项目"), max_length=100, required=False)
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    founded_on = forms.DateField(
        label=_("成立日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    principal = forms.CharField(label=_("负责人"), max_length=50)
    id_number = forms.CharField(
        label=_("负责人身份证号"), max_length=24, required=False, help_text=_("填了就与他在村里的户对上")
    )
    phone = forms.CharField(label=_("负责人手机号"), max_length=20, required=False)

    def facts(self) -> Facts:
        """Return what was told."""
        told = self.cleaned_data
        return Facts(
            subject_kind=Subject.Kind.BUSINESS,
            **{name: told[name] for name in told if name not in ("grid", "is_another")},
        )

    def clean_founded_on(self) -> Any:
        day = self.cleaned_data["founded_on"]
        if day is not None and day > clock.today():
            raise forms.ValidationError(_("成立日期不能晚于今天"))
        return day


class UnitForm(_OfGrid):
    """A unit: name and class are the least."""

    name = forms.CharField(label=_("单位名称"), max_length=100)
    kind = forms.ChoiceField(label=_("类别"), choices=[_CHOOSE, *Unit.Kind.choices])
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=24, required=False, help_text=_("18 位，照法人证书或执照填")
    )
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    principal = forms.CharField(label=_("联系人"), max_length=50, required=False)
    phone = forms.CharField(label=_("联系人手机号"), max_length=20, required=False)

    def facts(self) -> Facts:
        """Return what was told."""
        told = self.cleaned_data
        return Facts(
            subject_kind=Subject.Kind.UNIT, **{name: told[name] for name in told if name not in ("grid", "is_another")}
        )


FORMS: dict[str, Any] = {
    Subject.Kind.HOUSEHOLD: HouseholdForm,
    Subject.Kind.BUSINESS: BusinessForm,
    Subject.Kind.UNIT: UnitForm,
}


class LeavingForm(forms.Form):
    """Why and since when a business or unit is no more."""

    reason = forms.ChoiceField(
        label=_("原因"), choices=[(Subject.Left.CLOSED, _("停业注销")), (Subject.Left.MOVED, _("迁出"))]
    )
    on = forms.DateField(label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
