"""People, their posts and what they are responsible for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from config.lib.models import AuditEvent
from grids.access import branches_for, grids_for, seats_on, staff_for
from grids.models import ApiToken, Post, PostKind, Seat, Staff


def _held(day: date) -> Q:
    return Q(from_on__lte=day) & (Q(to_on__isnull=True) | Q(to_on__gt=day))


def list_staff(post: Post, filters: Mapping[str, str]) -> QuerySet[Staff]:
    """Return people with their present posts and number of covered grids."""
    day = clock.today()
    people = staff_for(post)
    if text := filters.get("q", "").strip():
        people = people.filter(Q(name__contains=text) | Q(number__startswith=text))
    if filters.get("branch", "").isdigit():
        people = people.filter(home_branch_id=int(filters["branch"]))
    if filters.get("post"):
        people = people.filter(Exists(Post.objects.filter(_held(day), staff=OuterRef("pk"), kind=filters["post"])))
    if filters.get("idle"):
        people = people.filter(~Exists(Post.objects.filter(_held(day), staff=OuterRef("pk"))))
    if filters.get("new"):
        people = people.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    people = people.filter(is_active=False) if filters.get("stopped") else people.filter(is_active=True)
    own = seats_on(day).filter(kind__covers=True).values("pk")
    return (
        people.select_related("home_branch")
        .prefetch_related(
            Prefetch("posts", Post.objects.filter(_held(day)).select_related("branch").order_by("pk"), to_attr="held")
        )
        .annotate(covered=Count("seats", filter=Q(seats__in=own)))
        .order_by("home_branch__path", "number")
    )


def all_posts(staff: Staff) -> list[Post]:
    """Return every post a person holds, will hold or held, newest first; a post that never began is left out."""
    posts = Post.objects.filter(staff=staff).select_related("branch", "appointed_by").order_by("-from_on", "-pk")
    return [post for post in posts if post.to_on != post.from_on]


def posts_with_state(staff: Staff) -> list[dict[str, Any]]:
    """Return every post with whether it lasts now, begins later or is past."""
    day = clock.today()
    return [
        {
            "post": post,
            "state": "later" if post.from_on > day else "past" if post.to_on and post.to_on <= day else "now",
        }
        for post in all_posts(staff)
    ]


def present_seats(staff: Staff) -> list[Seat]:
    """Return the seats a person takes today."""
    seats = seats_on(clock.today()).filter(staff=staff).select_related("grid__branch", "kind").defer("grid__boundary")
    return list(seats.order_by("kind__order", "grid__branch__path", "grid__division_code"))


def tokens_of(staff: Staff) -> list[ApiToken]:
    """Return a person's own tokens, newest first."""
    return list(ApiToken.objects.filter(staff=staff).select_related("post__branch").order_by("-created_at", "-pk"))


EVENTS = {
    "staff_created": _("建立账号"),
    "staff_changed": _("修改资料"),
    "post_given": _("任命岗位"),
    "post_ended": _("结束岗位"),
    "staff_stopped": _("停用登录"),
    "staff_resumed": _("恢复登录"),
    "password_reset": _("重置密码"),
    "password_changed": _("本人修改密码"),
    "token_created": _("生成令牌"),
    "token_revoked": _("作废令牌"),
    "grids_handed_over": _("移交网格"),
    "transfer_proposed": _("提出调动"),
    "transfer_confirmed": _("确认调动"),
    "transfer_done": _("调动已执行"),
    "transfer_failed": _("调动未能执行"),
    "transfer_refused": _("不同意调动"),
    "transfer_withdrawn": _("撤回调动"),
    "device_issued": _("发放设备"),
    "device_code_renewed": _("重发启用码"),
    "device_commissioned": _("启用设备"),
    "device_returned": _("交回设备"),
    "device_lost": _("设备报失"),
    "device_revoked": _("设备注销"),
    "absence_recorded": _("登记离岗"),
    "absence_ended": _("离岗结束"),
}


def events_about(staff: Staff) -> list[dict[str, Any]]:
    """Return the last twenty things that were done to a person's access, as ``components/timeline.html`` shows them."""
    events = AuditEvent.objects.filter(about="staff", about_id=str(staff.pk), verb__in=EVENTS).select_related("staff")
    return [
        {
            "title": EVENTS[event.verb],
            "at": event.at,
            "by": event.staff.name if event.staff else "",
            "icon": "history",
        }
        for event in events.order_by("-at", "-pk")[:20]
    ]


def who_can_sit(post: Post, covers: bool, on: date) -> list[tuple[int, str]]:
    """Return the people a post may seat on a day: officers whose branch it is for covering seats, any employee otherwise."""
    people = Staff.objects.filter(
        institution_id=post.staff.institution_id, is_active=True, kind=Staff.Kind.EMPLOYEE
    ).exclude(pk=post.staff_id)
    if covers:
        officers = Post.objects.filter(_held(on), staff=OuterRef("pk"), kind=PostKind.OFFICER)
        if post.branch is not None:
            officers = officers.filter(Q(branch__isnull=True) | Q(branch__in=branches_for(post)))
        people = people.filter(Exists(officers))
    rows = people.order_by("home_branch__path", "number").values_list("pk", "name", "number", "home_branch__name")
    return [(pk, f"{name}（{number}）{branch or ''}") for pk, name, number, branch in rows]


def owners_for(post: Post) -> list[tuple[int, str]]:
    """Return the people who cover grids a post sees, with how many."""
    day = clock.today()
    rows = (
        seats_on(day)
        .filter(kind__covers=True, staff__isnull=False, grid__in=grids_for(post))
        .values("staff_id", "staff__name", "staff__number", "staff__home_branch__name")
        .annotate(grids=Count("grid", distinct=True))
        .order_by("staff__home_branch__path", "staff__number")
    )
    return [(row["staff_id"], f"{row['staff__name']}（{row['staff__number']}）· {row['grids']}") for row in rows]


def is_last_administrator(staff: Staff, leaving: Post | None = None) -> bool:
    """Whether nobody else would administer the institution if this person (or only this post of his) went."""
    day = clock.today()
    others = Post.objects.filter(
        _held(day), kind=PostKind.ADMINISTRATOR, staff__institution_id=staff.institution_id, staff__is_active=True
    ).filter(to_on__isnull=True)
    others = others.exclude(pk=leaving.pk) if leaving else others.exclude(staff=staff)
    return not others.exists()


def figures(post: Post) -> dict[str, Any]:
    """Return the head counts of the staff page."""
    people = staff_for(post)
    idle = ~Q(Exists(Post.objects.filter(_held(clock.today()), staff=OuterRef("pk"))))
    return people.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        stopped=Count("pk", filter=Q(is_active=False)),
        idle=Count("pk", filter=Q(is_active=True) & idle),
    )
