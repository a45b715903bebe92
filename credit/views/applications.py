"""Applications of single households outside a round: the list, one with its investigation, opinions and documents, its papers."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, pdf
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_application, open_application_document
from credit.domain import applications as domain
from credit.domain.applications import Stage, check_words
from credit.domain.bounds import BoundCode
from credit.domain.wording import bound_name, explain_steps
from credit.forms import ApplicationForm
from credit.selectors import applications as selectors
from credit.selectors import decisions, paper_applications
from credit.selectors.alone import explained
from credit.selectors.explained_model import language
from credit.selectors.rounds import rules_of
from credit.services import applications as services
from credit.services.decision_steps import may_sign
from credit.views.steps import events_of, take
from customers.access import open_household
from customers.selectors.assessment import cards
from customers.views.visits import photo_response
from grids.access import PostKind
from grids.services import Refused

PAGE = 20
RECEIVERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
SERVING = (*RECEIVERS, PostKind.APPROVER)
STOPS = ("return", "refuse", "turn_down", "cancel", "withdraw")


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def application_list(request: StaffRequest) -> HttpResponse:
    """The applications of the post's scope, by stage, branch, whose turn it is, and those past their day."""
    page = Paginator(selectors.list_applications(request.post, request.GET.dict()), PAGE).get_page(
        request.GET.get("page")
    )
    stages = [("all", _("全部状态")), *((stage.value, str(_label(stage))) for stage in Stage)]
    branches = selectors.branches_to_choose(request.post)
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("单户申请")}],
        "page": page,
        "rows": selectors.rows_of(page.object_list, language()),
        "filters": [
            {"name": "stage", "label": _("在办"), "kind": "select", "options": stages, "main": True},
            {"name": "owner", "label": _("全部经办"), "kind": "select", "options": [("me", _("等我办理"))], "main": True},
            {"name": "late", "label": _("全部期限"), "kind": "select", "options": [("1", _("已超期"))]},
            *(
                [{"name": "branch", "label": _("全部支行"), "kind": "select", "options": branches}]
                if len(branches) > 1
                else []
            ),
        ],
    }  # fmt: skip
    return render(request, "credit/application_list.html", context)


def _label(stage: Stage) -> Any:
    return selectors.stage_label(stage)


@allow(*RECEIVERS)
@never_cache
@require_http_methods(["GET", "POST"])
def application_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Receive an application of a household."""
    home = open_household(request.post, pk)
    release = selectors.rules_in_force(home.institution_id)
    where = [
        {"label": home.grid.branch.name},
        {"label": home.number, "url": reverse("customers:household", args=[pk])},
        {"label": _("受理申请")},
    ]
    if release is None:
        return render(request, "credit/application_none.html", {"where": where, "home": home})
    rules = domain.ApplicationRules.from_document(release.document)
    modes = selectors.modes_offered(home.institution, rules)
    form = ApplicationForm(request.POST or None, rules=rules, modes=modes, language=language())
    if request.method == "POST" and form.is_valid():
        try:
            made = services.receive(by=request.user, post=request.post, household=home, **form.cleaned_data)
            messages.success(request, _("已受理，等客户经理调查"))
            return redirect("credit:application", pk=made.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"where": where, "home": home, "form": form, "card": cards([pk]).get(pk)}
    return render(request, "credit/application_new.html", context, status=422 if form.errors else 200)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def household_applications(request: StaffRequest, pk: int) -> HttpResponse:
    """The place on a household's page: its applications, and where to receive one."""
    home = open_household(request.post, pk)
    found = selectors.of_household(request.post, pk)
    context = {
        "home": home,
        "rows": selectors.rows_of(found, language()),
        "may_receive": request.post.kind in RECEIVERS and not any(one.ended_at is None for one in found),
    }
    return render(request, "credit/_household_applications.html", context)


# --- One --------------------------------------------------------------------------------------------------------------


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def application(request: StaffRequest, pk: int) -> HttpResponse:
    """One application: what is asked, what was looked into, opinions and bounds, what happened, and the next step."""
    return application_page(request, pk)


