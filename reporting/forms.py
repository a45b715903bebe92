"""Forms of audit samples: a plan, and the key fields an auditor re-enters without the file."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import clock
from config.lib.money import MoneyError, yuan_from_text
from customers.domain.economics import LARGEST
from grids.access import Staff
from reporting.domain.inspection import AuditRules, FieldRule, Finding, Nature
from reporting.domain.quarters import Quarter
from reporting.models import Inspection, KinDeclaration
from reporting.selectors import samples

_TAIL = {"id_tail": re.compile(r"\d{3}[0-9X]"), "phone_tail": re.compile(r"\d{4}")}
OUTLOOK = ("quarter", "branches", "auditors", "confidence_pct", "tolerable_pct", "expected_pct")
"""The fields that decide a plan's size."""


def _percent(label: Any, note: Any, lowest: str, highest: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=note,
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(lowest),
        max_value=Decimal(highest),
    )


class PeopleField(forms.ModelMultipleChoiceField):
    """People to choose from, by name."""

    def label_from_instance(self, obj: Staff) -> str:
        return obj.name


class PlanForm(forms.Form):
    """What is sampled, how sure, how much error is tolerable, and by whom."""

    title = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    quarter = forms.ChoiceField(label=gettext_lazy("复核通过的季度"))
    confidence_pct = _percent(gettext_lazy("置信度"), gettext_lazy("结论有多大把握，一般 90 或 95"), "50", "99.99")
    tolerable_pct = _percent(gettext_lazy("可容忍差错率"), gettext_lazy("超过它就不能通过"), "0.01", "50")
    expected_pct = _percent(
        gettext_lazy("预期差错率"), gettext_lazy("估计会有多少；0 为发现一户即不通过"), "0", "49.99"
    )
    branches = forms.TypedMultipleChoiceField(
        label=gettext_lazy("支行"),
        help_text=gettext_lazy("不选就是全行；选上级含其下级"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    auditors = PeopleField(
        label=gettext_lazy("审计人员"),
        help_text=gettext_lazy("各人自己走访、采集、复核过的户不进入总体；亲属在立计划后由各人申报"),
        queryset=Staff.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=gettext_lazy("重新抽取的原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, institution_id: int, language: str, is_new_draw: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quarters: Sequence[Quarter] = samples.quarters()
        cast("forms.ChoiceField", self.fields["quarter"]).choices = [
            (str(quarter), quarter.label(language)) for quarter in quarters
        ]
        cast("forms.ChoiceField", self.fields["branches"]).choices = samples.branches_to_sample(institution_id)
        cast("PeopleField", self.fields["auditors"]).queryset = samples.nameable(institution_id)
        if not is_new_draw:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        expected, tolerable = cleaned.get("expected_pct"), cleaned.get("tolerable_pct")
        if expected is not None and tolerable is not None and expected >= tolerable:
            self.add_error("expected_pct", _("预期差错率要小于可容忍差错率"))
        return cleaned

    def outlook(self) -> samples.Outlook | None:
        """Return what the plan would sample now, None while a field that decides it is missing or wrong."""
        self.full_clean()
        if any(name not in self.cleaned_data for name in OUTLOOK):
            return None
        given = {name: self.cleaned_data[name] for name in OUTLOOK}
        return samples.outlook(**given | {"auditors": [person.pk for person in given["auditors"]]})


class KinForm(forms.Form):
    """How a household is kin to the auditor who declares it."""

    relation = forms.ChoiceField(
        label=gettext_lazy("户里的人是您的"),
        choices=[("", gettext_lazy("请选择")), *KinDeclaration.Relation.choices],
    )
    note = forms.CharField(
        label=gettext_lazy("备注"), required=False, max_length=200, help_text=gettext_lazy("不写身份证号和手机号")
    )


class TargetForm(forms.Form):
    """Why a household is inspected that was not drawn."""

    reason = forms.CharField(
        label=gettext_lazy("为什么查这户"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如：多户共用一个手机号、收入明显高于本村。不写身份证号和手机号"),
    )


class YuanField(forms.CharField):
    """An amount in yuan, typed as people type it."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = yuan_from_text(text)
        except MoneyError:
            raise forms.ValidationError(_("请填数字，单位元")) from None
        if not 0 <= amount <= LARGEST:
            raise forms.ValidationError(_("请填 0 到 1 亿之间的金额，单位元"))
        return amount


class TailField(forms.CharField):
    """The last four characters of a number that identifies; full-width digits and a small x are read too."""

    def __init__(self, *, code: str, **options: Any) -> None:
        attrs = {"maxlength": 4, "autocomplete": "off", "autocapitalize": "characters"}
        super().__init__(max_length=8, widget=forms.TextInput(attrs=attrs), **options)
        self.pattern = _TAIL[code]

    def clean(self, value: Any) -> str:
        text = unicodedata.normalize("NFKC", super().clean(value)).strip().upper()
        if text and not self.pattern.fullmatch(text):
            raise forms.ValidationError(_("请填后四位"))
        return text


def _key_field(rule: FieldRule, language: str) -> forms.Field:
    field = rule.field
    given: dict[str, Any] = {
        "label": field.label.of(language),
        "error_messages": {"required": _("见到户内成员时必填")},
    }
    match field.nature:
        case Nature.YES:
            return forms.ChoiceField(choices=[("yes", _("是")), ("no", _("否"))], widget=forms.RadioSelect, **given)
        case Nature.TAIL if field.code == "phone_tail":
            return TailField(code=field.code, required=False, help_text=_("没有手机就不填"), **given)
        case Nature.TAIL:
            return TailField(code=field.code, **given)
        case Nature.COUNT:
            return forms.IntegerField(min_value=1, max_value=50, **given)
        case Nature.AREA:
            return forms.DecimalField(min_value=0, max_digits=8, decimal_places=2, help_text=_("没有填 0"), **given)
        case _:
            return YuanField(help_text=_("没有填 0"), **given)


class InspectionForm(forms.Form):
    """What the auditor found out himself. Nothing of the file is on it, and it knows nothing of the file."""

    method = forms.ChoiceField(
        label=gettext_lazy("核实方式"), choices=Inspection.Method.choices, widget=forms.RadioSelect
    )
    found_on = forms.DateField(
        label=gettext_lazy("核实日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    finding = forms.ChoiceField(
        label=gettext_lazy("核实情况"),
        choices=Inspection.Finding.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("查无此户或否认建档时，下面的要素不填，在备注里写明经过"),
    )
    note = forms.CharField(
        label=gettext_lazy("备注"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("不写身份证号和手机号"),
    )

    def __init__(self, *args: Any, rules: AuditRules, since: date, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules, self.since = rules, since
        for rule in rules.fields:
            self.fields[rule.field.code] = _key_field(rule, language)

    def key_fields(self) -> list[tuple[forms.BoundField, FieldRule]]:
        """Return the key fields with their rules, in the order of the rules."""
        return [(self[rule.field.code], rule) for rule in self.rules.fields]

    def clean_found_on(self) -> date:
        day: date = self.cleaned_data["found_on"]
        if day > clock.today():
            raise forms.ValidationError(_("核实日期不能晚于今天"))
        if day < self.since:
            raise forms.ValidationError(_("核实日期不能早于列入抽查之日"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("finding") == Finding.STRANGER:
            # Nobody was there to ask: the key fields are not wanted.
            for rule in self.rules.fields:
                self.errors.pop(rule.field.code, None)
        return cleaned

    def values(self) -> dict[str, Decimal | bool]:
        """Return the key fields as compared, tails apart."""
        found: dict[str, Decimal | bool] = {}
        for rule in self.rules.fields:
            value = self.cleaned_data.get(rule.field.code)
            if rule.field.nature == Nature.YES:
                found[rule.field.code] = value == "yes"
            elif rule.field.nature != Nature.TAIL and value is not None:
                found[rule.field.code] = Decimal(value)
        return found

    def tails(self) -> dict[str, str]:
        """Return the typed tails."""
        return {code: self.cleaned_data[code] for code in _TAIL if code in self.cleaned_data}
