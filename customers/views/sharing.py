"""Who has which check in hand: take one, hand one over, and level a branch after seeing what that would change."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.selectors import sharing as selectors
from customers.services import sharing
from customers.services.sharing import ShareRefusedError
from grids.access import PostKind

SECOND = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


def sentence(code: str) -> str:
    """Say why a check was not given."""
    return {
        "checked": _("这份档案刚刚已经复核，或采集人又提交了新版。"),
        "person": _("请选一位在岗、没有参与这次走访的同事。"),
        "changed": _("情况刚刚有变化，请按现在的样子再看一遍。"),
    }[code]


@allow(*SECOND)
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a file that waits into one's own hands."""
    profile = access.open_check(pk)
    try:
        sharing.take(staff=request.user, post_id=request.post.pk, profile=profile)
    except ShareRefusedError as refused:
        messages.warning(request, sentence(refused.code))
        return redirect("customers:queues")
    messages.success(request, _("这份档案归您复核了。"))
    return redirect("customers:check", pk=pk)


@allow(*SECOND)
@require_POST
def hand(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a file that waits to a colleague."""
    profile = access.open_to_share(request.post, pk)
    chosen = request.POST.get("to", "")
    to_id = int(chosen) if chosen.isdigit() and len(chosen) < 19 else 0
    try:
        sharing.hand_over(staff=request.user, post_id=request.post.pk, profile=profile, to_id=to_id)
    except ShareRefusedError as refused:
        messages.warning(request, sentence(refused.code))
    else:
        messages.success(request, _("已转交，会排在他的复核最前面。"))
    return redirect("customers:queues")


@allow(PostKind.BRANCH_MANAGER)
@require_GET
def shares(request: StaffRequest) -> HttpResponse:
    """Show who of the branch has how many checks in hand, and what levelling would change."""
    found = selectors.shares_of(request.post)
    context = {
        "where": [{"label": _("复核"), "url": reverse("customers:queues")}, {"label": _("复核分配")}],
        "shares": found,
        "late": sum(one.late for one in found.people),
    }
    return render(request, "customers/shares.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def level(request: StaffRequest) -> HttpResponse:
    """Level the branch as it was previewed."""
    try:
        moved = sharing.level(post=request.post, digest=request.POST.get("digest", ""))
    except ShareRefusedError as refused:
        messages.warning(request, sentence(refused.code))
    else:
        text = ngettext("%(count)s 份档案换了复核人。", "%(count)s 份档案换了复核人。", moved)
        messages.success(request, text % {"count": moved})
    return redirect("customers:check_shares")
