"""The record of an opening: its fingerprint, the hashes of its sheets, the export and the program that checks it."""

from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_round
from credit.domain import verify_opening
from credit.selectors.openings import opening_record
from credit.services.opening_file import opening_file
from grids.access import PostKind

EXPORT_POSTS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)
"""Posts that take an opening away as a file."""


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def opening_page(request: StaffRequest, pk: int) -> HttpResponse:
    """Who asked for the opening, which sheets counted, by which numbers it can be checked."""
    round = open_round(request.post, pk)
    record = opening_record(request.post, round)
    if record is None:
        raise Http404
    context = {
        "where": [
            {"label": request.user.institution.short_name},
            {"label": _("整村授信"), "url": reverse("credit:round_list")},
            {"label": round.grid.name, "url": reverse("credit:round", args=[pk])},
            {"label": _("开启记录")},
        ],
        "round": round,
        "record": record,
        "counted": sum(sheet.state == "sealed" for sheet in record.sheets),
        "may_export": request.post.kind in EXPORT_POSTS and record.is_whole,
    }
    return render(request, "credit/opening.html", context)


@allow(*EXPORT_POSTS)
@never_cache
@require_GET
def opening_export(request: StaffRequest, pk: int) -> HttpResponse:
    """The opening as a zip, made at this moment: who may no longer see every opinion of the round gets 404."""
    round = open_round(request.post, pk)
    record = opening_record(request.post, round)
    if record is None or not record.is_whole:
        raise Http404
    content = opening_file(by=request.user, post=request.post, round=round, record=record)
    return _download(content, f"opening-{round.pk}.zip", "application/zip")


@allow(*EXPORT_POSTS)
@require_GET
def opening_program(request: StaffRequest) -> HttpResponse:
    """The program that checks an export with nothing but Python."""
    source = Path(verify_opening.__file__).read_bytes()
    return _download(source, "verify_opening.py", "text/x-python; charset=utf-8")


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
