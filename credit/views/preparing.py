"""Preparing a round and checking its list: people, plan, checklist, village summary, and each household's borrower or exception."""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.display import moment
from config.lib.pdf import render as draw
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_round
from credit.domain.dayplan import TeamDay
from credit.forms import DueForm, ListedForm, PeopleForm, PlanForm
from credit.selectors import listing as lists
from credit.selectors import preparing as selectors
from credit.selectors import rounds as round_selectors
from credit.services import listing, preparing
from credit.views.stage_frame import did, show, where
from customers.selectors.rosters_of_rounds import grown_members
from grids.access import PostKind
from grids.services import Refused

PREPARING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


def prepare_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return what the preparation's page shows beside the sheets."""
    language = get_language() or ""
    plan = selectors.plan_of(round)
    people = selectors.people_of(round)
    release, rules = selectors.rules_in_words(round, language)
    may = request.post.kind in preparing.MAY_PREPARE and round.stage != "closed"
    context: dict[str, Any] = {
        "people": people,
        "plan": plan,
        "planned": sum(one.households for one in plan),
        "plan_days": len({one.on for one in plan}),
        "progress": selectors.progress_of([round]).get(round.pk),
        "tasks": selectors.checklist(round, language),
        "summary": selectors.summary_of(round),
        "provenance": selectors.provenance_of(round),
        "rules": rules,
        "rules_release": release,
        "may_prepare": may,
    }
    if may:
        context["plan_form"] = PlanForm(prefix="plan")
    if request.post.kind == PostKind.BRANCH_MANAGER and round.stage != "closed":
        context["people_form"] = PeopleForm(post=request.post, round=round, people=people)
        context["due_form"] = DueForm(initial={"due_on": round.due_on})
    return context


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_people(request: StaffRequest, pk: int) -> HttpResponse:
    """Name owner, director and liaison."""
    round = open_round(request.post, pk)
    form = PeopleForm(request.POST, post=request.post, round=round, people=selectors.people_of(round))
    if not form.is_valid():
        return show(request, round, "prepare", 422, people_form=form)
    data = form.cleaned_data
    chosen = {name: _member(request, round, data[name]) for name in ("owner", "director", "liaison")}
    act = lambda: preparing.name_people(  # noqa: E731
        by=request.user,
        post=request.post,
        round=round,
        owner=chosen["owner"] or round.owner,
        people={role: (chosen[role], data[f"{role}_name"]) for role in preparing.ROLES},
    )
    return did(request, round, act, _("负责人已保存"), "prepare")


def _member(request: StaffRequest, round: Any, pk: int | None) -> Any:
    """Return a colleague of the branch, or somebody the round names already."""
    if not pk:
        return None
    named = {one["row"].staff_id: one["row"].staff for one in selectors.people_of(round) if one["row"]}
    return round_selectors.colleague(request.post, round, pk) or named.get(pk)


@allow(*PREPARING)
@require_POST
def round_plan(request: StaffRequest, pk: int) -> HttpResponse:
    """Propose the plan by day from teams and households a day."""
    round = open_round(request.post, pk)
    form = PlanForm(request.POST, prefix="plan")
    if not form.is_valid():
        return show(request, round, "prepare", 422, plan_form=form)
    data = form.cleaned_data
    households = round_selectors.roster_count(round).assessable
    act = lambda: preparing.propose_plan(  # noqa: E731
        by=request.user, post=request.post, round=round, households=households, **data
    )
    return did(request, round, act, _("已按工作日排好，可以逐日修改"), "prepare")


@allow(*PREPARING)
@require_POST
def round_plan_save(request: StaffRequest, pk: int) -> HttpResponse:
    """Save the days as they were changed on the page."""
    round = open_round(request.post, pk)
    plan = []
    for name, given in request.POST.items():
        parts, text = name.split("_"), str(given).strip()
        if len(parts) == 3 and parts[0] == "day" and text.isascii() and text.isdigit():
            try:
                plan.append(TeamDay(date.fromisoformat(parts[1]), int(parts[2]), int(text)))
            except ValueError as error:
                raise Http404 from error
    act = lambda: preparing.save_plan(by=request.user, post=request.post, round=round, plan=plan)  # noqa: E731
    return did(request, round, act, _("计划已保存"), "prepare")


