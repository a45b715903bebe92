"""Kinds of seats: what every grid offers, kept by the administrator."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_seat_kind
from grids.forms import SeatKindForm
from grids.selectors import territory
from grids.services import Refused, seat_kinds


def _where(request: StaffRequest, last: str = "") -> list[dict[str, str]]:
    found = [
        {"label": request.user.institution.short_name},
        {"label": _("网格"), "url": reverse("grids:grid_list")},
        {"label": _("席位种类")},
    ]
    if last:
        found[-1]["url"] = reverse("grids:seat_kind_list")
        found.append({"label": last})
    return found


@allow(PostKind.ADMINISTRATOR)
@require_GET
def seat_kind_list(request: StaffRequest) -> HttpResponse:
    """Every kind of seat with who may sit on it and how many do; closed ones below."""
    kinds = list(territory.list_seat_kinds(request.post))
    context = {
        "where": _where(request),
        "kinds": [kind for kind in kinds if kind.closed_on is None],
        "closed": [kind for kind in kinds if kind.closed_on is not None],
    }
    return render(request, "grids/seat_kind_list.html", context)


@allow(PostKind.ADMINISTRATOR)
def seat_kind_new(request: StaffRequest) -> HttpResponse:
    """A new kind of seat."""
    form = SeatKindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            seat_kinds.add_kind(by=request.user, post=request.post, **form.cleaned_data)
            messages.success(request, _("已建立，各网格即可安排"))
            return redirect("grids:seat_kind_list")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _page(request, form, None)


@allow(PostKind.ADMINISTRATOR)
def seat_kind(request: StaffRequest, pk: int) -> HttpResponse:
    """A kind of seat: its name, who may sit on it, how many places."""
    found = open_seat_kind(request.post, pk)
    initial = {name: getattr(found, name) for name in ("name", "name_en", "taken_by", "places")}
    form = SeatKindForm(request.POST or None, kind=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            seat_kinds.change_kind(kind=found, by=request.user, post=request.post, **form.cleaned_data)
            messages.success(request, _("已保存"))
            return redirect("grids:seat_kind_list")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _page(request, form, found)


def _page(request: StaffRequest, form: SeatKindForm, found: Any) -> HttpResponse:
    kind = territory.list_seat_kinds(request.post).get(pk=found.pk) if found else None
    context = {"where": _where(request, kind.label if kind else _("新席位种类")), "form": form, "kind": kind}
    return render(request, "grids/seat_kind.html", context, status=422 if form.errors else 200)


def _step(request: StaffRequest, step: Callable[[], str]) -> HttpResponse:
    """Carry out a step and say what it did, or why it was refused."""
    try:
        if said := step():
            messages.success(request, said)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("grids:seat_kind_list")


@allow(PostKind.ADMINISTRATOR)
@require_POST
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a kind one place up or down."""
    found = open_seat_kind(request.post, pk)

    def step() -> str:
        up = request.POST.get("to") == "up"
        seat_kinds.move_kind(kind=found, by=request.user, post=request.post, up=up)
        return ""

    return _step(request, step)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def close(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a kind; who sits on it leaves today."""
    found = open_seat_kind(request.post, pk)

    def step() -> str:
        left = seat_kinds.close_kind(kind=found, by=request.user, post=request.post)
        if not left:
            return _("「%(kind)s」已停用") % {"kind": found.label}
        text = ngettext("「%(kind)s」已停用，%(count)s 人今日卸任", "「%(kind)s」已停用，%(count)s 人今日卸任", left)
        return text % {"kind": found.label, "count": left}

    return _step(request, step)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer a closed kind again."""
    found = open_seat_kind(request.post, pk)

    def step() -> str:
        seat_kinds.reopen_kind(kind=found, by=request.user, post=request.post)
        return _("「%(kind)s」已恢复，可以安排") % {"kind": found.label}

    return _step(request, step)
