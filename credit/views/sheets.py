"""Sheets as their holder sees them: write, look over, seal. Nobody else has a page about a sheet's content."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import MEETING, allow, in_meetings
from config.lib.requests import StaffRequest
from credit.access import SHEET_POSTS, open_households_of_sheet, open_sheet, open_sheet_in_hand
from credit.domain.sheetfile import order_check
from credit.selectors import rounds as selectors
from credit.selectors.blank_sheets import printed_number
from credit.services import sheet_pages, sheets
from credit.services.holding import SealedError
from credit.views.meetings import leave
from grids.services import Refused


def _wan(amount: Any) -> str:
    """Write yuan in 万元 as a sheet does, without needless zeros."""
    return f"{(amount / 10_000).normalize():f}"


@allow(*SHEET_POSTS)
@never_cache
@require_GET
def my_sheet(request: StaffRequest) -> HttpResponse:
    """The sheets one has a part in; an assessor with a single one goes straight to it."""
    found = selectors.my_sheets(request.user)
    held = [sheet for sheet in found if sheet.held]  # type: ignore[attr-defined]
    if len(found) == len(held) == 1:
        return redirect("credit:sheet", uuid=held[0].uuid)
    context = {"where": [{"label": request.user.institution.short_name}, {"label": _("评议")}], "sheets": found}
    return render(request, "credit/sheet_list.html", context)


def _where(sheet: Any) -> list[dict[str, str]]:
    return [{"label": sheet.round.grid.name}, {"label": _("评议"), "url": reverse("credit:my_sheet")}]


@allow(*SHEET_POSTS)
@in_meetings
@never_cache
@require_GET
def sheet(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """One row a household. After sealing: that it is sealed, and since which day."""
    found = open_sheet(request.user, uuid)
    subjects = open_households_of_sheet(found)
    if not subjects:
        return render(
            request,
            "credit/sheet_closed.html",
            {"where": _where(found), "in_meeting": bool(request.session.get(MEETING)), "sheet": found},
        )
    rules = selectors.rules_of(found.round)
    cells = sheets.read_cells(found)
    is_paper = found.mode == "paper"
    cards = selectors.rows_in_order(found, subjects)
    rows = [
        {
            "id": card.subject_id,
            "place": place if is_paper else "",
            "number": card.number,
            "head": card.head,
            "group": card.group,
            "members": card.members,
            "version": cells[card.subject_id].version,
            **_shown(cells[card.subject_id].answer),
        }
        for place, card in enumerate(cards, start=1)
    ]
    language = get_language() or "zh-hans"
    context = {
        "where": _where(found),
        "in_meeting": bool(request.session.get(MEETING)),
        "sheet": found,
        "is_confirming": found.state == "typed",
        "is_paper": is_paper,
        "number": printed_number(found),
        "check": order_check(found.uuid, [card.subject_id for card in cards]),
        "has_begun": sheets.has_begun(cells),
        "kin": len(sheets.kin_of(cells)),
        "was_read": "read" in request.GET,
        "draft": sheet_pages.draft_of(found) if is_paper else None,
        "rows": rows,
        "amounts": [_wan(amount) for amount in rules.amounts],
        "largest": _wan(rules.largest),
        "reasons": [(reason.code, reason.label(language), reason.sensitive) for reason in rules.reasons],
        "has_sensitive": any(reason.sensitive for reason in rules.reasons),
        "score_form": _score_form(rules.score, language),
    }
    return render(request, "credit/sheet.html", context)


def _score_form(form: Any, language: str) -> dict[str, Any] | None:
    """The round's score form as the page draws it: items with the points to pick, the table in 万元 for the script."""
    if form is None:
        return None
    return {
        "items": [
            {"label": item.label(language), "full": item.full, "points": range(item.full + 1)} for item in form.items
        ],
        "full": form.full,
        "bands": [[band.least, _wan(band.amount)] for band in form.bands],
    }


