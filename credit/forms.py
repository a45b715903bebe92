"""Forms of credit: what a person may choose, by the post he acts under."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from config.lib.money import MoneyError, format_wan, wan_from_text
from credit.domain.applications import ApplicationRules, Mode
from credit.domain.dayplan import PER_TEAM
from credit.domain.notices import NoticeRules
from credit.domain.signing import SigningRules
from credit.models import Application, Objection, Round, SheetSubject, Signing
from credit.models.signing import Mode as SigningMode
from credit.objectors import LONGEST_CONTACT, LONGEST_NAME, LONGEST_STATEMENT
from credit.selectors import rounds as selectors
from credit.selectors.decisions import STANDINGS
from credit.selectors.supplements import WAITING
from grids.access import Post

EMPTY = ("", "—")


class DayField(forms.DateField):
    """A day, chosen on the device's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RoundForm(forms.Form):
    """Prepare the round of a village."""

    grid = forms.TypedChoiceField(label=_("网格"), coerce=int)
    name = forms.CharField(
        label=_("名称"), max_length=80, required=False, help_text=_("留空则用村名和年份"), widget=forms.TextInput()
    )
    due_on = DayField(label=_("截止日期"), help_text=_("评议员在这一天之前封存；到期未封存的不计入"))

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grid"].choices = [EMPTY, *selectors.free_grids(post)]  # type: ignore[attr-defined]
        self.fields["due_on"].initial = clock.today() + timedelta(days=14)


