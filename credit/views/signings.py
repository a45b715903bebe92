"""Signing: the chain of a round, mixed call lists, what came of asking a household, cards."""

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

from config.lib import audit, display, pdf
from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import (
    ROUND_POSTS,
    WHITE_LIST_POSTS,
    open_call_entry,
    open_call_list,
    open_card,
    open_decision,
    open_round,
    open_signing,
)
from credit.domain.stages import has_come
from credit.forms import CallListForm, SigningForm
from credit.selectors import call_lists, card_papers, whitelists
from credit.selectors import signing as selectors
from credit.selectors.explained_model import language
from credit.services import signing as services
from credit.views.stage_frame import show
from customers.access import open_household
from customers.forms.typed import instant_of
from customers.selectors.assessment import cards
from customers.selectors.identity import masked
from grids.access import Post, PostKind
from grids.services import Refused

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- The stage ----------------------------------------------------------------------------------------------------


def stage_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    """What the page of the signing stage shows: the chain in figures, the lines by link, the call lists."""
    if not has_come(round.stage, "sign"):
        return {}
    chains = selectors.chains_of(round)
    counts = selectors.counts_of(chains)
    exceptions = [one for one in chains if one.is_exception]
    chosen = request.GET.get("link", "")
    if chosen == "exceptions":
        found = exceptions
    elif chosen == "open":
        found = [one for one in chains if one.link in selectors.OPEN]
    else:
        chosen = chosen if chosen in {one["name"] for one in counts} else ""
        found = [one for one in chains if not chosen or one.link == chosen]
    order = {link: place for place, link in enumerate(selectors.LINKS)}
    found.sort(key=lambda one: (not one.is_exception, order[one.link] if one.link else 0))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    called = cards(one.subject_id for one in page.object_list)
    makes = request.post.kind in services.MAKERS
    sees_lists = request.post.kind in WHITE_LIST_POSTS
    return {
        "chain_stats": _stats(selectors.progress_of(chains)),
        "counts": counts,
        "exceptions": len(exceptions),
        "total": len(chains),
        "chosen": chosen,
        "page": page,
        "rows": [{"chain": one, "card": called.get(one.subject_id)} for one in page.object_list],
        "call_lists": selectors.lists_of(request.post, round),
        "white_lists": whitelists.lists_of(request.post, round) if sees_lists else [],
        "sees_white_lists": sees_lists,
        "may_make_white_list": request.post.kind in (PostKind.BRANCH_MANAGER, PostKind.APPROVER),
        "may_list": makes,
        "list_form": CallListForm(callers=selectors.callers(round)) if makes else None,
        "may_sign": request.post.kind == PostKind.OFFICER,
        "has_rules": selectors.rules_in_force(round.institution_id) is not None,
    }


def _stats(progress: selectors.Progress) -> list[dict[str, Any]]:
    """The chain as tiles; each share names what it is divided by."""
    of = _("已授信户数")

    def share(part: int) -> str:
        if not progress.granted:
            return f"— · {of}"
        return f"{display.share(part, progress.granted)} · {of}"

    return [
        {"label": _("已授信"), "value": display.number(progress.granted), "unit": _("户"), "note": display.wan(progress.granted_amount)},
        {"label": _("已签约"), "value": display.number(progress.signed), "unit": _("户"), "note": share(progress.signed)},
        {"label": _("已发卡"), "value": display.number(progress.carded), "unit": _("户"), "note": share(progress.carded)},
        {"label": _("已用信"), "value": display.number(progress.drawn), "unit": _("户"), "note": f"{share(progress.drawn)} · {display.wan(progress.drawn_amount)}"},
    ]  # fmt: skip


# --- Call lists ---------------------------------------------------------------------------------------------------


def _again(request: StaffRequest, round: Any, form: CallListForm) -> HttpResponse:
    return show(request, round, "sign", 422, list_form=form)


@allow(*services.MAKERS)
@never_cache
@require_POST
def call_list_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Draw a call list of a round."""
    round = open_round(request.post, pk)
    callers = selectors.callers(round)
    form = CallListForm(request.POST, callers=callers)
    if not form.is_valid():
        return _again(request, round, form)
    data = form.cleaned_data
    try:
        made = services.make_list(
            by=request.user,
            post=request.post,
            round=round,
            mode=data["mode"],
            held_on=data["held_on"],
            caller=call_lists.caller(data["caller"]),
            most=data["most"],
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _again(request, round, form)
    return redirect("credit:call_list", pk=made.pk)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def call_list(request: StaffRequest, pk: int) -> HttpResponse:
    """A call list: the same columns and words for every household on it."""
    found = open_call_list(request.post, pk)
    entries = call_lists.told(found)
    context = {
        "where": [
            {"label": found.round.grid.name, "url": reverse("credit:round_stage", args=[found.round_id, "sign"])},
            {"label": _("走访单 %(number)s") % {"number": found.number}},
        ],
        "list": found,
        "entries": entries,
        "done": sum(bool(one["result"]) for one in entries),
        "is_caller": found.caller_id == request.user.pk,
    }
    return render(request, "credit/call_list.html", context)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def call_list_file(request: StaffRequest, pk: int) -> HttpResponse:
    """The same list as xlsx."""
    found = open_call_list(request.post, pk)
    content = call_lists.workbook(found, language())
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="call_list_exported", about="call_list", about_id=found.pk
    )
    return _file(content, XLSX, f"call-list-{found.pk}.xlsx", inline=False)


def _file(content: bytes, kind: str, name: str, *, inline: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


@allow(PostKind.OFFICER)
@never_cache
@require_http_methods(["GET", "POST"])
def call_entry(request: StaffRequest, pk: int) -> HttpResponse:
    """One entry of one's own list, with what the call is for: shown here and nowhere else."""
    entry = open_call_entry(request.post, pk)
    if request.method == "POST":
        try:
            services.call(
                by=request.user,
                post=request.post,
                entry=entry,
                result=request.POST.get("result", ""),
                device_at=instant_of(request.POST.get("device_at", "")),
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("credit:call_entry", pk=pk)
        return redirect("credit:call_list", pk=entry.call_list_id)
    decision = selectors.line_to_sign(entry)
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="call_entry_opened", about="call_entry", about_id=entry.pk
    )
    home = open_household(request.post, entry.subject_id)
    context = {
        "where": [
            {"label": _("走访单 %(number)s") % {"number": entry.call_list.number}, "url": reverse("credit:call_list", args=[entry.call_list_id])},
            {"label": home.number},
        ],
        "entry": entry,
        "home": home,
        "card": cards([home.pk]).get(home.pk),
        "decision": decision,
        "results": call_lists.results(),
        **(_sign_context(request.post, decision, entry.call_list.mode) if decision is not None else {}),
    }  # fmt: skip
    return render(request, "credit/call_entry.html", context)


