"""What waits for the acting post: the page, and the count the frame of every page asks for."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib import inbox as lib
from config.lib.access import allow
from config.lib.acting import standing_in
from config.lib.display import number
from config.lib.requests import StaffRequest
from grids.access import PostKind
from grids.selectors.colleagues import names_of

INBOX_POSTS = tuple(kind for kind in PostKind if kind != PostKind.ASSESSOR)
"""Everybody but the assessor, whose one page is his sheet."""
FRESH_SECONDS = 60
"""So long a browser keeps the count of the frame; the inbox itself is always counted anew."""


def _rows(request: StaffRequest) -> list[lib.Row]:
    return lib.rows_of(lib.Asked(post=request.post, principals=standing_in.get()))


@allow(*INBOX_POSTS)
@require_GET
@never_cache
def inbox(request: StaffRequest) -> HttpResponse:
    """Every queue in which something waits: how much, since when, what is overdue; for a deputy also of whom he stands in for."""
    rows = _rows(request)
    principals = standing_in.get()
    names = names_of(principals) if principals else {}
    parts: dict[int | None, list[Any]] = {}
    for row in rows:
        whose = row.heap.whose if row.heap.whose in principals else None
        parts.setdefault(whose, []).append(row)
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("待办事项")}],
        "parts": [{"name": names.get(whose, "") if whose else "", "rows": found} for whose, found in parts.items()],
        "total": lib.total_of(rows),
        "principals_named": [names[pk] for pk in principals],
    }
    return render(request, "grids/inbox.html", context)


@allow(*INBOX_POSTS)
@require_GET
def inbox_count(request: StaffRequest) -> HttpResponse:
    """How much waits, in figures and in words. The address names post and language, so that a browser may keep the answer."""
    total = lib.total_of(_rows(request))
    text = ngettext("%(count)s 件待办", "%(count)s 件待办", total.count) % {"count": number(total.count)}
    if total.overdue:
        text += _("，其中 %(count)s 件逾期") % {"count": number(total.overdue)}
    response = JsonResponse({"count": total.count, "overdue": total.overdue, "text": text})
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    response["Vary"] = "Cookie"
    return response
