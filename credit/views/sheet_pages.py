"""A paper sheet: printed blank, its photos added and compared before it is sealed, looked at after the opening."""

from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import audit, pdf
from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import (
    ROUND_POSTS,
    SHEET_POSTS,
    open_households_of_sheet,
    open_page,
    open_round,
    open_sheet_in_hand,
    open_sheet_of_round,
)
from credit.pages import CONTENT_TYPE
from credit.selectors import rounds as selectors
from credit.selectors.blank_sheets import blank_sheets, printed_number, printed_parts, subjects_to_print
from credit.services import sheet_pages
from credit.services.holding import SealedError
from grids.access import PostKind
from grids.services import Refused


def _picture(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@allow(*SHEET_POSTS)
@never_cache
@require_POST
def page_add(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Add a photo, the body of the request itself: it is in memory whole, where a form's file could be spooled.

    200 with its address, 410 once the sheet was handed on, 413 or 422 with the reason.
    """
    found = open_sheet_in_hand(request.user, uuid)
    try:
        page = sheet_pages.add_photo(sheet=found, block=request.body)
    except RequestDataTooBig:
        return JsonResponse({"text": _("照片太大，缩小后仍放不下，请分几张拍")}, status=413)
    except Refused as refusal:
        return JsonResponse({"text": str(refusal)}, status=422)
    except SealedError:
        return JsonResponse({"text": _("这份评议表已不能修改")}, status=410)
    urls = {name: reverse(f"credit:sheet_{name}", args=[uuid, page]) for name in ("page", "page_drop")}
    return JsonResponse({"url": urls["page"], "drop": urls["page_drop"]})


@allow(*SHEET_POSTS)
@never_cache
@require_GET
def page(request: StaffRequest, uuid: UUID, page: UUID) -> HttpResponse:
    """A photo of a sheet in hand, for its typist and then its confirmer; no browser keeps it."""
    content = sheet_pages.photo(open_sheet_in_hand(request.user, uuid), page)
    if content is None:
        raise Http404
    return _picture(content)


@allow(*SHEET_POSTS)
@never_cache
@require_POST
def page_drop(request: StaffRequest, uuid: UUID, page: UUID) -> HttpResponse:
    """Take a photo off a sheet that is being typed: 200, or 410 once the sheet was handed on."""
    found = open_sheet_in_hand(request.user, uuid)
    try:
        sheet_pages.drop_photo(sheet=found, uuid=page)
    except SealedError:
        return JsonResponse({"text": _("这份评议表已不能修改")}, status=410)
    return JsonResponse({})


@allow(*SHEET_POSTS)
@never_cache
@require_GET
def sheet_blank(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The blank sheet as PDF, for who is to fill or type it; leaves an audit event."""
    found = open_sheet_in_hand(request.user, uuid)
    return _blank(request, [found], open_households_of_sheet(found), f"sheet-{printed_number(found)}.pdf")


@allow(PostKind.BRANCH_MANAGER)
@never_cache
@require_GET
def round_blank(request: StaffRequest, pk: int, sheet: int) -> HttpResponse:
    """The blank sheet as PDF, for who leads the round; leaves an audit event."""
    round = open_round(request.post, pk)
    found = open_sheet_of_round(request.post, round, sheet)
    found.round = round
    return _blank(request, [found], subjects_to_print(found), f"sheet-{printed_number(found)}.pdf")


@allow(PostKind.BRANCH_MANAGER)
@never_cache
@require_GET
def round_blanks(request: StaffRequest, pk: int) -> HttpResponse:
    """The blank sheets of a round in one PDF, to be printed and handed out; leaves an audit event a sheet.

    A large round comes in several files, ``?part=2`` the second: drawing a thousand pages at once takes a gigabyte.
    """
    round = open_round(request.post, pk)
    parts = printed_parts(round)
    wanted = request.GET.get("part", "1")
    if not (wanted.isdigit() and 1 <= int(wanted) <= len(parts)):
        raise Http404
    sheets = parts[int(wanted) - 1]
    return _blank(request, sheets, subjects_to_print(sheets[0]), f"sheets-{round.pk}-{wanted}.pdf")


def _blank(request: StaffRequest, sheets: list[Any], subjects: list[int], name: str) -> HttpResponse:
    """A sheet is printed once its roster is frozen and until it is sealed. Whether it was handed on makes no difference:
    nobody but its people learns that."""
    if not sheets or not all(selectors.is_writable(sheet) for sheet in sheets):
        raise Http404
    language = get_language() or "zh-hans"
    content = pdf.render("assessment", blank_sheets(sheets, subjects, language), language)
    for sheet in sheets:
        audit.record(
            staff=request.user,
            post_id=request.post.pk,
            verb="sheet_printed",
            about="round",
            about_id=sheet.round_id,
            detail={"sheet": sheet.number},
        )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    return response


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_papers(request: StaffRequest, pk: int) -> HttpResponse:
    """The paper sheets of an opened round; looking at them leaves an audit event, and so does every photo."""
    round = open_round(request.post, pk)
    papers = selectors.papers_of(request.post, round)
    if not papers:
        raise Http404
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="sheet_papers_seen", about="round", about_id=round.pk
    )
    where = [
        {"label": request.user.institution.short_name},
        {"label": _("整村授信"), "url": reverse("credit:round_list")},
        {"label": round.grid.name, "url": reverse("credit:round", args=[pk])},
        {"label": _("纸质表")},
    ]
    return render(request, "credit/round_papers.html", {"where": where, "round": round, "papers": papers})


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_paper(request: StaffRequest, pk: int, page: UUID) -> HttpResponse:
    """One photo of a paper sheet of an opened round; leaves an audit event."""
    found = open_page(request.post, open_round(request.post, pk), page)
    return _picture(sheet_pages.read_opened(by=request.user, post=request.post, page=found))