# --- Signing ------------------------------------------------------------------------------------------------------


def _sign_context(post: Post, decision: Any, mode: str, form: SigningForm | None = None) -> dict[str, Any]:
    """What the form of signing needs: the grant, the borrower, what was said before."""
    release = selectors.rules_in_force(decision.institution_id)
    said = selectors.signings_of(decision)
    home = open_household(post, decision.subject_id)
    modes = (
        [selectors.Ways(mode)] if mode else [selectors.Ways.COUNTER, selectors.Ways.CONCENTRATED, selectors.Ways.DOOR]
    )
    if any(one.outcome == selectors.Outcome.AWAY for one in said):
        modes.append(selectors.Ways.REMOTE)
    if form is None and release is not None:
        rules = selectors.SigningRules.from_document(release.document)
        form = SigningForm(
            rules=rules, language=language(), modes=modes, initial={"mode": modes[0], "outcome": "signed"}
        )
    return {
        "form": form,
        "grant": selectors.grant_of(decision),
        "borrower_id": masked(home.borrower).id_number if home.borrower else "",
        "said": [{"signing": one, "reason": call_lists.reason_word(one, language())} for one in said],
        "seen": said[-1].number if said else 0,
        "modes": modes,
    }


@allow(PostKind.OFFICER)
@never_cache
@require_http_methods(["GET", "POST"])
def sign(request: StaffRequest, pk: int) -> HttpResponse:
    """Write what came of asking a household to sign its line."""
    decision = open_decision(request.post, pk)
    entry_text = request.POST.get("entry", "")
    entry = open_call_entry(request.post, int(entry_text)) if entry_text.isdigit() else None
    form = None
    if request.method == "POST":
        release = selectors.rules_in_force(decision.institution_id)
        if release is None:
            raise Http404
        rules = selectors.SigningRules.from_document(release.document)
        form = SigningForm(request.POST, rules=rules, language=language(), modes=list(selectors.Ways))
        if form.is_valid():
            given = form.cleaned_data
            seen = request.POST.get("seen", "")
            try:
                made = services.sign(
                    by=request.user,
                    post=request.post,
                    decision=decision,
                    entry=entry,
                    seen=int(seen) if seen.isdigit() else -1,
                    **{**given, "device_at": instant_of(given["device_at"])},
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已登记：%(outcome)s") % {"outcome": made.get_outcome_display()})
                if entry is not None and made.outcome != selectors.Outcome.SIGNED:
                    return redirect("credit:call_list", pk=entry.call_list_id)
                return redirect("credit:sign", pk=pk)
    chains = {one.decision_id: one for one in selectors.chains_of_household(decision.subject_id)}
    home = open_household(request.post, decision.subject_id)
    context = {
        "where": [
            *([{"label": home.grid.name, "url": reverse("credit:round_stage", args=[decision.round_id, "sign"])}] if decision.round_id else []),
            {"label": home.number, "url": reverse("customers:household", args=[home.pk])},
            {"label": _("签约")},
        ],
        "decision": decision,
        "home": home,
        "card": cards([home.pk]).get(home.pk),
        "chain": chains.get(decision.pk),
        "entry": entry,
        **_sign_context(request.post, decision, "", form),
    }  # fmt: skip
    return render(request, "credit/sign.html", context, status=422 if form is not None and form.errors else 200)


@allow(PostKind.OFFICER)
@require_POST
def card_issue(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand out the card of a signed line."""
    found = open_signing(request.post, pk)
    try:
        services.issue_card(by=request.user, post=request.post, signing=found)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已发卡，可打印后交给客户"))
    return redirect("credit:sign", pk=found.decision_id)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@never_cache
@require_GET
def card_paper(request: StaffRequest, pk: int) -> HttpResponse:
    """The card as PDF, for printing."""
    found = open_card(request.post, pk)
    content = pdf.render("card", card_papers.card_paper(found, language()), language())
    audit.record(staff=request.user, post_id=request.post.pk, verb="card_printed", about="card", about_id=found.pk)
    return _file(content, "application/pdf", f"card-{found.pk}.pdf", inline=True)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def household_chain(request: StaffRequest, pk: int) -> HttpResponse:
    """The place on a household's page: its granted lines and how far each has come."""
    home = open_household(request.post, pk)
    chains = selectors.chains_of_household(home.pk)
    context = {"home": home, "chains": chains, "may_sign": request.post.kind == PostKind.OFFICER}
    return render(request, "credit/_household_chain.html", context)
