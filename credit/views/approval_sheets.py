"""The approval sheet of a round, as paper or as a workbook: rights are looked up at every download, and each leaves its event."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from config.lib import audit, clock, pdf
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.sheets import Sheet, write_workbook
from credit.access import ROUND_POSTS, open_round
from credit.selectors import worktable
from credit.selectors.approval_sheets import approval_sheet, sheet_paper, stamps

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@allow(*ROUND_POSTS)
@require_GET
def round_approval_sheet(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """Hand out the sheet of an opened round: of all households one sees, of a standing or exception, or of chosen ones."""
    round = open_round(request.post, pk)
    if form not in TYPES or round.opened_at is None:
        raise Http404
    found = worktable.chosen(
        worktable.table(request.post, round),
        round,
        standing=request.GET.get("standing", ""),
        exception=request.GET.get("exception", ""),
    )
    chosen = [int(text) for text in request.GET.getlist("decision") if text.isdecimal() and len(text) < 19]
    found = found.filter(pk__in=chosen) if chosen else found
    rows = worktable.rows(round, worktable.ordered(found, "number"))
    language = get_language() or "zh-hans"
    sheet = approval_sheet(round, rows)
    content = (
        pdf.render("decision", sheet_paper(sheet, language), language)
        if form == "pdf"
        else write_workbook(
            [Sheet(table=sheet.table, stamps=stamps(sheet))],
            language=language,
            created=clock.now(),
            author=round.institution.name,
        )
    )
    detail: dict[str, Any] = {"form": form, "households": len(rows)}
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="approval_sheet_printed", about="round", about_id=pk, detail=detail
    )  # fmt: skip
    response = HttpResponse(content, content_type=TYPES[form])
    name = f"审批表-{round.name}.{form}"
    response["Content-Disposition"] = content_disposition_header(form == "xlsx", name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response
