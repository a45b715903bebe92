"""Decisions: what waits for the acting post, and one household with its four opinions, bounds and steps."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, decisions_for, open_decision
from credit.domain.versions import versions
from credit.domain.wording import explain_steps
from credit.selectors import decisions as selectors
from credit.selectors import exceptions
from credit.selectors.rounds import rules_of
from credit.services import bulk_decisions
from credit.services import decisions as services
from credit.services import exceptions as exception_services
from credit.services.decision_steps import MovedOnError, may_sign
from credit.views.applications import application_page, bounds_of, in_wan
from credit.views.steps import events_of, take
from customers.selectors.assessment import cards
from grids.access import PostKind
from grids.services import Refused

PAGE = 50
DECIDERS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER)


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh-hans"


@allow(*DECIDERS)
@never_cache
@require_GET
def to_decide(request: StaffRequest) -> HttpResponse:
    """The decisions whose next step is the acting post's, over all rounds; rounds held up by exceptions beside them."""
    found = selectors.waiting_for(request.post)
    chosen = request.GET.get("round", "")
    exceptions = selectors.exceptions_for(request.post)
    rounds = list(found.order_by("round_id").values_list("round_id", "round__name").distinct())
    if chosen.isdigit():
        found = found.filter(round_id=int(chosen))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("待办")}],
        "page": page,
        "lines": selectors.lines(page.object_list),
        "filters": [
            {
                "name": "round",
                "label": _("批次"),
                "kind": "select",
                "options": [(str(pk), name) for pk, name in rounds],
                "main": True,
            }
        ],
        "exceptions": exceptions,
        "names": [
            {"name": name, "label": selectors.STANDINGS[name]}
            for name in ("divergent", "supplement", "needs_file", "refused_by_village")
        ],
    }
    return render(request, "credit/to_decide.html", context)


@allow(*DECIDERS)
@require_POST
def approve_chosen(request: StaffRequest) -> HttpResponse:
    """Approve the chosen figures as proposed, or all that match as many as were counted before."""
    if request.POST.get("all"):
        text = request.POST.get("expected", "")
        expected = int(text) if text.isdecimal() and len(text) < 9 else -1
        found = _matching(request, request.POST.get("round", ""))
    else:
        expected = None
        chosen = [int(text) for text in request.POST.getlist("decision") if text.isdigit()]
        found = decisions_for(request.post).filter(pk__in=chosen)
    try:
        done, left = bulk_decisions.approve_many(by=request.user, post=request.post, decisions=found, expected=expected)
    except (Refused, MovedOnError) as refusal:
        messages.error(request, str(refusal) or _("刚刚有人办理过，请刷新后再试"))
    else:
        messages.success(request, _("已批准 %(done)s 户") % {"done": done})
        if left:
            messages.warning(request, _("%(left)s 户没有批准：有例外、超过权限、本人提交或已有人办理") % {"left": left})
    return redirect("credit:to_decide")


def _matching(request: StaffRequest, round: str) -> Any:
    found = selectors.waiting_for(request.post)
    return found.filter(round_id=int(round)) if round.isdecimal() and len(round) < 12 else found


@allow(*DECIDERS)
@never_cache
@require_GET
def approve_all(request: StaffRequest) -> HttpResponse:
    """Count what approving everything that matches would take, before it is confirmed; exceptions are not in it."""
    chosen = request.GET.get("round", "")
    found = bulk_decisions.approvable(by=request.user, post=request.post, decisions=_matching(request, chosen))
    villages: dict[str, list[Any]] = {}
    for one in found.decisions:
        villages.setdefault(one.round.name, []).append(one.last_amount)
    context = {
        "where": [
            {"label": request.user.institution.short_name},
            {"label": _("待办"), "url": reverse("credit:to_decide")},
            {"label": _("全部批准")},
        ],
        "count": len(found.decisions),
        "total": found.total,
        "left": found.left,
        "round": chosen,
        "rounds": [{"name": name, "count": len(sums), "total": sum(sums)} for name, sums in villages.items()],
    }
    return render(request, "credit/approve_all.html", context)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def decision(request: StaffRequest, pk: int) -> HttpResponse:
    """One household: four opinions side by side, the bounds, how the village's figure came about, and the steps so far."""
    found = open_decision(request.post, pk)
    if found.application_id is not None:
        return redirect("credit:application", pk=found.application_id)
    return _page(request, found)