@allow(*PREPARING)
@require_POST
def round_tasks(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick the village's part of the checklist."""
    round = open_round(request.post, pk)
    done = request.POST.getlist("task")
    act = lambda: preparing.tick_village(by=request.user, post=request.post, round=round, done=done)  # noqa: E731
    return did(request, round, act, _("清单已保存"), "prepare")


@allow(*ROUND_POSTS)
@never_cache
def round_household_tasks(request: StaffRequest, pk: int) -> HttpResponse:
    """The households' part of the checklist, page by page."""
    round = open_round(request.post, pk)
    tasks = selectors.checklist(round, get_language() or "")
    may = request.post.kind in preparing.MAY_PREPARE and round.stage != "closed"
    if request.method == "POST":
        if not may or tasks is None:
            raise Http404
        shown = [int(text) for text in request.POST.getlist("shown") if text.isdigit()][: selectors.PAGE]
        done = {subject: request.POST.getlist(f"done_{subject}") for subject in shown}
        preparing.tick_households(by=request.user, post=request.post, round=round, shown=shown, done=done)
    page, rows = selectors.households_to_tick(round, request.GET.get("page"))
    context = {
        "where": where(
            request,
            {"label": round.grid.name, "url": reverse("credit:round_stage", args=[round.pk, "prepare"])},
            {"label": _("每户清单")},
        ),
        "round": round,
        "tasks": tasks,
        "page": page,
        "rows": [
            {"line": line, "points": [{**one, "done": done.get(one["code"], False)} for one in tasks["household"]]}
            for line, done in rows
        ]
        if tasks
        else [],
        "may": may,
        "saved": request.method == "POST",
    }
    return render(request, "credit/round_household_tasks.html", context)


@allow(*ROUND_POSTS)
@never_cache
def round_summary(request: StaffRequest, pk: int) -> HttpResponse:
    """The village summary: the released questions, answered; every saving keeps the one before."""
    round = open_round(request.post, pk)
    may = request.post.kind in preparing.MAY_PREPARE and round.stage != "closed"
    kept = selectors.summary_of(round)
    refusal = ""
    answers: dict[str, Any] = dict(kept.document) if kept else {}
    if request.method == "POST":
        if not may:
            raise Http404
        answers = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
        act = lambda: preparing.write_summary(  # noqa: E731
            by=request.user, post=request.post, round=round, answers=answers
        )
        try:
            act()
        except Refused as error:
            refusal = str(error)
        else:
            return did(request, round, lambda: None, _("村情摘要已保存"), "prepare")
    context = {
        "where": where(
            request,
            {"label": round.grid.name, "url": reverse("credit:round_stage", args=[round.pk, "prepare"])},
            {"label": _("村情摘要")},
        ),
        "round": round,
        "questions": selectors.questions_of(round, get_language() or "", answers),
        "kept": kept,
        "may": may,
        "refusal": refusal,
    }
    return render(request, "credit/round_summary.html", context, status=422 if refusal else 200)


@allow(*ROUND_POSTS)
@require_GET
def round_summary_paper(request: StaffRequest, pk: int) -> HttpResponse:
    """The village summary as PDF, on one page."""
    round = open_round(request.post, pk)
    kept = selectors.summary_of(round)
    if kept is None:
        raise Http404
    language = get_language() or ""
    roster = round_selectors.roster_count(round)
    people = [{"name": str(one["label"]), "value": one["name"] or "—"} for one in selectors.people_of(round)]
    grid = round.grid
    data = {
        "bank": grid.institution.name,
        "village": f"{grid.town} {grid.name}".strip(),
        "round": round.name,
        "stamp": _("第 %(number)s 版 · %(name)s · %(at)s")
        % {"number": kept.number, "name": kept.written_by.name, "at": moment(kept.written_at)},
        "facts": [
            {"name": _("名册"), "value": f"{roster.households:,} " + _("户")},
            {"name": _("可评议"), "value": f"{roster.assessable:,} " + _("户")},
            {"name": _("项目负责人"), "value": round.owner.name},
            *people,
        ],
        "answers": [
            {"label": one["label"], "text": _answer(one)} for one in selectors.asked(kept.form, language, kept.document)
        ],
    }
    answer = HttpResponse(draw("summary", data, language), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="village-{round.pk}-{clock.today():%Y%m%d}.pdf"'
    return answer


def _answer(one: dict[str, Any]) -> str:
    if one["value"] in ("", None):
        return "—"
    text = f"{one['value']:,}" if isinstance(one["value"], int) else str(one["value"])
    return f"{text} {one['unit']}".strip()


# --- The list -----------------------------------------------------------------------------------------------------------


def list_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return the list of a round: its views with how many each holds, one page of the chosen one."""
    if round.stage == "prepare":
        return {}
    counts = lists.counts(round)
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in lists.SHOWS else "all"
    page, found = lists.page_of(round, chosen, request.GET.get("page"))
    return {
        "views": [
            {"name": name, "label": label, "count": counts[name]}
            for name, (label, _rule) in lists.SHOWS.items()
            if counts[name] or name in ("all", chosen)
        ],
        "chosen": chosen,
        "page": page,
        "rows": found,
        "may_settle": request.post.kind in preparing.MAY_PREPARE and round.stage == "list" and round.parent_id is None,
        "provenance": selectors.provenance_of(round),
    }


@allow(*PREPARING)
@require_POST
def round_list_refresh(request: StaffRequest, pk: int) -> HttpResponse:
    """Read roster and lists anew."""
    round = open_round(request.post, pk)
    told: dict[str, int] = {}
    act = lambda: told.update(listing.refresh(by=request.user, post=request.post, round=round))  # noqa: E731
    return did(request, round, act, _("已重读名册和名单"), "list")


@allow(*PREPARING)
@never_cache
def round_list_row(request: StaffRequest, pk: int, subject: int) -> HttpResponse:
    """One household of the list: its borrower, or the exception with its reason."""
    round = open_round(request.post, pk)
    row = lists.open_row(round, subject)
    members = grown_members(subject, clock.today())
    form = ListedForm(request.POST or None, row=row, members=members)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            listing.settle(
                by=request.user,
                post=request.post,
                round=round,
                row=row,
                borrower_id=data["borrower"],
                exception=data["exception"],
                leave_out=data["leave_out"],
                note=data["note"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return did(request, round, lambda: None, _("已保存"), "list")
    context = {
        "where": where(
            request,
            {"label": round.grid.name, "url": reverse("credit:round_stage", args=[round.pk, "list"])},
            {"label": _("名单")},
        ),
        "round": round,
        "line": lists.lines([row])[0],
        "form": form,
        "members": members,
        "may": round.stage == "list" and round.parent_id is None,
    }
    return render(request, "credit/round_list_row.html", context, status=422 if form.errors else 200)
