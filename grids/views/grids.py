"""Grids: the list with its map, one grid with its seats, changes of both."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.slots import slots
from grids.access import CUSTOMER_POSTS, PostKind, may_seat, open_grid, open_seat, seat_kinds_for
from grids.forms import DayForm, GridForm, NewGridForm, SeatForm, seat_forms
from grids.selectors import territory
from grids.services import Refused, places, seats

ON_PAGE = 50
SEEING = (
    PostKind.OFFICER,
    PostKind.BRANCH_MANAGER,
    PostKind.APPROVER,
    PostKind.AUDITOR,
    PostKind.CHECKER,
    PostKind.LEADER,
    PostKind.ADMINISTRATOR,
)
SEATING = (PostKind.BRANCH_MANAGER, PostKind.ADMINISTRATOR)


def _filters(request: StaffRequest) -> list[dict[str, Any]]:
    """Return the filters of the list; an officer, who sees his own few, gets the search alone."""
    found: list[dict[str, Any]] = [
        {"name": "q", "label": _("村名、拼音、曾用名、代码"), "kind": "search", "main": True}
    ]
    if request.post.kind == PostKind.OFFICER:
        return found
    branches = territory.branch_options(request.post)
    if len(branches) > 1:
        found.append({"name": "branch", "label": _("支行"), "kind": "select", "options": branches, "main": True})
    towns = territory.towns_for(request.post)
    found += [
        {"name": "town", "label": _("乡镇街道"), "kind": "select", "options": [(town, town) for town in towns]},
        {"name": "kind", "label": _("类型"), "kind": "select", "options": territory.kind_options()},
        {"name": "unowned", "label": _("没有客户经理"), "kind": "check"},
    ]
    return found


@allow(*SEEING)
@require_GET
def grid_list(request: StaffRequest) -> HttpResponse:
    """The grids of one's scope as a list or on a map; the map shows the same rights, not the filters."""
    wants_map = request.GET.get("tab") == "map"
    context: dict[str, Any] = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("网格")}],
        "tab": "map" if wants_map else "list",
        "totals": territory.totals(request.post),
        "may_seat": may_seat(request.post),
        "may_change": request.post.kind == PostKind.ADMINISTRATOR,
    }
    if wants_map:
        context |= {"figures": territory.map_figures(), "map_url": reverse("grids:map")}
    else:
        rows = territory.list_grids(request.post, request.GET.dict(), request.GET.get("sort", ""))
        context["page"] = Paginator(rows, ON_PAGE).get_page(request.GET.get("page"))
        context["filters"] = _filters(request)
    return render(request, "grids/grid_list.html", context)


@allow(*SEEING)
@require_GET
def map_data(request: StaffRequest) -> HttpResponse:
    """The map of one's grids, or of the town of one grid, as GeoJSON; unchanged data is not sent again."""
    around = request.GET.get("around", "")
    town_of = open_grid(request.post, int(around)) if around.isdigit() else None
    content, tag = territory.map_of(request.post, town_of)
    return _tagged(request, content, tag)


def _tagged(request: HttpRequest, content: bytes, tag: str) -> HttpResponse:
    etag = f'W/"{tag}"'  # weak: a proxy may compress it on the way
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="application/geo+json")
    response["ETag"] = etag
    response["Vary"] = "Cookie"
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _where(grid: Any) -> list[dict[str, str]]:
    branch = {"label": grid.branch.name, "url": f"{reverse('grids:grid_list')}?branch={grid.branch_id}"}
    return [{"label": grid.institution.short_name}, branch, {"label": grid.name}]


