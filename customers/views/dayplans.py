"""The plan of a day and of a week: what is suggested, what was put there by whom, and what was done of it."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.weeks import Week
from customers import access
from customers.selectors import dayplans as selectors
from customers.services import dayplans as service
from customers.services.dayplans import DayPlanRefusedError
from grids.access import PostKind

PLANNERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
FAR = timedelta(days=60)


def _words(code: str) -> str:
    return {
        "past": _("过去的日子不能再安排。"),
        "full": _("一天最多安排 %(most)s 条，请排到别的日子。") % {"most": service.LONGEST},
        "wanted": _("请填走几户，1 到 99。"),
        "reason": _("请写推迟的原因。"),
        "later": _("请选今天以后、原定日期以后的日子。"),
        "there": _("那天已经安排了这一条。"),
        "uncovered": _("那天这位客户经理不负责这个网格，不能安排。"),
        "changed": _("刚才已有变动，请再看一下。"),
    }[code]


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if len(text) != 10 or abs(day - clock.today()) > timedelta(days=3660):
        raise Http404
    return day


def _officer(request: StaffRequest, pk: int) -> Any:
    officer = selectors.officers_for(request.post).filter(pk=pk).first()
    if officer is None:
        raise Http404
    return officer


def _week(text: str) -> Week:
    try:
        return Week.parse(text)
    except ValueError:
        return Week.containing(clock.today())


@allow(*PLANNERS)
@require_GET
def plan_week(request: StaffRequest) -> HttpResponse:
    """Plan against done of a week: an officer sees his own days, a branch manager those of his officers."""
    week = _week(request.GET.get("week", ""))
    page, rows = selectors.weeks_of(request.post, week, request.GET.get("page"))
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    own = request.post.branch.name if request.post.branch else request.user.institution.short_name
    context = {
        "where": [{"label": own}, {"label": _("走访计划")}],
        "shown_week": week,
        "earlier": week.previous.code,
        "later": week.next.code,
        "page": page,
        "rows": rows,
        "days": [week.first_day + timedelta(days=offset) for offset in range(7)],
        "day": clock.today(),
        "is_manager": is_manager,
    }
    return render(request, "customers/plan_week.html", context)


@allow(*PLANNERS)
@require_GET
def plan_day(request: StaffRequest, officer: int, on: str) -> HttpResponse:
    """One officer's day: its lines with what was done, and from today on what is suggested and may be put there."""
    person, day = _officer(request, officer), _day(on)
    post, today = request.post, clock.today()
    plan = selectors.PlanDay(post, person, day)
    page, chosen = plan.page(request.GET.get("page")), None
    is_own = person.pk == request.user.pk and post.kind == PostKind.OFFICER
    open_to_plan = today <= day <= today + FAR
    context: dict[str, Any] = {
        "where": [
            {"label": _("走访计划"), "url": f"{reverse('customers:plan_week')}?week={Week.containing(day).code}"},
            {"label": person.name},
        ],
        "officer": person,
        "day": day,
        "is_today": day == today,
        "is_past": day < today,
        "is_own": is_own,
        "page": page,
        "waiting": sum(row.accepted_at is None and row.postponed_to is None for row in page.object_list),
        "open_to_plan": open_to_plan,
        "earlier": day - timedelta(days=1),
        "later": day + timedelta(days=1),
        "tomorrow": max(day, today) + timedelta(days=1),
    }
    if open_to_plan:
        grids = selectors.grids_of(post, person, day)
        grid = request.GET.get("grid", "")
        context |= {"grids": [(one.pk, one.name) for one in grids], "chosen": grid}
        chosen = plan.next(
            selectors.facts_of(person.institution_id, grids),
            number=request.GET.get("more"),
            grid=int(grid) if grid.isdigit() and len(grid) < 19 else None,
        )
    context["lines"], context["suggested"] = selectors.said(plan, page, chosen)
    return render(request, "customers/plan_day.html", context)


