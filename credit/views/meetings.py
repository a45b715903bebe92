"""A meeting in one room: codes given out by the steward, a shared device where each assessor enters with his own and leaves."""

from typing import Any

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from config.lib import audit, clock
from config.lib.access import MEETING, allow, in_meetings, public
from config.lib.requests import StaffRequest
from credit.access import SHEET_POSTS, open_round, open_sheet_of_round
from credit.selectors import rounds as selectors
from credit.services import meetings
from grids.access import PostKind, posts_of
from grids.services import Refused

STEWARDS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


def forget(response: HttpResponse) -> HttpResponse:
    """Tell the browser to drop what it kept of the pages: going back shows nothing."""
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def meeting(request: HttpRequest) -> HttpResponse:
    """Where the device waits for the next assessor; his code opens his own sheet and ends whatever session was here."""
    if request.method == "GET":
        if request.session.get(MEETING):
            return redirect("credit:sheet", uuid=request.session[MEETING])
        return render(request, "credit/meeting.html", {"has_left": "left" in request.GET})
    entered = meetings.use_code(request.POST.get("code", ""))
    if entered is None:
        text = _("口令不对，或已经用过、过期。请主持人再给一个。")
        return render(request, "credit/meeting.html", {"refusal": text}, status=422)
    logout(request)
    login(request, entered.staff, backend="django.contrib.auth.backends.ModelBackend")
    request.session[MEETING] = str(entered.sheet)
    request.session["started_at"] = request.session["seen_at"] = clock.now().isoformat()
    post = next((post for post in posts_of(entered.staff) if post.kind in SHEET_POSTS), None)
    if post is not None:
        request.session["post_id"] = post.pk
    audit.record(staff=entered.staff, verb="sign_in_meeting")
    return redirect("credit:sheet", uuid=entered.sheet)


@allow(*SHEET_POSTS)
@in_meetings
@never_cache
@require_POST
def meeting_leave(request: StaffRequest) -> HttpResponse:
    """Close one's sheet and hand the device on; what was filled in stays with the sheet."""
    return leave(request)


def leave(request: Any) -> HttpResponse:
    """End the session of an assessor in a meeting and wait for the next one."""
    audit.record(staff=request.user, verb="sign_out")
    logout(request)
    return forget(redirect(f"{reverse('credit:meeting')}?left=1"))


@allow(*STEWARDS)
@never_cache
@require_http_methods(["GET", "POST"])
def round_meeting(request: StaffRequest, pk: int) -> HttpResponse:
    """The steward's page: whose turn it is; a code is shown once. It tells what the round's page tells: who has sealed."""
    round = open_round(request.post, pk)
    sheets = [sheet for sheet in selectors.sheets_of_round(round) if sheet.mode == "own"]
    code, chosen, refusal = "", None, ""
    if request.method == "POST":
        wanted = request.POST.get("sheet", "")
        chosen = open_sheet_of_round(request.post, round, int(wanted) if wanted.isdigit() and len(wanted) < 19 else 0)
        try:
            code = meetings.issue_code(by=request.user, post=request.post, sheet=chosen)
        except Refused as refused:
            refusal = str(refused)
    context = {
        "where": [
            {"label": _("整村授信"), "url": reverse("credit:round_list")},
            {"label": round.grid.name, "url": reverse("credit:round", args=[pk])},
            {"label": _("现场评议")},
        ],
        "round": round,
        "sheets": [sheet for sheet in sheets if sheet.state in ("open", "sealed")],
        "is_open": round.stage == "assess",
        "code": code,
        "chosen": chosen,
        "refusal": refusal,
        "minutes": meetings.MINUTES,
        "address": request.build_absolute_uri(reverse("credit:meeting")),
    }
    return render(request, "credit/round_meeting.html", context, status=422 if refusal else 200)
