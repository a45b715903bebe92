"""The frame of every page: navigation by post, where one is, which week. The one place that knows all apps' pages."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from config.lib.weeks import Week
from grids.access import CUSTOMER_POSTS, PostKind

# post: (URL name, label, icon); the order of ui.md, at most five on a phone
TABS: dict[str, tuple[tuple[str, Any, str], ...]] = {
    PostKind.OFFICER: (
        ("customers:today", _("今日"), "sun"),
        ("grids:grid_list", _("网格"), "map"),
        ("customers:household_list", _("客户"), "people"),
        ("credit:round_list", _("评议"), "ballot"),
        ("grids:me", _("我的"), "person"),
    ),
    PostKind.BRANCH_MANAGER: (
        ("reporting:overview", _("总览"), "chart"),
        ("grids:grid_list", _("网格"), "map"),
        ("credit:round_list", _("整村授信"), "ballot"),
        ("customers:queues", _("复核"), "check"),
        ("reporting:weekly", _("周报"), "report"),
    ),
    PostKind.APPROVER: (
        ("credit:to_decide", _("待办"), "inbox"),
        ("credit:round_list", _("整村授信"), "ballot"),
        ("credit:line_list", _("额度"), "yuan"),
    ),
    PostKind.PARAMETER_MANAGER: (
        ("lib:models", _("模型"), "scale"),
        ("lib:forms", _("表单"), "forms"),
        ("lib:rules", _("规则"), "adjustments"),
        ("lib:notices", _("告知书"), "file-text"),
        ("lib:releases", _("发布"), "release"),
    ),
    PostKind.ASSESSOR: (("credit:my_sheet", _("评议"), "ballot"),),
    PostKind.AUDITOR: (
        ("reporting:plan_list", _("计划"), "plan"),
        ("reporting:inspection_list", _("抽查"), "search"),
        ("reporting:conclusion_list", _("结论"), "stamp"),
        ("customers:list_entries", _("名单"), "flag"),
        ("reporting:weekly", _("周报"), "report"),
    ),
    PostKind.ADMINISTRATOR: (
        ("grids:staff_list", _("人员"), "people"),
        ("grids:branch_list", _("机构"), "bank"),
        ("grids:grid_list", _("网格"), "map"),
        ("grids:system", _("系统"), "gear"),
    ),
    PostKind.LEADER: (
        ("reporting:overview", _("总览"), "chart"),
        ("reporting:weekly", _("周报"), "report"),
    ),
}


def home_of(post: Any) -> str:
    """Return the URL of a post's first page."""
    tabs = TABS.get(post.kind, ()) if post else ()
    return reverse(tabs[0][0]) if tabs else reverse("grids:me")


def _tabs(request: HttpRequest, post: Any) -> list[dict[str, Any]]:
    found = []
    for name, label, icon in TABS.get(post.kind, ()) if post else ():
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        found.append({"url": url, "label": label, "icon": icon, "active": request.path.startswith(url)})
    longest = max((len(tab["url"]) for tab in found if tab["active"]), default=0)
    for tab in found:
        tab["active"] = tab["active"] and len(tab["url"]) == longest
    return found


def _inbox_count(post: Any) -> str:
    """Return where the frame asks how much waits; the address changes with post and language, so that the answer may be kept."""
    if post is None or post.kind == PostKind.ASSESSOR:
        return ""
    return f"{reverse('grids:inbox_count')}?post={post.pk}&language={get_language()}"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame; costs no query beyond those of the acting person."""
    post = getattr(request, "post", None)
    user = getattr(request, "user", None)
    return {
        "nav": _tabs(request, post),
        "staff": user if user and user.is_authenticated else None,
        "post": post,
        "posts": getattr(request, "posts", []),
        "principals": getattr(request, "principals", []),
        "inbox_count": _inbox_count(post),
        "may_search": post is not None and post.kind in CUSTOMER_POSTS,
        "today": clock.today(),
        "week": Week.containing(clock.today()),
    }