def application_page(request: StaffRequest, pk: int, refusal: str = "", status: int = 200) -> HttpResponse:
    """The page of an application, with why the last step on it was refused."""
    found = open_application(request.post, pk)
    decision = selectors.decision_of(found)
    steps = selectors.steps_of_application(found)
    rules = selectors.rules_of_application(found)
    taken = decisions.steps_of(decision) if decision is not None else []
    card = cards([found.subject_id]).get(found.subject_id)
    row = selectors.rows_of([found], language())[0]
    looked = _looked_into(found, decision, steps)
    timeline = _timeline(found, steps, taken, language())
    context = {
        "where": [
            {"label": found.grid.branch.name},
            {"label": _("单户申请"), "url": reverse("credit:application_list")},
            {"label": card.head if card else ""},
        ],
        "application": found,
        "row": row,
        "card": card,
        "rules": rules,
        "purpose": selectors.word(rules.purposes, found.purpose, language()),
        "decision": decision,
        "four": decisions.four_opinions(decision, taken) if decision is not None else None,
        "looked": looked,
        "bounds": bounds_of(decision, language()) if decision is not None else [],
        "bound_words": _words(decision),
        "model": explained(decision.trace["alone"]) if decision is not None and "alone" in decision.trace else None,
        "timeline": timeline,
        "stopped": _stopped(timeline),
        "documents": [
            {"document": one, "kind": selectors.word(rules.documents, one.kind, language())}
            for one in selectors.documents_of(found)
        ],
        "kinds": [(one.code, one.label(language())) for one in rules.documents],
        "reasons": [(one.code, one.label(language())) for one in rules.refusals],
        "refusal": refusal,
        "seen": steps[-1].number if steps else 0,
        "decision_seen": (decision.last_number or 0) if decision is not None else 0,
        "figure_text": in_wan(_figure(found, decision)),
        **_may(request, found, decision, steps, taken),
    }
    return render(request, "credit/application.html", context, status=status)


def _looked_into(found: Any, decision: Any, steps: list[Any]) -> list[dict[str, Any]]:
    """The points of the investigation as they stand, or as they stood when it was closed."""
    if decision is not None and found.stage != Stage.PROPOSAL:
        done = [step for step in steps if step.verb == "investigate"][-1]
        points = [
            domain.Check(one["code"], True, {name: str(value) for name, value in one.items()})
            for one in done.detail["checks"]
        ]
    elif found.ended_at is not None:
        return []
    else:
        points = list(selectors.checklist(found, services.model_state(found)))
    return [{"text": check_words(point, language()), "is_met": point.is_met} for point in points]


def _may(request: StaffRequest, found: Any, decision: Any, steps: list[Any], taken: list[Any]) -> dict[str, bool]:
    """What the acting post may do next; the services and the database hold the same."""
    kind, me = request.post.kind, request.user.pk
    stage = Stage(found.stage)
    turn = domain.OWNERS.get(stage)
    made = any(one.staff_id == me and one.verb in ("propose", "refer") for one in taken) or any(
        one.staff_id == me and one.verb == "investigate" for one in steps
    )
    early = stage in (Stage.INVESTIGATION, Stage.PROPOSAL)
    decides = stage in (Stage.BRANCH, Stage.APPROVAL) and turn == kind
    amount = decision.last_amount if decision is not None else None
    return {
        "may_investigate": early and kind == PostKind.OFFICER,
        "may_propose": stage is Stage.PROPOSAL and kind == PostKind.OFFICER,
        "may_decide": decides and not made,
        "is_own": decides and made,
        "is_manager": kind == PostKind.BRANCH_MANAGER,
        "may_sign": amount is not None and may_sign(request.post, rules_of(found), amount),
        "may_turn_down": early
        and kind == PostKind.BRANCH_MANAGER
        and all(one.staff_id != me for one in steps if one.verb in ("receive", "investigate")),
        "may_cancel": found.ended_at is None and kind in RECEIVERS,
        "may_withdraw": stage is Stage.GRANTED and kind in (PostKind.BRANCH_MANAGER, PostKind.APPROVER),
        "may_add": found.ended_at is None and kind in SERVING,
        "has_letter": stage is Stage.REFUSED and kind in RECEIVERS,
    }


def _figure(found: Any, decision: Any) -> Any:
    if decision is None:
        return None
    if decision.last_amount is not None:
        return decision.last_amount
    return None if decision.proposed_amount is None else min(decision.proposed_amount, found.amount)


def in_wan(amount: Any) -> str:
    """Write yuan in 万元 for a field, without needless zeros."""
    return "" if amount is None else f"{(amount / 10_000).normalize():f}"


