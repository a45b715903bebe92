"""Roster files: the list, the upload, one import from its check to its end."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, clock, runs
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from customers import access
from customers.forms.roster import RemarkRows, RosterForm
from customers.selectors import roster as selectors
from customers.services import roster as service
from customers.services.roster import RosterRefusedError, RosterRemarksError
from grids.access import PostKind

if TYPE_CHECKING:
    from customers.models import RosterImport

PROBLEMS_ON_PAGE = 50
HANDLING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
State = selectors.State
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@allow(*HANDLING)
@require_GET
def roster_list(request: StaffRequest) -> HttpResponse:
    """The roster files of one's branch, the newest first."""
    page = selectors.list_rosters(request.post, request.GET.dict(), request.GET.get("page"))
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("名册")}],
        "page": page,
        "rows": [
            {"roster": roster, "label": selectors.label_of(roster), "tone": selectors.tone_of(roster)}
            for roster in page
        ],
        "filters": [
            {"name": "state", "label": _("全部状态"), "kind": "select", "options": State.choices, "main": True},
            {"name": "source_kind", "label": _("全部名册"), "kind": "select", "options": selectors.KINDS, "main": True},
        ],
    }
    return render(request, "customers/roster_list.html", context)


@allow(*HANDLING)
@require_http_methods(["GET", "POST"])
def roster_upload(request: StaffRequest) -> HttpResponse:
    """Upload a file with where it comes from; the check begins at once."""
    branches = access.roster_branches_for(request.post).filter(is_open=True)
    form = RosterForm(
        request.POST or None, request.FILES or None, branches=branches, initial={"obtained_on": clock.today()}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            roster = service.upload(
                staff=request.user,
                post_id=request.post.pk,
                branch=data["branch"],
                content=data["file"],
                name=data["file"].name,
                source_kind=data["source_kind"],
                source=data["source"],
                obtained_on=data["obtained_on"],
                legal_basis=data["legal_basis"],
            )
        except FileRefused as refused:
            form.add_error("file", str(refused))
        except RosterRefusedError as refused:
            messages.info(request, _("同一份文件已经上传，正在处理，见本页。"))
            return redirect("customers:roster", pk=refused.roster.pk)
        else:
            return redirect("customers:roster", pk=roster.pk)
    context = {"where": [*_where(request), {"label": _("上传")}], "form": form}
    return render(request, "customers/roster_upload.html", context, status=422 if form.errors else 200)


def _where(request: StaffRequest) -> list[dict[str, str]]:
    return [
        {"label": request.user.institution.short_name},
        {"label": _("名册"), "url": reverse("customers:roster_list")},
    ]


@allow(*HANDLING)
@require_GET
@never_cache
def roster(request: StaffRequest, pk: int) -> HttpResponse:
    """One import: its progress, then what the file would bring village by village and every finding."""
    return _page(request, access.open_roster(request.post, pk))


def _page(
    request: StaffRequest,
    found: "RosterImport",
    rows: RemarkRows | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show an import; ``rows`` and ``error`` when a return was not sent."""
    villages = selectors.villages_of(found)
    totals = selectors.totals_of(found)
    filters = request.GET.dict()
    problems = selectors.problems_of(found, filters)
    page = Paginator(problems, PROBLEMS_ON_PAGE).get_page(request.GET.get("page"))
    context = {
        "where": [*_where(request), {"label": found.file_name}],
        "roster": found,
        "label": selectors.label_of(found),
        "tone": selectors.tone_of(found),
        "run": _run(request, found),
        "totals": totals,
        "stats": selectors.stats_of(found, totals),
        "of_households": found.lists == "household",
        "villages": villages,
        "counts": selectors.counts_of(found),
        "page": page,
        "problems": selectors.told(list(page), selectors.header_of(found)),
        "filters": selectors.filters_of(found, villages),
        "errors": sum(found.summary.get("errors", {}).values()),
        "warnings": sum(found.summary.get("warnings", {}).values()),
        "remarks": selectors.remarks_of(found),
        "error": error,
        "answer": request.POST.get("reason", ""),
        **_steps(request, found),
    }
    if context["may_discard"] and not context["is_own"] and (columns := selectors.columns_of(found)):
        context["remark_rows"] = rows or RemarkRows(columns)
    return render(request, "customers/roster.html", context, status=status)


def _run(request: StaffRequest, found: "RosterImport") -> dict[str, Any] | None:
    """Return the run that is under way, refreshed through the page's own address: a second person may watch it, too."""
    if found.run is None or found.state not in (State.CHECKING, State.WRITING):
        return None
    run = runs.told(found.run, request)
    run["label"] = found.file_name
    run["poll_url"] = reverse("customers:roster_progress", args=[found.pk])
    if found.run.asked_by_id != request.user.pk:
        run["cancel_url"] = ""
    return run


def _steps(request: StaffRequest, found: "RosterImport") -> dict[str, Any]:
    """Return which steps this person may take, and why not the confirmation."""
    is_sound = found.state == State.CHECKED and not found.summary.get("errors")
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    is_own = found.uploaded_by_id == request.user.pk
    return {
        "may_confirm": is_sound and is_manager and not is_own and service.brings_something(found),
        "waits_for_second": is_sound and not (is_manager and not is_own),
        "may_discard": found.state in service.DISCARDABLE,
        "is_own": is_own,
    }


@allow(*HANDLING)
@require_GET
@never_cache
def roster_progress(request: StaffRequest, pk: int) -> HttpResponse:
    """The progress alone, for htmx; once the run is over, the word to load the page again."""
    run = _run(request, access.open_roster(request.post, pk))
    if run is None or run["state"] not in ("queued", "running"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "components/progress.html", {"run": run})


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def roster_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a checked file that somebody else uploaded; it is written then."""
    found = access.open_roster(request.post, pk)
    try:
        service.confirm(staff=request.user, post_id=request.post.pk, roster=found)
    except RosterRefusedError as refused:
        messages.warning(request, _sentence(refused.code))
    return redirect("customers:roster", pk=found.pk)


@allow(*HANDLING)
@require_POST
def roster_discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a file aside; nothing of it is written. A return that lacks something is shown again as it was typed."""
    found = access.open_roster(request.post, pk)
    rows = RemarkRows(selectors.columns_of(found), request.POST)
    try:
        service.discard(
            staff=request.user,
            post_id=request.post.pk,
            roster=found,
            answer=request.POST.get("reason", ""),
            remarks=rows.remarks(),
        )
    except RosterRemarksError as refused:
        rows.say(refused.faults)
        return _page(request, found, rows, _("还没有退回：有的意见缺行号、列或内容，见下面标出的地方。"), 422)
    except RosterRefusedError as refused:
        if refused.code == "answer":
            return _page(request, found, rows, _sentence(refused.code), 422)
        messages.warning(request, _sentence(refused.code))
    return redirect("customers:roster", pk=found.pk)


def _sentence(code: str) -> str:
    return {
        "own": _("自己上传的名册须由另一位支行行长确认。"),
        "errors": _("文件还有错误，不能确认；请更正后重新上传。"),
        "nothing": _("文件里没有可以导入的。"),
        "answer": _("退回时请写明原因，让上传的人知道改什么。"),
        "settled": _("这份名册刚刚已经处理过了，下面是现在的状态。"),
    }[code]


@allow(*HANDLING)
@require_GET
def roster_problems(request: StaffRequest, pk: int) -> HttpResponse:
    """The findings as a spreadsheet, filtered as on the page."""
    found = access.open_roster(request.post, pk)
    rows = selectors.problems_of(found, request.GET.dict())
    content = selectors.problems_workbook(found, rows, clock.now())
    audit.record(staff=request.user, post_id=request.post.pk, verb="roster_problems", about="roster", about_id=found.pk)
    response = HttpResponse(content, content_type=XLSX)
    name = _("名册问题_%(number)s.xlsx") % {"number": found.pk}
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response