def _grid_page(request: StaffRequest, grid: Any, forms: dict[int, SeatForm], status: int = 200) -> HttpResponse:
    rows = territory.seats_of(grid)
    for row in rows:
        row["form"] = forms.get(row["kind"].pk)
    context = {
        "where": _where(grid),
        "grid": grid,
        "seats": [row for row in rows if row["kind"].closed_on is None],
        "past": sorted((seat for row in rows for seat in row["past"]), key=lambda seat: seat.to_on, reverse=True),
        "may_seat": may_seat(request.post),
        "may_change": request.post.kind == PostKind.ADMINISTRATOR,
        "end_form": DayForm(initial={"on": clock.today()}),
        "figures": territory.map_figures(),
        "map_url": f"{reverse('grids:map')}?around={grid.pk}",
        "has_households": request.post.kind in CUSTOMER_POSTS,
        "slots": slots("grid", pk=grid.pk) if request.post.kind in CUSTOMER_POSTS else [],
    }
    return render(request, "grids/grid.html", context, status=status)


@allow(*SEEING)
@require_GET
def grid(request: StaffRequest, pk: int) -> HttpResponse:
    """One grid: where it lies, who is responsible since when, what it holds."""
    found = open_grid(request.post, pk)
    forms = seat_forms(request.post, found) if may_seat(request.post) else {}
    return _grid_page(request, found, forms)


@allow(PostKind.ADMINISTRATOR)
def grid_change(request: StaffRequest, pk: int) -> HttpResponse:
    """Change name, branch, phase and official count of a grid."""
    found = open_grid(request.post, pk)
    names = ("name", "branch", "phase", "official_count", "official_source", "official_on")
    form = GridForm(request.POST or None, post=request.post, initial={name: getattr(found, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            places.change_grid(grid=found, by=request.user, post=request.post, **form.cleaned_data)
            messages.success(request, _("已保存"))
            return redirect("grids:grid", pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"where": [*_where(found), {"label": _("修改")}], "grid": found, "form": form}
    return render(request, "grids/grid_change.html", context, status=422 if form.errors else 200)


@allow(*SEATING)
@require_POST
def assign_seat(request: StaffRequest, pk: int, kind: int) -> HttpResponse:
    """Seat somebody on a grid from a day on."""
    found = open_grid(request.post, pk)
    seat_kind = seat_kinds_for(request.post).filter(pk=kind).first()
    if seat_kind is None:
        raise Http404
    forms = seat_forms(request.post, found, request.POST, kind)
    form = forms[kind]
    if form.is_valid():
        data = form.cleaned_data
        try:
            seats.assign_seat(
                grid=found,
                kind=seat_kind,
                by=request.user,
                post=request.post,
                from_on=data["from_on"],
                staff_id=data.get("staff"),
                outside_name=data.get("outside_name", ""),
                replaces=data.get("replaces"),
            )
            messages.success(request, _("%(seat)s已安排，自 %(day)s 起") % {"seat": seat_kind, "day": data["from_on"]})
            return redirect("grids:grid", pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _grid_page(request, found, forms, status=422)


@allow(*SEATING)
@require_POST
def end_seat(request: StaffRequest, pk: int) -> HttpResponse:
    """End a seat without a successor, or withdraw one that has not begun."""
    seat = open_seat(request.post, pk)
    form = DayForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(_("请填写结束日期"))
        seats.end_seat(seat=seat, by=request.user, post=request.post, on=form.cleaned_data["on"])
        messages.success(request, _("已结束"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("grids:grid", seat.grid_id)


@allow(PostKind.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def grid_new(request: StaffRequest) -> HttpResponse:
    """A grid that no list of divisions brings: market, street, institutions, enterprises, or a feature grid."""
    form = NewGridForm(request.POST or None, post=request.post)
    if request.method == "POST" and form.is_valid():
        try:
            opened = places.open_new_grid(by=request.user, post=request.post, **form.cleaned_data)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("网格已建立。请在下面安排客户经理。"))
            return redirect("grids:grid", pk=opened.pk)
    where = [
        {"label": request.user.institution.short_name},
        {"label": _("网格"), "url": reverse("grids:grid_list")},
        {"label": _("新网格")},
    ]
    return render(request, "grids/grid_new.html", {"where": where, "form": form}, status=422 if form.errors else 200)
