"""Snapshots of the core system: one approver uploads, another confirms side by side; what a household owes by the one in force."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import display, runs
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from credit import access
from credit.forms import SnapshotForm
from credit.selectors import snapshots as selectors
from credit.selectors.explained_model import language
from credit.services import snapshots as service
from credit.services.snapshots import SnapshotRefusedError
from customers.access import open_household
from grids.access import PostKind

if TYPE_CHECKING:
    from credit.models import CoreSnapshot

SEEING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.CHECKER, PostKind.AUDITOR)
State = selectors.State


def _where(request: StaffRequest, *more: str) -> list[dict[str, str]]:
    return [
        {"label": _("额度"), "url": reverse("credit:line_list")},
        {"label": _("核心系统快照"), "url": reverse("credit:core_snapshot_list")},
        *({"label": label} for label in more),
    ]


@allow(PostKind.APPROVER)
@require_GET
def snapshot_list(request: StaffRequest) -> HttpResponse:
    """The snapshot in force and how old it is, then every file, the newest first."""
    page = selectors.snapshots_page(request.post, request.GET.get("page"))
    current = selectors.in_force(request.user.institution_id) if request.post.is_whole else None
    context = {
        "where": _where(request),
        "page": page,
        "rows": [{"file": one, "tone": selectors.TONES[State(one.state)]} for one in page],
        "current": current,
        "old_days": selectors.age_past_limit(current) if current else 0,
        "stats": selectors.stats_of(current) if current else [],
        "may_upload": request.post.is_whole,
    }
    return render(request, "credit/core_snapshots.html", context)


@allow(PostKind.APPROVER)
@require_http_methods(["GET", "POST"])
def snapshot_upload(request: StaffRequest) -> HttpResponse:
    """Upload the file of a day; every row of it is checked at once."""
    access.snapshot_keeper(request.post)
    form = SnapshotForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            taken = service.upload(
                staff=request.user,
                post_id=request.post.pk,
                content=data["file"],
                name=data["file"].name,
                taken_on=data["taken_on"],
                correction=data["correction"],
            )
        except FileRefused as refused:
            form.add_error("file", str(refused))
        except SnapshotRefusedError as refused:
            if refused.code in ("same_file", "waiting") and refused.snapshot is not None:
                messages.info(request, _sentence(refused))
                return redirect("credit:core_snapshot", pk=refused.snapshot.pk)
            form.add_error("correction" if refused.code == "same_day" else "taken_on", _sentence(refused))
        else:
            return redirect("credit:core_snapshot", pk=taken.pk)
    context = {"where": _where(request, _("上传")), "form": form}
    return render(request, "credit/core_snapshot_upload.html", context, status=422 if form.errors else 200)


def _sentence(refused: SnapshotRefusedError) -> str:
    day = display.day(refused.snapshot.taken_on) if refused.snapshot is not None else ""
    return {
        "not_released": _("提示的界限还没有发布，请参数管理岗先发布“核心系统快照”。"),
        "future": _("数据日期不能晚于今天。"),
        "older": _("生效中的是 %(day)s 的快照，更早的不能再上传。") % {"day": day},
        "same_day": _("%(day)s 的快照已经生效；要替换它，请写明更正原因。") % {"day": day},
        "same_file": _("这份文件已经上传过，见本页。"),
        "waiting": _("已有一份快照在检查或等人确认，见本页；先办完它。"),
        "own": _("自己上传的快照须由另一位审批人确认。"),
        "not_own": _("只有上传的人可以撤回。"),
        "settled": _("这份快照刚刚已经处理过了，下面是现在的状态。"),
        "answer": _("请写明理由。"),
    }[refused.code]


@allow(PostKind.APPROVER)
@require_GET
@never_cache
def snapshot(request: StaffRequest, pk: int) -> HttpResponse:
    """One file: its progress, then its figures beside the one before, what is striking, and every finding."""
    found = access.open_snapshot(request.post, pk)
    level = request.GET.get("level", "")
    findings = selectors.findings_page(found, level, request.GET.get("page"))
    counts = selectors.level_counts(found)
    is_own = found.uploaded_by_id == request.user.pk
    is_waiting = found.state == State.WAITING
    has_figures = bool(found.summary.get("kinds")) and found.state != State.BROKEN
    context = {
        "where": _where(request, found.file_name),
        "file": found,
        "tone": selectors.TONES[State(found.state)],
        "run": _run(request, found),
        "counts": counts,
        "level": level if level in selectors.LEVELS else "",
        "page": findings,
        "findings": selectors.told(findings, language()),
        "stats": selectors.stats_of(found) if has_figures else [],
        "sections": selectors.compared_sections(found) if has_figures else [],
        "changes": found.summary.get("changes"),
        "flags": selectors.flag_words(found),
        "not_held": selectors.not_held(found) if has_figures else [],
        "may_confirm": is_waiting and not is_own,
        "may_withdraw": is_waiting and is_own,
    }
    return render(request, "credit/core_snapshot.html", context)


def _run(request: StaffRequest, found: "CoreSnapshot") -> dict[str, Any] | None:
    if found.run is None or found.state != State.CHECKING:
        return None
    run = runs.told(found.run, request)
    run["label"] = found.file_name
    run["poll_url"] = reverse("credit:core_snapshot_progress", args=[found.pk])
    if found.run.asked_by_id != request.user.pk:
        run["cancel_url"] = ""
    return run


@allow(PostKind.APPROVER)
@require_GET
@never_cache
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """The progress alone, for htmx; once the run is over, the word to load the page again."""
    run = _run(request, access.open_snapshot(request.post, pk))
    if run is None or run["state"] not in ("queued", "running"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "components/progress.html", {"run": run})


@allow(PostKind.APPROVER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Put somebody else's snapshot in force."""
    found = access.open_snapshot(request.post, pk)
    try:
        answer = request.POST.get("reason", "")
        service.confirm(staff=request.user, post_id=request.post.pk, snapshot=found, answer=answer)
    except SnapshotRefusedError as refused:
        messages.warning(request, _sentence(refused))
    return redirect("credit:core_snapshot", pk=found.pk)


@allow(PostKind.APPROVER)
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse somebody else's snapshot, with what is wrong."""
    found = access.open_snapshot(request.post, pk)
    try:
        answer = request.POST.get("reason", "")
        service.reject(staff=request.user, post_id=request.post.pk, snapshot=found, answer=answer)
    except SnapshotRefusedError as refused:
        messages.warning(request, _sentence(refused))
    return redirect("credit:core_snapshot", pk=found.pk)


@allow(PostKind.APPROVER)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back one's own snapshot."""
    found = access.open_snapshot(request.post, pk)
    try:
        service.withdraw(staff=request.user, post_id=request.post.pk, snapshot=found)
    except SnapshotRefusedError as refused:
        messages.warning(request, _sentence(refused))
    return redirect("credit:core_snapshot", pk=found.pk)


@allow(*SEEING)
@require_GET
@never_cache
def household_credits(request: StaffRequest, pk: int) -> HttpResponse:
    """The place on a household's page: what its members have drawn here and elsewhere, contract numbers masked."""
    home = open_household(request.post, pk)
    found = selectors.household_credits(home.institution_id, home.pk)
    return render(request, "credit/_household_credits.html", {"credits": found})