def _page(request: StaffRequest, found: Any, refusal: str = "", status: int = 200) -> HttpResponse:
    marked: Any = selectors.with_standing(decisions_for(request.post).filter(pk=found.pk)).first()
    if marked is None:
        raise Http404  # a later computation has taken its place
    standing = selectors.standing_of(marked)
    is_divided = found.outcome == found.Outcome.DIVERGENT
    steps = selectors.steps_of(found)
    rules = rules_of(found.round)
    language = _language()
    kind = request.post.kind
    reasons = {reason.code: reason.label(language) for reason in rules.reasons}
    turn = {PostKind.BRANCH_MANAGER: "at_branch", PostKind.APPROVER: "at_approver"}.get(PostKind(kind))
    made = any(step.staff_id == request.user.pk and step.verb in ("propose", "refer") for step in steps)
    card = cards([found.subject_id]).get(found.subject_id)
    context = {
        "where": [
            {"label": found.round.grid.branch.name},
            {"label": found.round.name, "url": reverse("credit:round", args=[found.round_id])},
            {"label": card.head if card else ""},
        ],
        "decision": found,
        "card": card,
        "standing": standing,
        "standing_label": selectors.STANDINGS[standing],
        "tone": selectors.TONES.get(standing, "neutral"),
        "four": selectors.four_opinions(found, steps),
        "opinions": [
            {
                "opinion": opinion,
                "reasons": [reasons.get(code, code) for code in opinion.reasons],
                "points": sum(map(int, opinion.score)),
            }
            for opinion in selectors.opinions_of(found)
        ],
        "merge_words": explain_steps(selectors.trace_steps(found, "merge"), language),
        "bound_words": explain_steps(selectors.trace_steps(found, "proposal"), language),
        "bounds": bounds_of(found, language),
        "steps": events_of(steps),
        "seen": marked.last_number or 0,
        "figure_text": in_wan(marked.last_amount if marked.last_amount is not None else found.proposed_amount),
        "refusal": refusal,
        "may_propose": standing in ("to_propose", "divergent", "returned")
        and kind in ((PostKind.BRANCH_MANAGER,) if is_divided else (PostKind.OFFICER, PostKind.BRANCH_MANAGER)),
        "may_decide": standing == turn and not made,
        "is_own": standing == turn and made,
        "is_divided": is_divided and standing in ("divergent", "returned"),
        "versions": versions(steps),
        "exceptions": [
            {"row": row, "label": row.get_code_display(), "end_id": f"end-{row.code}"}
            for row in exceptions.noted(found.round_id, [found.subject_id]).get(found.subject_id, ())
        ],
        "noted": exceptions.history(found.round_id, found.subject_id),
        "codes": exception_services.codes(),
        "may_note": kind in exception_services.MAY_NOTE and found.round.stage in found.round.DECIDABLE,
        "is_manager": kind == PostKind.BRANCH_MANAGER,
        "may_sign": marked.last_amount is not None and may_sign(request.post, rules, marked.last_amount),
        "may_withdraw": standing == "granted" and kind in DECIDERS,
    }
    return render(request, "credit/decision.html", context, status=status)


ACTS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "propose": (services.propose, ("amount", "members")),
    "approve": (services.approve, ("amount",)),
    "refer": (services.refer, ()),
    "return": (services.give_back, ()),
    "refuse": (services.refuse, ("code",)),
    "withdraw": (services.withdraw, ()),
}


@allow(*exception_services.MAY_NOTE)
@require_POST
def decision_exception(request: StaffRequest, pk: int) -> HttpResponse:
    """Note an exception of a household in its round, or say that one is over."""
    found = open_decision(request.post, pk)
    act = exception_services.end if request.POST.get("over") else exception_services.note
    sent = {name: request.POST.get(name, "") for name in ("code", "reason")}
    try:
        act(by=request.user, post=request.post, decision=found, **sent)
    except Refused as refusal:
        return _again(request, found, str(refusal), 422)
    messages.success(request, _("已登记"))
    return redirect("credit:decision", pk=pk)


@allow(PostKind.OFFICER, *DECIDERS)
@require_POST
def decision_step(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Take a step on a decision."""
    if step not in ACTS:
        raise Http404
    found = open_decision(request.post, pk)
    act, needs = ACTS[step]
    return take(
        request, act, *needs, again=partial(_again, request, found), page=("credit:decision", pk), decision=found
    )


def _again(request: StaffRequest, found: Any, refusal: str, status: int) -> HttpResponse:
    """The page a step was taken on, with why it was refused."""
    if found.application_id is not None:
        return application_page(request, found.application_id, refusal, status)
    return _page(request, found, refusal, status)