class OwnSheetForm(forms.Form):
    """An assessor who enters his sheet himself: a known login, or a new one by name."""

    assessor = forms.TypedChoiceField(label=_("已有登录的评议员"), coerce=int, empty_value=None, required=False)
    name = forms.CharField(label=_("或新评议员姓名"), max_length=50, required=False)

    def __init__(self, *args: Any, post: Post, round: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assessor"].choices = [EMPTY, *selectors.known_assessors(post, round)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("assessor")) == bool(data.get("name", "").strip()):
            raise forms.ValidationError(_("请选一位已有登录的评议员，或填写一位新评议员的姓名"))
        return data


class PaperSheetForm(forms.Form):
    """A paper sheet: whose it is, who types it, who confirms it."""

    assessor_name = forms.CharField(label=_("评议员姓名"), max_length=50)
    typist = forms.TypedChoiceField(label=_("代录人"), coerce=int)
    confirmer = forms.TypedChoiceField(label=_("核对人"), coerce=int, help_text=_("对照纸质表核对并封存，不能是代录人"))

    def __init__(self, *args: Any, post: Post, round: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [EMPTY, *selectors.typists_for(round, post.staff)]
        for name in ("typist", "confirmer"):
            self.fields[name].choices = people  # type: ignore[attr-defined]


class SupplementForm(forms.Form):
    """A supplement: which waiting households, why, by which day."""

    standings = forms.MultipleChoiceField(label=_("农户"), widget=forms.CheckboxSelectMultiple)
    because = forms.CharField(label=_("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    due_on = DayField(label=_("截止日期"), help_text=_("评议员在这一天之前封存；到期未封存的不计入"))

    def __init__(self, *args: Any, waiting: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        counts = Counter(waiting.values())
        field = self.fields["standings"]
        field.choices = [  # type: ignore[attr-defined]
            (name, _("%(standing)s：%(count)s 户") % {"standing": STANDINGS[name], "count": counts[name]})
            for name in WAITING
            if counts[name]
        ]
        field.initial = [name for name in WAITING if counts[name]]
        self.fields["due_on"].initial = clock.today() + timedelta(days=7)


class DueForm(forms.Form):
    """Another due date."""

    due_on = DayField(label=_("截止日期"))


class StageForm(forms.Form):
    """Who sees to a stage of a round and by which day; the assessment's day is the round's own and is moved apart."""

    owner = forms.TypedChoiceField(label=_("负责人"), coerce=int, empty_value=None, required=False)
    due_on = DayField(label=_("完成日期"), required=False)

    def __init__(self, *args: Any, post: Post, round: Round, stage: str, times: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = selectors.typists_for(round, post.staff)
        self.fields["owner"].choices = [EMPTY, *owners]  # type: ignore[attr-defined]
        if times is not None:
            self.initial = {"owner": times.owner_id, "due_on": times.due_on}
        if stage == Round.Stage.ASSESS:
            del self.fields["due_on"]


class PeopleForm(forms.Form):
    """Owner, director and liaison of a round; the latter two are members of staff or somebody by name."""

    owner = forms.TypedChoiceField(label=_("项目负责人"), coerce=int)
    director = forms.TypedChoiceField(label=_("包村领导"), coerce=int, empty_value=None, required=False)
    director_name = forms.CharField(label=_("或姓名"), max_length=50, required=False)
    liaison = forms.TypedChoiceField(label=_("联络员"), coerce=int, empty_value=None, required=False)
    liaison_name = forms.CharField(label=_("或姓名"), max_length=50, required=False)

    def __init__(self, *args: Any, post: Post, round: Round, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = selectors.typists_for(round, post.staff)
        seated = [(one["row"].staff_id, one["name"]) for one in people if one["row"] and one["row"].staff_id]
        chosen = [*known, *(one for one in [*seated, (round.owner_id, round.owner.name)] if one[0] not in dict(known))]
        self.fields["owner"].choices = chosen  # type: ignore[attr-defined]
        self.initial = {"owner": round.owner_id}
        for one in people:
            self.fields[one["role"]].choices = [EMPTY, *chosen]  # type: ignore[attr-defined]
            if one["row"]:
                self.initial |= {one["role"]: one["row"].staff_id, f"{one['role']}_name": one["row"].name}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for role in ("director", "liaison"):
            if data.get(role) and data.get(f"{role}_name", "").strip():
                self.add_error(role, _("选员工或写姓名，二选一"))
        return data


class PlanForm(forms.Form):
    """What a plan by day is proposed from."""

    first = DayField(label=_("第一天"))
    teams = forms.IntegerField(label=_("几个小组"), min_value=1, max_value=20)
    per_day = forms.IntegerField(label=_("每组每天"), min_value=1, max_value=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"first": clock.today() + timedelta(days=1), "teams": 2, "per_day": PER_TEAM}


class ListedForm(forms.Form):
    """One household of a round's list: its borrower, or the exception with its reason."""

    borrower = forms.TypedChoiceField(label=_("借款人"), coerce=int, empty_value=None, required=False)
    exception = forms.ChoiceField(label=_("例外"), required=False)
    leave_out = forms.BooleanField(label=_("这一轮不评议"), required=False)
    note = forms.CharField(label=_("理由"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, row: SheetSubject, members: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["borrower"].choices = [EMPTY, *members]  # type: ignore[attr-defined]
        self.fields["exception"].choices = [EMPTY, *SheetSubject.Excepted.choices]  # type: ignore[attr-defined]
        self.initial = {
            "borrower": row.borrower_id,
            "exception": row.exception,
            "leave_out": not row.is_assessable,
            "note": row.note,
        }


class SnapshotForm(forms.Form):
    """The core system's file of a day."""

    file = forms.FileField(label=_("快照文件"), allow_empty_file=True, error_messages={"required": _("请选择快照文件")})
    taken_on = DayField(label=_("数据日期"), help_text=_("文件说的是哪一天日终的数据"))
    correction = forms.CharField(
        label=_("更正原因"),
        max_length=200,
        required=False,
        widget=forms.TextInput(),
        help_text=_("只在替换同一天已生效的快照时填写"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_on"].initial = clock.today() - timedelta(days=1)


class ApplicationForm(forms.Form):
    """Receive an application of a household: what it asks for, how, and for what."""

    channel = forms.ChoiceField(label=_("来源"), widget=forms.RadioSelect)
    mode = forms.ChoiceField(label=_("方式"), widget=forms.RadioSelect)
    amount = forms.CharField(
        label=_("申请金额"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    months = forms.IntegerField(label=_("贷款期限"), min_value=1, max_value=360)
    purpose = forms.ChoiceField(label=_("用途"))
    note = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("转介绍写由谁介绍；不写别人的证件号和电话")
    )

    def __init__(
        self, *args: Any, rules: ApplicationRules, modes: Sequence[Mode], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = {
            "channel": Application.Channel.choices,
            "mode": [(one.code, f"{one.label(language)} ≤ {format_wan(one.product_cap, language)}") for one in modes],
            "purpose": [EMPTY, *((one.code, one.label(language)) for one in rules.purposes)],
        }  # fmt: skip
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def clean_amount(self) -> Any:
        try:
            return wan_from_text(self.cleaned_data["amount"])
        except MoneyError as error:
            raise forms.ValidationError(_("请填写万元数，例如 3 或 3.5")) from error


# --- Signing ------------------------------------------------------------------------------------------------------


class CallListForm(forms.Form):
    """Draw a call list: when, how, who calls, how many households."""

    held_on = DayField(label=_("日期"))
    mode = forms.ChoiceField(label=_("方式"), widget=forms.RadioSelect)
    caller = forms.TypedChoiceField(label=_("走访人"), coerce=int)
    most = forms.IntegerField(label=_("户数"), min_value=2, max_value=60, help_text=_("含搭配的服务走访户"))

    def __init__(self, *args: Any, callers: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choices = [(one.value, one.label) for one in (SigningMode.DOOR, SigningMode.CONCENTRATED)]  # type: ignore[attr-defined]
        self.fields["caller"].choices = list(callers.items())  # type: ignore[attr-defined]
        self.fields["held_on"].initial = clock.today()
        self.fields["mode"].initial = SigningMode.DOOR
        self.fields["most"].initial = 20


class SigningForm(forms.Form):
    """What came of asking a household to sign: the contract where it signed, else a released reason."""

    mode = forms.ChoiceField(label=_("方式"), widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("结果"), widget=forms.RadioSelect)
    contract = forms.CharField(
        label=_("合同号"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    reason = forms.ChoiceField(label=_("原因"), required=False)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)
    device_at = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-device-time": True}))

    def __init__(self, *args: Any, rules: SigningRules, language: str, modes: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choices = [(one.value, one.label) for one in modes]  # type: ignore[attr-defined]
        self.fields["outcome"].choices = Signing.Outcome.choices  # type: ignore[attr-defined]
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            EMPTY,
            *(
                (Signing.Outcome(outcome).label, [(f"{outcome}:{one.code}", one.label(language)) for one in reasons])
                for outcome, reasons in rules.reasons.items()
            ),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        outcome, reason = data.get("outcome", ""), data.get("reason", "")
        if outcome == Signing.Outcome.SIGNED and not data.get("contract"):
            self.add_error("contract", _("请填写合同号"))
        if outcome and outcome != Signing.Outcome.SIGNED:
            if reason.partition(":")[0] != outcome:
                self.add_error("reason", _("请选择这种结果的原因"))
            data["contract"] = ""
        data["reason"] = reason.partition(":")[2] if outcome != Signing.Outcome.SIGNED else ""
        return data


class ObjectionForm(forms.Form):
    """An objection to a notice: about which household, what it is about, and, kept apart, who objects and what is said."""

    place = forms.IntegerField(
        label=_("公示序号"),
        min_value=1,
        max_value=9999,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    number = forms.CharField(label=_("或户号"), max_length=30, required=False, help_text=_("不在名单上的农户填户号"))
    kind = forms.ChoiceField(label=_("种类"))
    channel = forms.ChoiceField(label=_("方式"), choices=[EMPTY, *Objection.Channel.choices])
    name = forms.CharField(
        label=_("提出人姓名"), max_length=LONGEST_NAME, required=False, help_text=_("不愿意留名的可以不填")
    )
    contact = forms.CharField(label=_("联系方式"), max_length=LONGEST_CONTACT, required=False, help_text=_("答复用"))
    statement = forms.CharField(
        label=_("异议内容"), max_length=LONGEST_STATEMENT, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, rules: NoticeRules, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [EMPTY, *((one.code, one.text(language)) for one in rules.kinds)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("place")) == bool(data.get("number", "").strip()):
            raise forms.ValidationError(_("公示序号和户号填一个"))
        return data
