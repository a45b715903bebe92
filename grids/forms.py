"""Forms of the territory: what a person may choose, by the post he acts under."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from grids.access import branches_for, posts_of, seat_kinds_for, staff_for
from grids.models import Branch, Device, Grid, Post, PostKind, Seat, SeatKind, Staff, Training, Transfer
from grids.selectors import people, territory

EMPTY = ("", "—")
# Villages and communities come with their division codes from the list of divisions.
NEW_KINDS = (Grid.Kind.MARKET, Grid.Kind.STREET, Grid.Kind.INSTITUTION, Grid.Kind.ENTERPRISE, Grid.Kind.FEATURE)


class DayField(forms.DateField):
    """A day, chosen on the device's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _offer(form: forms.Form, name: str, options: Sequence[tuple[int, str]]) -> None:
    """Let a field choose among these, after an empty line."""
    cast("forms.ChoiceField", form.fields[name]).choices = [EMPTY, *options]


def _draw_from(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Let a field choose among the rows of a query."""
    cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = rows


class SeatForm(forms.Form):
    """Seat a member of staff or an outside person in one of a grid's places from a day on."""

    staff = forms.TypedChoiceField(label=_("员工"), coerce=int, empty_value=None, required=False)
    outside_name = forms.CharField(label=_("外部人员姓名"), max_length=50, required=False)
    replaces = forms.TypedChoiceField(label=_("接替"), coerce=int, empty_value=None)
    from_on = DayField(label=_("生效日期"))

    def __init__(self, *args: Any, post: Post, kind: SeatKind, sitting: list[Seat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        _offer(self, "staff", people.who_can_sit(post, kind.covers, clock.today()))
        self.fields["from_on"].initial = clock.today()
        if kind.is_for_staff:
            del self.fields["outside_name"]
            self.fields["staff"].required = True
        elif kind.taken_by == SeatKind.TakenBy.OUTSIDE:
            del self.fields["staff"]
            self.fields["outside_name"].required = True
        if kind.places > 1 and len(sitting) >= kind.places:
            _offer(
                self, "replaces", [(seat.pk, seat.staff.name if seat.staff else seat.outside_name) for seat in sitting]
            )
        else:
            del self.fields["replaces"]


class DayForm(forms.Form):
    """The day on which something ends."""

    on = DayField(label=_("结束日期"))


class GridForm(forms.Form):
    """What an administrator may change of a grid."""

    name = forms.CharField(label=_("名称"), max_length=60)
    branch = forms.ModelChoiceField(label=_("管辖支行"), queryset=Branch.objects.none(), empty_label="—")
    phase = forms.ChoiceField(label=_("阶段"), choices=Grid.Phase.choices)
    official_count = forms.IntegerField(label=_("官方户数"), min_value=0, max_value=100_000, required=False)
    official_source = forms.CharField(
        label=_("户数来源"), max_length=100, required=False, help_text=_("例如：村委会证明、统计年鉴、公安户籍")
    )
    official_on = DayField(label=_("户数日期"), required=False)

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(
            self, "branch", branches_for(post).filter(is_open=True).exclude(kind=Branch.Kind.HEAD).order_by("path")
        )


class HandOverForm(forms.Form):
    """Whose grids go to whom from which day; the first look shows them, the second carries it out."""

    leaving = forms.TypedChoiceField(label=_("移交人"), coerce=int)
    successor = forms.TypedChoiceField(label=_("接收人"), coerce=int)
    on = DayField(label=_("生效日期"))

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (
            ("leaving", people.owners_for(post)),
            ("successor", people.who_can_sit(post, True, clock.today())),
        ):
            _offer(self, name, options)

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day < clock.today():
            raise forms.ValidationError(_("生效日期不能早于今天"))
        return day


class SeatKindForm(forms.Form):
    """A kind of seat. What stands for good, its code and whether it owns customers, is asked for a new one alone."""

    name = forms.CharField(label=_("名称"), max_length=30)
    name_en = forms.CharField(label=_("英文名称"), max_length=60, required=False)
    code = forms.RegexField(
        label=_("代码"),
        regex=r"^[a-z][a-z0-9_]{1,19}$",
        help_text=_("2 至 20 位小写字母、数字或下划线，建立后不再改动"),
    )
    covers = forms.BooleanField(
        label=_("负责客户"),
        required=False,
        help_text=_("坐这个席位的客户经理管理网格里的客户；建立后不再改动"),
    )
    taken_by = forms.ChoiceField(
        label=_("由谁担任"), choices=SeatKind.TakenBy.choices, help_text=_("改动只管以后的安排")
    )
    places = forms.IntegerField(label=_("每个网格几席"), min_value=1, max_value=20, initial=1)

    def __init__(self, *args: Any, kind: SeatKind | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind is not None:
            del self.fields["code"], self.fields["covers"]
            if kind.covers:
                del self.fields["taken_by"]


class NewGridForm(forms.Form):
    """A grid that no list of divisions brings: of businesses, of units, or a feature grid."""

    kind = forms.ChoiceField(label=_("类型"), choices=[(kind.value, kind.label) for kind in NEW_KINDS])
    name = forms.CharField(label=_("名称"), max_length=60)
    branch = forms.ModelChoiceField(label=_("管辖支行"), queryset=Branch.objects.none(), empty_label="—")

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(
            self, "branch", branches_for(post).filter(is_open=True).exclude(kind=Branch.Kind.HEAD).order_by("path")
        )


class BranchForm(forms.Form):
    """A branch, its place in the tree and whether it is open."""

    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(
        label=_("类型"), choices=[choice for choice in Branch.Kind.choices if choice[0] != Branch.Kind.HEAD]
    )
    parent = forms.ModelChoiceField(label=_("上级机构"), queryset=Branch.objects.none(), empty_label="—")
    town_code = forms.RegexField(
        label=_("乡镇代码"), regex=r"^\d{9}$", required=False, help_text=_("9 位，区划代码的前 9 位")
    )
    is_open = forms.BooleanField(label=_("在营"), required=False, initial=True)

    def __init__(self, *args: Any, post: Post, branch: Branch | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = branches_for(post).filter(is_open=True).order_by("path")
        _draw_from(self, "parent", above.exclude(path__startswith=branch.path) if branch else above)


class StaffForm(forms.Form):
    """A new person: employee number, name, branch."""

    number = forms.RegexField(
        label=_("工号"), regex=r"^[0-9A-Za-z._-]{2,20}$", help_text=_("2 至 20 位字母或数字，登录时使用")
    )
    name = forms.CharField(label=_("姓名"), max_length=50)
    home_branch = forms.ModelChoiceField(label=_("所在机构"), queryset=Branch.objects.none(), empty_label="—")
    email = forms.EmailField(label=_("邮箱"), max_length=254, required=False, help_text=_("用来发送待办提醒，可不填"))
    kind = forms.ChoiceField(label=_("类别"), choices=Staff.Kind.choices, initial=Staff.Kind.EMPLOYEE)

    def __init__(self, *args: Any, post: Post, staff: Staff | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(self, "home_branch", branches_for(post).order_by("path"))
        if staff is not None:
            del self.fields["number"], self.fields["kind"]


class TransferForm(forms.Form):
    """Who goes where on which day, and on what ground."""

    staff = forms.ModelChoiceField(label=_("谁"), queryset=Staff.objects.none(), empty_label="—")
    kind = forms.ChoiceField(label=_("事项"), choices=Transfer.Kind.choices)
    to_branch = forms.ModelChoiceField(
        label=_("调往"),
        queryset=Branch.objects.none(),
        required=False,
        empty_label="—",
        help_text=_("只有调往另一支行时选"),
    )
    on = DayField(label=_("生效日期"))
    reason = forms.CharField(label=_("依据"), max_length=200, help_text=_("如人事通知的文号"))

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = staff_for(post).filter(is_active=True, kind=Staff.Kind.EMPLOYEE).exclude(pk=post.staff_id)
        _draw_from(self, "staff", people.order_by("home_branch__path", "number"))
        _draw_from(self, "to_branch", branches_for(post).filter(is_open=True).order_by("path"))
        self.fields["on"].initial = clock.today()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (data.get("kind") == Transfer.Kind.MOVE) != (data.get("to_branch") is not None):
            self.add_error("to_branch", _("调往另一支行时选，其他事项不选"))
        if data.get("on") is not None and data["on"] < clock.today():
            self.add_error("on", _("生效日期不能早于今天"))
        return data


class AbsenceForm(forms.Form):
    """Who is away, who stands in, from when to when."""

    staff = forms.ModelChoiceField(label=_("离岗的人"), queryset=Staff.objects.none(), empty_label="—")
    deputy = forms.ModelChoiceField(label=_("由谁代"), queryset=Staff.objects.none(), empty_label="—")
    from_on = DayField(label=_("自"))
    to_on = DayField(label=_("至（不含）"))
    reason = forms.CharField(label=_("事由"), max_length=60, help_text=_("如休假、培训、病假"))

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        officers = staff_for(post).filter(
            is_active=True, posts__in=Post.objects.filter(kind=PostKind.OFFICER).exclude(to_on__lte=clock.today())
        )
        for name in ("staff", "deputy"):
            _draw_from(
                self, name, officers.exclude(pk=post.staff_id).distinct().order_by("home_branch__path", "number")
            )
        self.fields["from_on"].initial = clock.today()


class StaffFileForm(forms.Form):
    """A file of staff and posts."""

    file = forms.FileField(label=_("人员文件"), allow_empty_file=True, error_messages={"required": _("请选择人员文件")})


class PostForm(forms.Form):
    """A post to give: kind, scope, from and to."""

    kind = forms.ChoiceField(label=_("岗位"), choices=PostKind.choices)
    branch = forms.ModelChoiceField(
        label=_("机构范围"),
        queryset=Branch.objects.none(),
        required=False,
        empty_label=_("全行"),
        help_text=_("包括下级机构；客户经理、支行行长、贷后检查岗必选"),
    )
    from_on = DayField(label=_("自"))
    to_on = DayField(label=_("至（不含）"), required=False)

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(self, "branch", branches_for(post).filter(is_open=True).order_by("path"))
        self.fields["from_on"].initial = clock.today()


class TokenForm(forms.Form):
    """A token for one of one's own posts."""

    name = forms.CharField(label=_("用途"), max_length=60)
    post = forms.ModelChoiceField(label=_("岗位"), queryset=Post.objects.none(), empty_label=None)
    scope = forms.ChoiceField(label=_("权限"), choices=[("read", _("只读")), ("write", _("读写"))], initial="read")
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        choices=[(30, _("30 天")), (90, _("90 天")), (180, _("180 天")), (365, _("365 天"))],
        initial=90,
    )

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(self, "post", posts_of(staff).exclude(kind=PostKind.ASSESSOR))


class NoticesForm(forms.Form):
    """Which mails about waiting tasks a person wants."""

    notices = forms.ChoiceField(label=_("待办邮件"), choices=Staff.Notices.choices)


def seat_forms(post: Post, grid: Grid, data: Any = None, kind_id: int | None = None) -> dict[int, SeatForm]:
    """Return a form per seat kind of a grid; the one of ``kind_id`` is bound to what was sent."""
    sitting = {row["kind"].pk: row["now"] for row in territory.seats_of(grid)}
    return {
        kind.pk: SeatForm(
            data if kind.pk == kind_id else None,
            post=post,
            kind=kind,
            sitting=sitting.get(kind.pk, []),
            prefix=f"seat-{kind.pk}",
        )
        for kind in seat_kinds_for(post)
    }


class DeviceForm(forms.Form):
    """A device to register."""

    asset_number = forms.CharField(label=_("资产编号"), max_length=30)
    kind = forms.ChoiceField(label=_("类型"), choices=Device.Kind.choices)
    model = forms.CharField(label=_("型号"), max_length=60, required=False)
    serial = forms.CharField(label=_("序列号"), min_length=4, max_length=60, help_text=_("背面或“关于本机”里"))
    note = forms.CharField(label=_("备注"), max_length=200, required=False)


class IssueForm(forms.Form):
    """To whom a device is issued."""

    staff = forms.ModelChoiceField(label=_("发给"), queryset=Staff.objects.none(), empty_label="—")

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = staff_for(post).filter(is_active=True, kind=Staff.Kind.EMPLOYEE).exclude(pk=post.staff_id)
        _draw_from(self, "staff", people.order_by("home_branch__path", "number"))


class CommissionForm(forms.Form):
    """The code that makes a device a known one."""

    code = forms.CharField(label=_("启用码"), max_length=40)


class TrainingForm(forms.Form):
    """A session of training."""

    title = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("类别"), choices=Training.Kind.choices)
    branch = forms.ModelChoiceField(
        label=_("机构"),
        queryset=Branch.objects.none(),
        required=False,
        empty_label=_("全行"),
        help_text=_("包括下级机构"),
    )
    on = DayField(label=_("日期"))
    place = forms.CharField(label=_("地点"), max_length=60)
    trainer = forms.CharField(label=_("讲师"), max_length=40)
    hours = forms.DecimalField(label=_("学时"), max_digits=3, decimal_places=1, min_value=Decimal("0.5"))
    has_test = forms.BooleanField(label=_("有考核"), required=False)
    material = forms.CharField(
        label=_("材料存放处"), max_length=200, required=False, help_text=_("文号、网盘路径或柜号")
    )

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _draw_from(self, "branch", branches_for(post).filter(is_open=True).order_by("path"))
        self.fields["on"].initial = clock.today()
        if post.branch is not None:
            self.fields["branch"].required = True
            self.fields["branch"].initial = post.branch_id


class AttendanceFileForm(forms.Form):
    """A file of attendance."""

    file = forms.FileField(label=_("出勤文件"), allow_empty_file=True, error_messages={"required": _("请选择出勤文件")})
