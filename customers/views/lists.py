"""The lists: the page of each, one entry with its history; propose, confirm, refuse, review; and the same for leaving a list."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain.lists import REVIEW_MONTHS, latest_review
from customers.selectors import lists as selectors
from customers.selectors.lists import ListFilter
from customers.services import lists
from customers.views.households import entry_lines
from grids.access import PostKind

READING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.AUDITOR)


def _sentence(code: str) -> str:
    return {
        "colour": _("请选择名单。"),
        "whole": _("白名单一户只列一个人，请选择是谁。"),
        "note": _("这条原因须写明说明。"),
        "sensitive": _("这条原因涉及敏感个人信息，请先勾选“确有必要”；能用别的原因说明的，请换一条。"),
        "review": _("复核日期须在明天到 %(day)s 之间。") % {"day": latest_review(clock.today()).isoformat()},
        "blocked": _("本户有成员在名单内，不能列入白名单。"),
        "file": _("这条随名单文件一起确认，请到文件页办理。"),
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


@allow(*READING)
@require_GET
def entry_list(request: StaffRequest) -> HttpResponse:
    """List the entries this person may know of; filters live in the address."""
    wanted = ListFilter.read(request.GET)
    page, rows = selectors.page_of(request.post, wanted, request.GET.get("page"))
    bank = request.user.institution_id
    named = {one.code: one.label(selectors.language()) for one in lists.reasons(bank)}
    due = selectors.reviews_due(request.post)
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("名单")}],
        "page": page,
        "rows": [{"row": row, "reason": named.get(row.entry.reason, row.entry.reason)} for row in rows],
        "filters": _filters(request, list(named.items())),
        "wanted": wanted,
        "due": due if wanted.state != "due" else None,
        "is_officer": request.post.kind == PostKind.OFFICER,
        "may_handle": request.post.kind != PostKind.AUDITOR,
    }
    return render(request, "customers/list_entries.html", context)


def _filters(request: StaffRequest, reasons: list[tuple[str, str]]) -> list[dict[str, Any]]:
    states = [(code, label) for code, (label, _tone) in selectors.STATES.items() if code != "active"]
    return [
        {"name": "colour", "label": _("全部名单"), "kind": "select", "options": lists.colours(), "main": True},
        {
            "name": "state",
            "label": _("生效的"),
            "kind": "select",
            "options": [*states, ("all", _("全部状态"))],
            "main": True,
        },
        {"name": "grid", "label": _("全部网格"), "kind": "select", "options": selectors.grid_options(request.post)},
        {"name": "reason", "label": _("全部原因"), "kind": "select", "options": reasons},
    ]


@allow(*READING)
@require_GET
def entry(request: StaffRequest, pk: int) -> HttpResponse:
    """One entry: whom, why, until when, and everything that happened to it."""
    found = access.find_list_entry(request.post, pk)
    home = found.subject.household
    known = {one.code: one for one in lists.reasons(found.institution_id)}
    reason = known[found.reason].label(selectors.language()) if found.reason in known else found.reason
    line = entry_lines([found], found.institution_id, request.user.pk)[0]
    may_act = request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
    context = {
        "where": [
            {"label": _("名单"), "url": reverse("customers:list_entries")},
            {"label": home.grid.name},
            {"label": found.person.name if found.person else home.number},
        ],
        "home": home,
        "entry": line,
        "shown": selectors.rows_of([found])[0],
        "reason": reason,
        "events": selectors.history_of(found, reason),
        "superseded_known": access.list_entries_for(request.post).filter(pk=found.superseded_by_id or 0).exists(),
        "may_confirm": request.post.kind == PostKind.BRANCH_MANAGER,
        "may_act": may_act,
        "first_day": clock.today(),
        "last_day": latest_review(clock.today()),
        "months": REVIEW_MONTHS["grey"],
    }
    return render(request, "customers/list_entry.html", context)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def review(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep an entry in force until another day."""
    found = access.open_list_entry(request.post, pk)
    day = _day(request.POST.get("next_on", ""))
    _tell(
        request,
        _("已复核，继续列入；到期再复核。"),
        partial(
            lists.review,
            staff=request.user,
            post_id=request.post.pk,
            entry=found,
            next_on=day or clock.today(),
            reason=request.POST.get("reason", ""),
        ),
    )
    return redirect("customers:list_entry", pk=found.pk)


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
            acknowledged=request.POST.get("acknowledged") == "1",
            review_on=_day(request.POST.get("review_on", "")),
        ),
    )
    return redirect("customers:household", pk=home.pk)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a proposal of somebody else."""
    entry = access.open_list_entry(request.post, pk)
    _tell(
        request,
        _("已确认，从现在起生效。"),
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
    return _back(request, "customers:household", entry.subject_id)


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


def _back(request: StaffRequest, page: str = "customers:queues", *arguments: int) -> HttpResponse:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return redirect(wanted)
    return redirect(page, *arguments)