def bounds_of(found: Any, language: str) -> list[dict[str, Any]]:
    """The bounds of a decision with those that hold it down."""
    stored, steps = found.trace["proposal"], decisions.trace_steps(found, "proposal")
    return [
        {"label": bound_name(code, steps, language), "amount": amount, "binds": code in found.binding}
        for code in BoundCode
        if (amount := stored["bounds"].get(code)) is not None
    ]


def _words(decision: Any) -> list[str]:
    return [] if decision is None else explain_steps(decisions.trace_steps(decision, "proposal"), language())


def _timeline(found: Any, steps: list[Any], taken: list[Any], spoken: str) -> list[dict[str, Any]]:
    """Everything that happened, the newest first."""
    rules = selectors.rules_of_application(found)

    def said(step: Any) -> str:
        code = (getattr(step, "detail", None) or getattr(step, "trace", None) or {}).get("code", "")
        return selectors.word(rules.refusals, code, spoken) if code else ""

    happened = (*steps, *decisions.earlier_steps(found), *taken)
    return events_of(sorted(happened, key=lambda one: (one.taken_at, one.pk), reverse=True), said)


def _stopped(timeline: list[dict[str, Any]]) -> dict[str, str] | None:
    """Who sent the application back or ended it, and why, when that is the last thing that happened."""
    last = timeline[0] if timeline else {"verb": ""}
    if last["verb"] not in STOPS:
        return None
    tone = "yellow" if last["verb"] == "return" else "neutral"
    return {
        "tone": tone,
        "title": last["title"],
        "text": " · ".join(part for part in (last["by"], last["text"]) if part),
    }


ACTS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "investigate": (services.investigate, ()),
    "turn-down": (services.turn_down, ("code",)),
    "cancel": (services.cancel, ()),
}


@allow(*RECEIVERS)
@require_POST
def application_step(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Take a step before the decision."""
    if step not in ACTS:
        raise Http404
    found = open_application(request.post, pk)
    act, needs = ACTS[step]
    return take(
        request, act, *needs, again=partial(application_page, request, pk), page=("credit:application", pk),
        application=found,
    )  # fmt: skip


# --- Documents and papers ---------------------------------------------------------------------------------------------


@allow(*SERVING)
@require_POST
def document_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep photos or PDFs handed in with an application."""
    found = open_application(request.post, pk)
    given = request.FILES.getlist("files")[:6]
    if not given:
        return application_page(request, pk, _("请选择照片或 PDF。"), 422)
    try:
        for file in given:
            services.add_document(
                by=request.user,
                post=request.post,
                application=found,
                kind=request.POST.get("kind", ""),
                content=file.read(),
                name=file.name or "",
            )
    except (Refused, FileRefused) as refusal:
        return application_page(request, pk, str(refusal), 422)
    messages.success(request, _("资料已保存"))
    return redirect("credit:application", pk=pk)


@allow(*ROUND_POSTS)
@require_GET
def document(request: StaffRequest, pk: int, document: int) -> HttpResponse:
    """Serve a document of an application to who sees the household; leaves an audit event."""
    found = open_application_document(request.post, pk, document)
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="application_document_opened", about="application", about_id=pk,
        detail={"document": found.pk},
    )  # fmt: skip
    response = photo_response(found.file)
    if found.file.content_type == "application/pdf":
        response["Content-Disposition"] = 'attachment; filename="document.pdf"'
    return response


@allow(*ROUND_POSTS)
@require_GET
def application_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """The decision sheet of an application as PDF: for the file, not for the customer."""
    found = open_application(request.post, pk)
    return _pdf(request, found, "application", paper_applications.sheet_paper(found, language()))


@allow(*RECEIVERS)
@require_GET
def application_letter(request: StaffRequest, pk: int) -> HttpResponse:
    """The letter that tells the customer why nothing is granted and how to object, as PDF."""
    found = open_application(request.post, pk)
    if found.stage != Stage.REFUSED:
        raise Http404
    home = open_household(request.post, found.subject_id)
    return _pdf(request, found, "refusal", paper_applications.letter_paper(found, home, language()))


def _pdf(request: StaffRequest, found: Any, paper: str, data: dict[str, Any]) -> HttpResponse:
    content = pdf.render(paper, data, language())
    audit.record(
        staff=request.user, post_id=request.post.pk, verb=f"{paper}_printed", about="application", about_id=found.pk
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(False, f"{paper}-{found.pk}.pdf") or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
