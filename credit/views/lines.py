"""Lines: runs of a model for the approver; the explanation of one household's line for everyone who serves it."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import audit, pdf, runs
from config.lib.access import allow
from config.lib.jobs import AlreadyRunning
from config.lib.models import JobRun
from config.lib.requests import StaffRequest
from credit import access
from credit.selectors import lines
from credit.selectors.decisions import granted_lines
from credit.selectors.explained import LinePage
from credit.selectors.explained_model import beside_name, language, listed
from credit.selectors.line_figures import distribution, reason_labels, run_stats
from credit.selectors.papers import line_paper
from credit.services.handing import HANDERS, hand_over
from credit.services.lines import publish_run, start_line_run, withdraw_run
from customers.access import open_household
from customers.selectors.assessment import checked_files
from customers.selectors.checked import called
from grids.access import PostKind, open_branch, open_grid
from grids.services import Refused

if TYPE_CHECKING:
    from credit.models import LineResult, LineRun
    from customers.models import Household

ON_PAGE = 20
SEEING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)
SHOWN = ("", "line", "zero", "missing", "unfiled", "failed")


# --- Runs ---------------------------------------------------------------------------------------------------------


@allow(PostKind.APPROVER)
@require_GET
def line_list(request: StaffRequest) -> HttpResponse:
    """The runs, newest first, and the form that starts one; for htmx the villages of a chosen branch."""
    branch = request.GET.get("branch", "")
    villages = lines.villages_to_choose(request.post, branch)
    if request.htmx and "branch" in request.GET:
        return render(request, "credit/_villages.html", {"villages": villages})
    page = Paginator(lines.list_runs(request.post), ON_PAGE).get_page(request.GET.get("page"))
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("额度")}],
        "page": page,
        "models": [(key, model.title.text(language())) for key, model in lines.models_in_force(request.user.institution_id)],
        "branches": lines.branches_to_choose(request.post),
        "branch": branch,
        "villages": villages,
        "may_all": request.post.is_whole,
    }  # fmt: skip
    return render(request, "credit/line_list.html", context)


@allow(PostKind.APPROVER)
@require_POST
def line_start(request: StaffRequest) -> HttpResponse:
    """Start a run over a village, a branch or the whole institution; leads to its page."""
    branch, grid = request.POST.get("branch", ""), request.POST.get("grid", "")
    chosen_grid = open_grid(request.post, int(grid)) if grid.isdecimal() else None
    chosen_branch = open_branch(request.post, int(branch)) if branch.isdecimal() else None
    if chosen_grid is None and chosen_branch is None and not request.post.is_whole:
        messages.error(request, _("请选择支行或村"))
        return redirect("credit:line_list")
    try:
        run = start_line_run(
            institution=request.user.institution,
            model_key=request.POST.get("model", ""),
            asked_by=request.user,
            post_id=request.post.pk,
            branch=chosen_branch,
            grid=chosen_grid,
            only_changed=request.POST.get("changed") == "yes",
        )
    except AlreadyRunning as living:
        run = lines.run_of(living.run)
        messages.info(request, _("同样的测算正在进行，没有重复开始"))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:line_list")
    return redirect("credit:line_run", pk=run.pk)


@allow(PostKind.APPROVER)
@require_GET
def line_run(request: StaffRequest, pk: int) -> HttpResponse:
    """One run: progress while it lives, then distribution, results, publication."""
    run = access.open_line_run(request.post, pk)
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    context: dict[str, Any] = {
        "where": _where(request, run),
        "run": run,
        "title": lines.model_of(run.model).title.text(language()),
        "show": show,
        "is_done": run.run.state == JobRun.State.DONE,
    }
    if not context["is_done"]:
        return render(request, "credit/line_run.html", context | {"progress": _told(request, run)})
    labels, model = reason_labels(run), lines.model_of(run.model)
    context |= {
        "has_score": model.score is not None,
        "beside_name": beside_name(model),
        "stats": run_stats(run),
        "chart": distribution(run),
        "is_own": run.asked_by_id == request.user.pk,
        "is_newest": run.published_at is not None or lines.newest_in_force(run),
        "segments": _segments(run),
    }
    if show in ("unfiled", "failed"):
        without = lines.unfiled if show == "unfiled" else lines.failed
        waiting = Paginator(without(request.post, run), ON_PAGE).get_page(request.GET.get("page"))
        homes = called(subject.pk for subject in waiting)
        context |= {"page": waiting, "rows": [{"home": homes.get(subject.pk)} for subject in waiting]}
    else:
        results = lines.results_of(request.post, run, request.GET.dict())
        page = Paginator(results, ON_PAGE).get_page(request.GET.get("page"))
        context |= {"page": page, "rows": _rows(run, list(page), labels), "filters": _filters(run, labels)}
    return render(request, "credit/line_run.html", context)


def _where(request: StaffRequest, run: "LineRun") -> list[dict[str, Any]]:
    return [
        {"label": request.user.institution.short_name},
        {"label": _("额度"), "url": reverse("credit:line_list")},
        {"label": str(run.grid or run.branch or _("全行"))},
    ]


def _segments(run: "LineRun") -> list[dict[str, Any]]:
    figures = run.figures
    counts = (
        ("", _("全部结果"), figures.get("filed", 0)),
        ("line", _("有额度"), figures.get("with_line", 0)),
        ("zero", _("零额度"), figures.get("zero", 0)),
        ("missing", _("缺数据"), figures.get("incomplete", 0)),
        ("unfiled", _("待建档"), figures.get("unfiled", 0)),
        ("failed", _("没能测算"), figures.get("failed", 0)),
    )
    rows = [{"show": show, "label": label, "count": count} for show, label, count in counts]
    return [row for row in rows if row["count"] or row["show"] != "failed"]


def _filters(run: "LineRun", labels: dict[str, str]) -> list[dict[str, Any]]:
    reasons = [(code, f"{labels.get(code, code)}（{count}）") for code, count in run.figures.get("reasons", {}).items()]
    if not reasons:
        return []
    return [{"name": "reason", "label": _("全部原因"), "kind": "select", "options": reasons, "main": True}]


def _rows(run: "LineRun", results: "list[LineResult]", labels: dict[str, str]) -> list[dict[str, Any]]:
    homes = called(result.subject_id for result in results)
    model = lines.model_of(run.model)
    grades = {level.code: level.label.text(language()) for level in model.grade.levels} if model.grade else {}
    caps = {cap.name: cap.label.text(language()) for cap in model.caps}
    return [
        {
            "result": result,
            "home": homes.get(result.subject_id),
            "grade": grades.get(told.grade, told.grade),
            "why": listed(
                [labels.get(reason["code"], reason["code"]) for reason in told.reasons]
                + [caps.get(cap, cap) for cap in told.binding]
            ),
        }
        for result, told in ((result, lines.said(result, model)) for result in results)
    ]


def _told(request: StaffRequest, run: "LineRun") -> dict[str, Any]:
    """A run as the progress component shows it, asked again at this page's own address: it is not the asker's alone."""
    told = runs.told(run.run, request)
    told["poll_url"] = reverse("credit:line_progress", args=[run.pk])
    told["unit"] = _("户")
    told["speed"] = runs.speed(run.run)
    if run.asked_by_id != request.user.pk:
        told["cancel_url"] = ""
    return told


@allow(PostKind.APPROVER)
@require_GET
@never_cache
def line_progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How far a run is; when it has ended the page comes again with its results."""
    run = access.open_line_run(request.post, pk)
    response = render(request, "components/progress.html", {"run": _told(request, run)})
    if run.run.state == JobRun.State.DONE:
        response["HX-Refresh"] = "true"
    return response


