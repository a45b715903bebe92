"""Transfers of officers: proposed by the administrator with a look at what goes along, confirmed by the branch managers."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.holdings import held_by
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_transfer
from grids.forms import TransferForm
from grids.selectors import changes, people
from grids.services import Refused
from grids.services import transfers as services

SEEING = (PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)


def _where(request: StaffRequest, *more: str) -> list[dict[str, str]]:
    found = [{"label": request.user.institution.short_name}, {"label": _("调动"), "url": reverse("grids:transfers")}]
    return [*found, *({"label": label} for label in more)]


@allow(*SEEING)
@require_GET
def transfer_list(request: StaffRequest) -> HttpResponse:
    """The transfers of the bank, or of one's branch, the newest first."""
    page, rows = changes.list_transfers(request.post, request.GET.get("page"))
    may_propose = request.post.kind == PostKind.ADMINISTRATOR
    context = {"where": _where(request), "page": page, "rows": rows, "may_propose": may_propose}
    return render(request, "grids/transfers.html", context)


@allow(PostKind.ADMINISTRATOR)
def transfer_new(request: StaffRequest) -> HttpResponse:
    """GET previews what a transfer would hand over; POST proposes it."""
    given = request.POST if request.method == "POST" else request.GET
    form = TransferForm(given if "kind" in given else None, post=request.post, initial=given.dict())
    preview: dict[str, Any] | None = None
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        options = people.who_can_sit(request.post, True, data["on"])
        options = [(pk, label) for pk, label in options if pk != data["staff"].pk]
        chosen = {
            seat.grid_id: _number(given.get(f"to_{seat.grid_id}"))
            for seat in changes.covered_by(data["staff"], data["on"])
        }
        everyone = _number(given.get("everyone"))
        if request.method == "POST":
            successors = {grid: pk or everyone for grid, pk in chosen.items()}
            try:
                services.propose(
                    by=request.user,
                    post=request.post,
                    successors={grid: pk for grid, pk in successors.items() if pk},
                    **data,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已提出，等支行行长或另一位管理员确认"))
                return redirect("grids:transfers")
        preview = {
            "staff": data["staff"],
            "seats": [
                {"seat": seat, "chosen": chosen[seat.grid_id]} for seat in changes.covered_by(data["staff"], data["on"])
            ],
            "options": options,
            "everyone": everyone,
            "holdings": held_by(data["staff"].pk),
        }
    context = {"where": _where(request, _("提出调动")), "form": form, "preview": preview}
    return render(request, "grids/transfer_new.html", context, status=422 if form.errors else 200)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


@allow(*SEEING)
@require_POST
def transfer_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a transfer for every side one answers for."""
    found = open_transfer(request.post, pk)
    try:
        state = services.confirm(transfer=found, by=request.user, post=request.post)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        words = {
            "proposed": _("已确认，还等另一支行确认"),
            "confirmed": _("已确认，到 %(day)s 自动执行") % {"day": found.on},
            "done": _("已确认并执行"),
        }
        if state in words:
            messages.success(request, words[state])
        else:
            messages.warning(request, _("已确认，但未能执行，原因见下"))
    return redirect("grids:transfers")


@allow(*SEEING)
@require_POST
def transfer_end(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a transfer with an answer, or take back one's own."""
    found = open_transfer(request.post, pk)
    try:
        services.end(transfer=found, by=request.user, post=request.post, answer=request.POST.get("reason", ""))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("已处理，这项调动不再执行"))
    return redirect("grids:transfers")
