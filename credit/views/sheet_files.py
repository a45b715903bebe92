"""A sheet as a workbook: taken out by who holds it, filled elsewhere, read in with everything that is wrong told at once."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from config.lib import audit
from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import SHEET_POSTS, open_households_of_sheet, open_sheet_in_hand
from credit.domain import sheetfile
from credit.selectors.blank_sheets import printed_number, row_order
from credit.selectors.sheet_books import book
from credit.services import sheet_files
from credit.services.holding import SealedError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 500


def _written(request: StaffRequest, uuid: UUID) -> tuple[Any, list[int]]:
    """Return a sheet in hand that is being written, with its households; anything else is not found."""
    found = open_sheet_in_hand(request.user, uuid)
    subjects = open_households_of_sheet(found)
    if found.state != "open" or not subjects:
        raise Http404
    return found, subjects


@allow(*SHEET_POSTS)
@never_cache
@require_http_methods(["GET", "POST"])
def sheet_file(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Take the workbook of a sheet out, and read a filled one in: whole or not at all, kept nowhere."""
    found, subjects = _written(request, uuid)
    faults: list[sheetfile.Fault] = []
    if request.method == "POST":
        # Under /sheets/ an upload is in memory or dropped; a dropped one is too large.
        file = request.FILES.get("file")
        content = file.read() if file is not None else b""
        try:
            faults = sheet_files.take(sheet=found, subject_ids=subjects, content=content)
        except SealedError:
            return redirect("credit:sheet", uuid=uuid)
        if not faults:
            return redirect(f"{reverse('credit:sheet', args=[uuid])}?read=1")
    language = get_language() or "zh-hans"
    context = {
        "where": [{"label": found.round.grid.name}, {"label": _("评议"), "url": reverse("credit:my_sheet")}],
        "sheet": found,
        "number": printed_number(found),
        "check": row_order(found, subjects),
        "faults": [sheetfile.describe(fault, language) for fault in faults[:SHOWN]],
        "fault_count": len(faults),
    }
    return render(request, "credit/sheet_file.html", context, status=422 if faults else 200)


@allow(*SHEET_POSTS)
@never_cache
@require_GET
def sheet_book(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The workbook of a sheet in hand, its answers empty whatever the draft says; leaves an audit event."""
    found, subjects = _written(request, uuid)
    content = book(found, subjects, get_language() or "zh-hans")
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="sheet_book_taken",
        about="round",
        about_id=found.round_id,
        detail={"sheet": found.number},
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"sheet-{printed_number(found)}.xlsx")
    return response
