"""People filed twice: the branch manager's queue, one case side by side, and the merge by two persons and its undoing."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.selectors import duplicates as selectors
from customers.selectors.duplicates import CaseFilter
from customers.services import duplicates as service
from customers.services.duplicates import MergeRefusedError
from grids.access import PostKind


def _sentence(code: str) -> str:
    return {
        "why": _("请写明理由。"),
        "settled": _("这一条刚刚已经处理过了，下面是现在的状态。"),
        "own": _("自己提出的须由另一位同事确认。"),
        "same": _("请选择两个不同的人：保留哪一个、并掉哪一个。"),
        "absent": _("其中一人已离户，不能合并。"),
        "head": _("要并掉的人是户主或借款人，请先变更户主或借款人。"),
        "listed": _("要并掉的人还有名单记录，请先解除，或列到保留的人名下。"),
        "asked": _("已有人提出合并其中一人，请先办完。"),
        "changed": _("这个人后来又有变动，不能原样恢复。"),
        "members": _("只能合并这一条里您看得到的两个人。"),
    }[code]


def _tell(request: StaffRequest, done: str, work: Callable[[], object]) -> None:
    try:
        work()
    except MergeRefusedError as refused:
        messages.error(request, _sentence(refused.code))
    else:
        messages.success(request, done)


@allow(PostKind.BRANCH_MANAGER)
@require_GET
def case_list(request: StaffRequest) -> HttpResponse:
    """List the cases of one's branch, red ones and the oldest first, and the merges that wait."""
    wanted = CaseFilter.read(request.GET)
    page, rows = selectors.page_of(request.post, wanted, request.GET.get("page"))
    states = [one for one in service.STATES if one[0] != "open"]
    context = {
        "where": [{"label": _("复核"), "url": reverse("customers:queues")}, {"label": _("疑似重复")}],
        "page": page,
        "rows": rows,
        "filters": [
            {"name": "kind", "label": _("全部种类"), "kind": "select", "options": service.KINDS, "main": True},
            {"name": "state", "label": _("待核对"), "kind": "select", "options": states, "main": True},
            {"name": "red", "label": _("只看标红"), "kind": "check"},
        ],
        "merges": list(selectors.waiting_merges(request.post).select_related("gone", "kept", "asked_by")[:50]),
    }
    return render(request, "customers/similar_cases.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_GET
def case(request: StaffRequest, pk: int) -> HttpResponse:
    """One case: what is equal, why it is odd, and what may be decided."""
    found = access.open_similar_case(request.post, pk)
    sheet = selectors.sheet_of(request.post, found)
    people = [side for side in sheet.sides if side.person is not None]
    waiting = any(merge.state in ("asked", "undoing") for merge in sheet.merges)
    context = {
        "where": [
            {"label": _("疑似重复"), "url": reverse("customers:similar_cases")},
            {"label": found.get_kind_display()},
        ],
        "case": found,
        "sheet": sheet,
        "people": people,
        "may_merge": found.state == "open" and len(people) > 1 and not waiting,
        "me": request.user.pk,
    }
    return render(request, "customers/similar_case.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def different(request: StaffRequest, pk: int) -> HttpResponse:
    """Settle a case as not the same."""
    found = access.open_similar_case(request.post, pk)
    reason = request.POST.get("reason", "")
    work = partial(service.different, staff=request.user, post_id=request.post.pk, case=found, reason=reason)
    _tell(request, _("已记下，不再提醒；有新的人加入时才会再出现。"), work)
    return redirect("customers:similar_case", pk=found.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def ask_merge(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask that one member of a case be merged into another."""
    found = access.open_similar_case(request.post, pk)
    chosen = [request.POST.get(name, "") for name in ("gone", "kept")]
    if not all(one.isdigit() and len(one) < 19 for one in chosen):
        messages.error(request, _sentence("same"))
        return redirect("customers:similar_case", pk=found.pk)
    gone, kept = (access.open_person(request.post, int(one)) for one in chosen)
    work = partial(
        service.ask_merge,
        staff=request.user,
        post_id=request.post.pk,
        case=found,
        gone=gone,
        kept=kept,
        reason=request.POST.get("reason", ""),
    )
    _tell(request, _("已提出合并，等另一位同事确认；确认之前什么也不变。"), work)
    return redirect("customers:similar_case", pk=found.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm_merge(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a merge somebody else asked for."""
    merge = access.open_person_merge(request.post, pk)
    work = partial(service.confirm_merge, staff=request.user, post_id=request.post.pk, merge=merge)
    _tell(request, _("已合并；两边的走访和档案都保留在原处。"), work)
    return _back(merge.case_id)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def reject_merge(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a merge somebody else asked for, with an answer."""
    merge = access.open_person_merge(request.post, pk)
    answer = request.POST.get("reason", "")
    work = partial(service.reject_merge, staff=request.user, post_id=request.post.pk, merge=merge, answer=answer)
    _tell(request, _("已答复：不同意合并。"), work)
    return _back(merge.case_id)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def ask_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask that a merge be undone."""
    merge = access.open_person_merge(request.post, pk)
    reason = request.POST.get("reason", "")
    work = partial(service.ask_undo, staff=request.user, post_id=request.post.pk, merge=merge, reason=reason)
    _tell(request, _("已提出撤销，等另一位同事确认。"), work)
    return _back(merge.case_id)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Undo a merge somebody else asked to undo."""
    merge = access.open_person_merge(request.post, pk)
    work = partial(service.confirm_undo, staff=request.user, post_id=request.post.pk, merge=merge)
    _tell(request, _("已撤销合并，恢复原样。"), work)
    return _back(merge.case_id)


def _back(case_id: int | None) -> HttpResponse:
    return redirect("customers:similar_case", pk=case_id) if case_id else redirect("customers:similar_cases")