def _back(request: StaffRequest, officer: int, on: date) -> HttpResponse:
    asked = request.POST.get("back", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return redirect(asked)
    return redirect("customers:plan_day", officer=officer, on=on.isoformat())


@allow(*PLANNERS)
@require_POST
def plan_put(request: StaffRequest, officer: int, on: str) -> HttpResponse:
    """Put chosen places, or so many visits in a village, on an officer's day."""
    person, day = _officer(request, officer), _day(on)
    note = request.POST.get("note", "").strip()
    acting: dict[str, Any] = {"staff": request.user, "post_id": request.post.pk, "officer": person, "on": day}
    try:
        if grid := request.POST.get("village", ""):
            grids = {str(one.pk): one for one in selectors.grids_of(request.post, person, day)}
            wanted = request.POST.get("wanted", "")
            if grid not in grids:
                raise DayPlanRefusedError("uncovered")
            if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 3:
                raise DayPlanRefusedError("wanted")
            added = service.put_village(**acting, grid=grids[grid], wanted=int(wanted), note=note)
        else:
            asked = [
                int(pk) for pk in request.POST.getlist("subject")[: service.LONGEST] if pk.isdigit() and len(pk) < 19
            ]
            subjects, reasons, release = selectors.asked_for(request.post, person, day, asked)
            if not subjects:
                messages.warning(request, _("请先勾选要走访的客户。"))
                return _back(request, officer, day)
            added = service.put(**acting, subjects=subjects, reasons=reasons, release=release, note=note)
    except DayPlanRefusedError as refused:
        messages.error(request, _words(refused.code))
        return _back(request, officer, day)
    if added:
        messages.success(request, _("已排进 %(day)s 的计划：%(count)s 条。") % {"day": f"{day:%m-%d}", "count": added})
    else:
        messages.info(request, _("这些已经在那天的计划里了。"))
    return _back(request, officer, day)


@allow(PostKind.OFFICER)
@require_POST
def plan_accept(request: StaffRequest, on: str) -> HttpResponse:
    """Accept everything the branch put on one's day."""
    day = _day(on)
    accepted = service.accept(staff=request.user, post_id=request.post.pk, on=day)
    if accepted:
        messages.success(request, _("已接受 %(count)s 条安排。") % {"count": accepted})
    return _back(request, request.user.pk, day)


@allow(PostKind.OFFICER)
@require_POST
def plan_move(request: StaffRequest, pk: int, way: str) -> HttpResponse:
    """Change a line of one's day with the one before or behind it."""
    if way not in ("earlier", "later"):
        raise Http404
    row = access.open_planned(request.post, pk)
    service.move(staff=request.user, row=row, earlier=way == "earlier")
    return _back(request, row.officer_id, row.on)


@allow(PostKind.OFFICER)
@require_POST
def plan_postpone(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a line of one's day off to a later day, with the reason."""
    row = access.open_planned(request.post, pk)
    try:
        try:
            to = date.fromisoformat(request.POST.get("to", ""))
        except ValueError:
            raise DayPlanRefusedError("later") from None
        if to > clock.today() + FAR:
            raise DayPlanRefusedError("later")
        service.postpone(
            staff=request.user, post_id=request.post.pk, row=row, to=to, reason=request.POST.get("reason", "")
        )
    except DayPlanRefusedError as refused:
        messages.error(request, _words(refused.code))
    else:
        messages.success(request, _("已推迟到 %(day)s。") % {"day": f"{to:%m-%d}"})
    return _back(request, row.officer_id, row.on)


@allow(*PLANNERS)
@require_POST
def plan_take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a line one put on a day."""
    row = access.open_planned(request.post, pk)
    try:
        service.take_back(staff=request.user, post_id=request.post.pk, row=row)
    except DayPlanRefusedError as refused:
        messages.error(request, _words(refused.code))
    else:
        messages.success(request, _("已从计划中撤下。"))
    return _back(request, row.officer_id, row.on)