@allow(PostKind.APPROVER)
@require_POST
def line_publish(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the results of a run current."""
    run = access.open_line_run(request.post, pk)
    try:
        run = publish_run(run=run, staff=request.user, post_id=request.post.pk)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已发布，%(count)s 户的模型额度从现在起按这次结果") % {"count": run.figures["filed"]})  # fmt: skip
    return redirect("credit:line_run", pk=pk)


@allow(PostKind.APPROVER)
@require_POST
def line_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a publication back."""
    run = access.open_line_run(request.post, pk)
    try:
        withdraw_run(run=run, staff=request.user, post_id=request.post.pk, reason=request.POST.get("reason", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤回，这些户恢复为上一次发布的额度"))
    return redirect("credit:line_run", pk=pk)


# --- One household ------------------------------------------------------------------------------------------------


@allow(*SEEING)
@require_GET
def line(request: StaffRequest, pk: int) -> HttpResponse:
    """The explanation of a household's current line; without one, what is missing."""
    home = open_household(request.post, pk)
    current = lines.current_line([pk]).get(pk)
    if current is None:
        context = {"where": _household_where(home), "home": home, "is_filed": bool(checked_files([pk]))}
        return render(request, "credit/line_none.html", context)
    return _explained(request, access.open_line_result(request.post, current.pk), home)


@allow(*SEEING)
@require_GET
def line_result(request: StaffRequest, pk: int) -> HttpResponse:
    """The explanation of one result, current or not; the approver reads it before publication."""
    result = access.open_line_result(request.post, pk)
    return _explained(request, result, open_household(request.post, result.subject_id))


def _explained(request: StaffRequest, result: "LineResult", home: "Household") -> HttpResponse:
    context = {
        "where": _household_where(home),
        "page": LinePage(result, home, request.post),
        "result": result,
        "home": home,
        "run": result.run,
        "history": lines.line_history(request.post, home.pk),
        "handovers": lines.handovers_of(home.pk),
        "may_hand": request.post.kind in HANDERS
        and result.run.published_at is not None
        and result.run.withdrawn_at is None,
    }
    return render(request, "credit/line.html", context)


def _household_where(home: "Household") -> list[dict[str, Any]]:
    villages = f"{reverse('customers:household_list')}?{urlencode({'grid': home.grid_id})}"
    return [
        {"label": home.grid.branch.name},
        {"label": home.grid.name, "url": villages},
        {"label": home.number, "url": reverse("customers:household", args=[home.pk])},
        {"label": _("额度说明")},
    ]


@allow(*SEEING)
@require_GET
def line_paper_pdf(request: StaffRequest, pk: int) -> HttpResponse:
    """The explanation as PDF, to hand to the household; leaves an audit event."""
    result = access.open_line_result(request.post, pk)
    if lines.differences(result):
        messages.error(request, _("这份结果没有通过复算，不能打印"))
        return redirect("credit:line_result", pk=pk)
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="line_printed", about="line_result", about_id=result.pk
    )
    return _paper(request, result, language())


@allow(*HANDERS)
@require_POST
def line_hand(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand the explanation to the customer in a language: recorded, and answered with the paper."""
    result = access.open_line_result(request.post, pk)
    chosen = request.POST.get("language", "")
    try:
        hand_over(by=request.user, post=request.post, result=result, language=chosen)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:line_result", pk=pk)
    return _paper(request, result, chosen)


def _paper(request: StaffRequest, result: "LineResult", chosen: str) -> HttpResponse:
    home = open_household(request.post, result.subject_id)
    with translation.override(chosen):
        content = pdf.render("line", line_paper(LinePage(result, home, request.post)), chosen)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(False, f"line-{home.number}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response


@allow(*SEEING)
@require_GET
@never_cache
def household_line(request: StaffRequest, pk: int) -> HttpResponse:
    """The place on a household's page: granted line and model line at a glance."""
    home = open_household(request.post, pk)
    current = lines.current_line([pk]).get(pk)
    context: dict[str, Any] = {
        "home": home,
        "current": current,
        "granted": granted_lines([pk]).get(pk),
        "is_filed": current is not None or bool(checked_files([pk])),
        "reasons": [],
    }
    if current is not None:
        run = lines.with_model(current)
        labels = reason_labels(run)
        context["reasons"] = [
            labels.get(reason["code"], reason["code"])
            for reason in lines.said(current, lines.model_of(run.model)).reasons
        ]
        context["model"] = run.model.key.upper()
    return render(request, "credit/_household_line.html", context)