def _shown(answer: dict[str, object] | None) -> dict[str, object]:
    """An answer as the page's script knows it: kind, amount in 万元, reasons."""
    if answer is None:
        return {"kind": "", "amount": "", "reasons": [], "score": "", "locked": False}
    amount = sheets.amount_of(answer)
    return {
        "kind": answer["kind"],
        "amount": "" if amount is None else _wan(amount),
        "reasons": answer.get("reasons", []),
        "score": (points := str(answer.get("s", ""))),
        "points": sum(map(int, points)),
        "locked": bool(answer.get("kin")),
    }


@allow(*SHEET_POSTS)
@in_meetings
@never_cache
@require_POST
def sheet_cell(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Save one row: 200 with the new version, 409 with what another tab wrote, 410 once sealed, 422 with the reason."""
    found = open_sheet_in_hand(request.user, uuid)
    try:
        given = json.loads(request.body)
        subject, version = int(given["subject"]), int(given["version"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"text": _("页面打开太久，请刷新后再提交，已填内容会保留。")}, status=400)
    try:
        answer = sheets.read_answer(selectors.rules_of(found.round), given)
        saved = sheets.save_cell(sheet=found, subject_id=subject, version=version, answer=answer)
    except Refused as refusal:
        return JsonResponse({"text": str(refusal)}, status=422)
    except sheets.StaleCellError as stale:
        text = _("另一个页面改过这一户，已换成最新内容")
        return JsonResponse({"text": text, "version": stale.version, **_shown(stale.answer)}, status=409)
    except SealedError:
        return JsonResponse({"text": _("这份评议表已不能修改")}, status=410)
    return JsonResponse({"version": saved})


@allow(*SHEET_POSTS)
@in_meetings
@never_cache
@require_POST
def sheet_kin(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Declare which households are the assessor's kin, at the start or whenever one was forgotten; none is an answer too."""
    found = open_sheet_in_hand(request.user, uuid)
    chosen = {int(text) for text in request.POST.getlist("kin") if text.isdigit() and len(text) < 19}
    try:
        sheets.declare_kin(sheet=found, subject_ids=chosen)
    except SealedError:
        messages.error(request, _("评议已截止或这份评议表已经封存"))
    return redirect("credit:sheet", uuid=uuid)


@allow(*SHEET_POSTS)
@in_meetings
@never_cache
def sheet_seal(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The last step: look over one's own sheet, then seal it, or hand a typed one to its confirmer."""
    found = open_sheet_in_hand(request.user, uuid)
    if not selectors.is_writable(found):
        return redirect("credit:sheet", uuid=uuid)
    hands_over = found.mode == "paper" and found.state == "open"
    refusal = ""
    if request.method == "POST":
        blanks_are_unknown = request.POST.get("blanks") == "unknown"
        try:
            if hands_over:
                sheets.hand_over(
                    by=request.user,
                    post=request.post,
                    sheet=found,
                    blanks_are_unknown=blanks_are_unknown,
                    note=request.POST.get("note", ""),
                )
            else:
                sheets.seal(by=request.user, post=request.post, sheet=found, blanks_are_unknown=blanks_are_unknown)
            if request.session.get(MEETING):
                return leave(request)
            return redirect("credit:sheet", uuid=uuid)
        except Refused as refused:
            refusal = str(refused)
        except SealedError:
            messages.error(request, _("评议已截止或这份评议表已经封存"))
            return redirect("credit:sheet", uuid=uuid)
    context = {
        "where": _where(found),
        "in_meeting": bool(request.session.get(MEETING)),
        "sheet": found,
        "summary": sheets.summary_of(sheets.read_cells(found)),
        "draft": sheet_pages.draft_of(found) if found.mode == "paper" else None,
        "longest_note": sheet_pages.LONGEST_NOTE,
        "hands_over": hands_over,
        "refusal": refusal,
    }
    return render(request, "credit/sheet_seal.html", context, status=422 if refusal else 200)


@allow(*SHEET_POSTS)
@require_POST
def sheet_back(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Give a typed sheet back to its typist, because it differs from the paper."""
    found = open_sheet_in_hand(request.user, uuid)
    try:
        sheets.hand_back(by=request.user, post=request.post, sheet=found)
        messages.success(request, _("已退给代录人修改"))
    except SealedError:
        messages.error(request, _("评议已截止或这份评议表已经封存"))
    return redirect("credit:my_sheet")
