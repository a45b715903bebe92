"""Trainings: sessions, one session with its attendance, and the people with what they attended."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_training
from grids.domain import attendancefile
from grids.forms import AttendanceFileForm, TrainingForm
from grids.selectors import trainings as selectors
from grids.services import Refused, attendance_files
from grids.services import trainings as services
from grids.services.trainings import Said

PROBLEMS_SHOWN = 200
HOLDING = (PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)


def _where(request: StaffRequest, *last: str) -> list[dict[str, str]]:
    first = {"label": request.user.institution.short_name}
    return [first, {"label": _("培训"), "url": reverse("grids:training_list")}, *({"label": one} for one in last)]


@allow(*HOLDING)
@require_GET
def training_list(request: StaffRequest) -> HttpResponse:
    """The sessions a post sees, the newest first."""
    page, counts = selectors.page_of(request.post, request.GET.dict(), request.GET.get("page"))
    context = {
        "where": _where(request),
        "filters": [
            {"name": "kind", "label": _("类别"), "kind": "select", "options": selectors.KINDS, "main": True},
            {"name": "open", "label": _("出勤待登记"), "kind": "check", "main": True},
        ],
        "page": page,
        "rows": [{"training": one, "counts": counts.get(one.pk, {})} for one in page],
    }
    return render(request, "grids/training_list.html", context)


@allow(*HOLDING)
def training_new(request: StaffRequest) -> HttpResponse:
    """Announce a session."""
    form = TrainingForm(request.POST or None, post=request.post)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.announce(by=request.user, post=request.post, **form.cleaned_data)
            return redirect("grids:training", made.pk)
        except Refused as refusal:
            form.add_error("branch", str(refusal))
    context = {"where": _where(request, _("登记培训")), "form": form}
    return render(request, "grids/training_new.html", context, status=422 if form.errors else 200)


@allow(*HOLDING)
@require_GET
def training(request: StaffRequest, pk: int) -> HttpResponse:
    """One session: who is invited, who came, who passed; and whom to invite."""
    return _page(request, open_training(request.post, pk))


def _page(
    request: StaffRequest, found: Any, error: str = "", typed: Any = None, status: int = 200, **more: Any
) -> HttpResponse:
    mine = set(selectors.invitable(request.post).values_list("pk", flat=True))
    only = request.GET.get("post", "")
    everybody = selectors.newest_of(found)
    page = Paginator(everybody, selectors.PEOPLE_ON_PAGE).get_page(request.GET.get("page"))
    people, left = selectors.not_listed(request.post, found, only) if not found.cancelled_at else ([], 0)
    context = {
        "where": _where(request, found.title),
        "training": found,
        "rows": [
            {
                "row": one,
                "may": one.staff_id in mine and one.staff_id != request.user.pk,
                "typed": (typed or {}).get(one.staff_id),
            }
            for one in page
        ],
        "page": page,
        "states": selectors.STATES,
        "tones": selectors.TONES,
        "may_record": selectors.is_held(found) and not found.cancelled_at,
        "may_cancel": not found.cancelled_at and not any(one.state == "attended" for one in everybody),
        "people": people,
        "left": left,
        "only": only,
        "post_kinds": PostKind.choices,
        "error": error,
        **more,
    }
    return render(request, "grids/training.html", context, status=status)


@allow(*HOLDING)
@require_POST
def training_invite(request: StaffRequest, pk: int) -> HttpResponse:
    """Put people on the list of a session."""
    found = open_training(request.post, pk)
    chosen = [int(text) for text in request.POST.getlist("staff") if text.isdigit() and len(text) < 19]
    try:
        invited = services.invite(training=found, by=request.user, post=request.post, staff_ids=chosen)
        messages.success(request, _("已通知 %(count)s 人") % {"count": invited})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("grids:training", pk)


@allow(*HOLDING)
@require_POST
def training_note(request: StaffRequest, pk: int) -> HttpResponse:
    """Write down who came: the whole list at once, only what changed is kept."""
    found = open_training(request.post, pk)
    said = list(_said(request))
    try:
        written = services.note(training=found, by=request.user, post=request.post, said=said)
    except Refused as refusal:
        return _page(request, found, str(refusal), {one.staff_id: one for one in said}, status=422)
    messages.success(request, _("已登记 %(count)s 人的出勤") % {"count": written})
    number = request.GET.get("page", "")
    return redirect(reverse("grids:training", args=[pk]) + (f"?page={number}" if number.isdigit() else ""))


def _said(request: StaffRequest) -> Any:
    passed = {"yes": True, "no": False}
    for name, state in request.POST.items():
        kind, _colon, number = name.partition(":")
        if kind != "state" or not number.isdigit() or len(number) > 18 or state not in dict(selectors.STATES):
            continue
        test = passed.get(str(request.POST.get(f"passed:{number}", ""))) if state == "attended" else None
        yield Said(
            staff_id=int(number), state=str(state), passed=test, reason=str(request.POST.get(f"reason:{number}", ""))
        )


@allow(*HOLDING)
@require_POST
def training_file(request: StaffRequest, pk: int) -> HttpResponse:
    """Record attendance by file; a file with faults changes nothing, and all of them are shown."""
    found = open_training(request.post, pk)
    form = AttendanceFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, str(form.errors["file"][0]), status=422)
    try:
        written, problems = attendance_files.record(
            training=found, by=request.user, post=request.post, content=form.cleaned_data["file"].read()
        )
    except Refused as refusal:
        return _page(request, found, str(refusal), status=422)
    if problems:
        told = [attendancefile.describe(one, get_language() or "") for one in problems[:PROBLEMS_SHOWN]]
        return _page(request, found, problems=told, problem_count=len(problems), status=422)
    messages.success(request, _("已登记 %(count)s 人的出勤") % {"count": written})
    return redirect("grids:training", pk)


@allow(*HOLDING)
@require_POST
def training_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Cancel a session nobody attended."""
    found = open_training(request.post, pk)
    try:
        services.cancel(training=found, by=request.user, post=request.post, reason=request.POST.get("reason", ""))
        messages.success(request, _("已取消"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("grids:training", pk)


@allow(*HOLDING)
@require_GET
def training_people(request: StaffRequest) -> HttpResponse:
    """The people of a post with what they attended; who has nothing can be asked for before he goes to the field."""
    page, people = selectors.people_of(request.post, request.GET.dict(), request.GET.get("page"))
    context = {
        "where": _where(request, _("按人员")),
        "filters": [
            {"name": "kind", "label": _("类别"), "kind": "select", "options": selectors.KINDS, "main": True},
            {"name": "post", "label": _("岗位"), "kind": "select", "options": PostKind.choices, "main": True},
            {"name": "none", "label": _("没有参加过"), "kind": "check", "main": True},
        ],
        "page": page,
        "people": people,
    }
    return render(request, "grids/training_people.html", context)
