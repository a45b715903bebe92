"""Devices: the register, one device and its history, commissioning on the device itself, a loss reported at once."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow, signed_in
from config.lib.requests import StaffRequest
from grids import devices as known
from grids.access import PostKind, open_device, open_device_in_hand, open_device_issue
from grids.forms import CommissionForm, DeviceForm, IssueForm
from grids.selectors import devices as selectors
from grids.services import Refused
from grids.services import devices as services

SEEING = (PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)


def _where(request: StaffRequest, *last: str) -> list[dict[str, str]]:
    first = {"label": request.user.institution.short_name}
    return [first, {"label": _("设备"), "url": reverse("grids:device_list")}, *({"label": one} for one in last)]


@allow(*SEEING)
@require_GET
def device_list(request: StaffRequest) -> HttpResponse:
    """The devices of the bank, for a branch manager those of his people."""
    page, lines = selectors.page_of(request.post, request.GET.dict(), request.GET.get("page"))
    states = [*selectors.STATES, (selectors.FREE, _("在库")), (selectors.RETIRED, _("已停用"))]
    context = {
        "where": _where(request),
        "filters": [
            {"name": "q", "label": _("资产编号、尾号、姓名"), "kind": "search", "main": True},
            {"name": "state", "label": _("状态"), "kind": "select", "options": states, "main": True},
            {"name": "kind", "label": _("类型"), "kind": "select", "options": selectors.KINDS},
        ],
        "page": page,
        "lines": lines,
        "figures": selectors.figures(request.post),
        "may_register": request.post.kind == PostKind.ADMINISTRATOR,
    }
    return render(request, "grids/device_list.html", context)


@allow(PostKind.ADMINISTRATOR)
def device_new(request: StaffRequest) -> HttpResponse:
    """Register a device."""
    form = DeviceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.register(by=request.user, post=request.post, **form.cleaned_data)
            return redirect("grids:device", made.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"where": _where(request, _("登记设备")), "form": form}
    return render(request, "grids/device_new.html", context, status=422 if form.errors else 200)


def _page(
    request: StaffRequest, pk: int, form: IssueForm | None = None, code: str = "", status: int = 200
) -> HttpResponse:
    device = open_device(request.post, pk)
    history = selectors.history_of(device)
    present = history[0] if history and history[0].state not in ("returned", "revoked") else None
    is_administrator = request.post.kind == PostKind.ADMINISTRATOR
    context = {
        "where": _where(request, device.asset_number),
        "device": device,
        "present": present,
        "history": history,
        "tones": selectors.TONES,
        "tokens": selectors.tokens_on(present) if present is not None else 0,
        "is_administrator": is_administrator,
        "form": form or (IssueForm(post=request.post) if is_administrator else None),
        "code": code,
        "days": services.CODE_DAYS,
    }
    return render(request, "grids/device.html", context, status=status)


@allow(*SEEING)
@require_GET
@never_cache
def device(request: StaffRequest, pk: int) -> HttpResponse:
    """One device: who has it, since when, when it was last used, and who had it before."""
    return _page(request, pk)


@allow(PostKind.ADMINISTRATOR)
@require_POST
@never_cache
def device_issue(request: StaffRequest, pk: int) -> HttpResponse:
    """Issue a device; the answer shows the code for its holder, once."""
    found = open_device(request.post, pk)
    form = IssueForm(request.POST, post=request.post)
    if form.is_valid():
        try:
            _made, code = services.issue(
                device=found, staff=form.cleaned_data["staff"], by=request.user, post=request.post
            )
            return _page(request, pk, code=code)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("grids:device", pk)
    return _page(request, pk, form, status=422)


@allow(PostKind.ADMINISTRATOR)
@require_POST
@never_cache
def device_code(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a new code for a device that waits to be commissioned."""
    issue = open_device_issue(request.post, pk)
    try:
        return _page(
            request, issue.device_id, code=services.renew_code(issue=issue, by=request.user, post=request.post)
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("grids:device", issue.device_id)


def _do(request: StaffRequest, step: Any, done: str) -> None:
    try:
        step()
        messages.success(request, done)
    except Refused as refusal:
        messages.error(request, str(refusal))


@allow(PostKind.ADMINISTRATOR)
@require_POST
def device_return(request: StaffRequest, pk: int) -> HttpResponse:
    """Note that a device came back."""
    issue = open_device_issue(request.post, pk)
    _do(
        request,
        lambda: services.take_back(issue=issue, by=request.user, post=request.post),
        _("已交回，这台设备上的登录和令牌已结束"),
    )
    return redirect("grids:device", issue.device_id)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def device_close(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a loss."""
    issue = open_device_issue(request.post, pk)
    _do(request, lambda: services.close_loss(issue=issue, by=request.user, post=request.post), _("已注销"))
    return redirect("grids:device", issue.device_id)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def device_retire(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a device out of use."""
    found = open_device(request.post, pk)
    _do(request, lambda: services.retire(device=found, by=request.user, post=request.post), _("已停用"))
    return redirect("grids:device", pk)


@signed_in
@require_POST
def device_lost(request: StaffRequest, pk: int) -> HttpResponse:
    """Report a device lost: its holder himself, his manager or an administrator. It takes effect at once."""
    issue = open_device_in_hand(request.user, request.post, pk)
    own = issue.staff_id == request.user.pk
    reason = request.POST.get("reason", "")
    _do(
        request,
        lambda: services.report_lost(issue=issue, by=request.user, post=request.post, reason=reason),
        _("已报失：这台设备上的登录和令牌即刻失效"),
    )
    return redirect("grids:me") if own else redirect("grids:device", issue.device_id)


@signed_in
@never_cache
def commission(request: StaffRequest) -> HttpResponse:
    """Enter the code on the device itself: from then on it is known."""
    form = CommissionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issue, mark = services.commission(staff=request.user, code=form.cleaned_data["code"])
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            known.bind(request, issue)
            messages.success(request, _("这台设备已启用"))
            response = redirect("home")
            known.set_cookie(response, mark)
            return response
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("启用这台设备")}],
        "form": form,
        "is_needed": bool(request.session.get(known.MUST)),
        "present": known.present_issue(request),
    }
    return render(request, "grids/commission.html", context, status=422 if form.errors else 200)
