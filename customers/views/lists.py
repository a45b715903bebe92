"""Black and grey list: propose, confirm, refuse; and the same for leaving it."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.services import lists
from grids.access import PostKind


def _sentence(code: str) -> str:
    return {
        "colour": _("请选择黑名单或灰名单。"),
        "reason": _("请选择这个名单下的一条原因；原因由参数管理岗发布。"),
        "person": _("所选的人不在这户成员中，请重新选择。"),
        "listed": _("已有同样的名单记录，不用重复提名。"),
        "own": _("自己提名的须由另一位同事确认。"),
        "settled": _("这条提名已经处理过了。"),
        "answer": _("不同意时请写明理由。"),
        "why": _("请写明解除的理由。"),
        "inactive": _("这条名单没有生效或已经解除。"),
        "asked": _("已有人提出解除，等另一位同事确认。"),
    }[code]


def _tell(request: StaffRequest, done: str, work: Callable[[], object]) -> None:
    """Do the work and say so, or say why it was refused."""
    try:
        work()
    except lists.ListRefusedError as refused:
        messages.error(request, _sentence(refused.code))
    else:
        messages.success(request, done)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def propose(request: StaffRequest, pk: int) -> HttpResponse:
    """Propose a member, or the household, for a list."""
    home = access.open_household(request.post, pk)
    chosen = request.POST.get("person", "")
    person = access.open_person(request.post, int(chosen)) if chosen.isdigit() and len(chosen) < 19 else None
    colour, _colon, reason = request.POST.get("reason", "").partition(":")
    _tell(
        request,
        _("已提名，等支行行长确认后生效。"),
        partial(
            lists.propose,
            staff=request.user,
            post_id=request.post.pk,
            household=home,
            person=person,
            colour=colour,
            reason=reason,
            note=request.POST.get("note", ""),
        ),
    )
    return redirect("customers:household", pk=home.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a proposal of somebody else."""
    entry = access.open_list_entry(request.post, pk)
    _tell(
        request,
        _("已确认，这户不再参加评议。"),
        partial(lists.confirm, staff=request.user, post_id=request.post.pk, entry=entry),
    )
    return _back(request)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a proposal of somebody else, with an answer."""
    entry = access.open_list_entry(request.post, pk)
    _tell(
        request,
        _("已答复提名人：不同意列入。"),
        partial(
            lists.reject,
            staff=request.user,
            post_id=request.post.pk,
            entry=entry,
            answer=request.POST.get("reason", ""),
        ),
    )
    return _back(request)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def ask_release(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask that an entry in force end."""
    entry = access.open_list_entry(request.post, pk)
    _tell(
        request,
        _("已提出解除，等支行行长确认；确认之前名单仍然有效。"),
        partial(
            lists.ask_release,
            staff=request.user,
            post_id=request.post.pk,
            entry=entry,
            reason=request.POST.get("reason", ""),
        ),
    )
    return redirect("customers:household", pk=entry.subject_id)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm_release(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a release somebody else asked for."""
    release = access.open_list_release(request.post, pk)
    _tell(
        request,
        _("已解除，这条名单不再影响这户。"),
        partial(lists.confirm_release, staff=request.user, post_id=request.post.pk, release=release),
    )
    return _back(request)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def reject_release(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a release somebody else asked for, with an answer."""
    release = access.open_list_release(request.post, pk)
    answer = request.POST.get("reason", "")
    _tell(
        request,
        _("已答复：不同意解除，名单仍然有效。"),
        partial(lists.reject_release, staff=request.user, post_id=request.post.pk, release=release, answer=answer),
    )
    return _back(request)


def _back(request: StaffRequest) -> HttpResponse:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return redirect(wanted)
    return redirect("customers:queues")
