"""Visits and effective visits by branch, grid and officer, and the visits behind each figure."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib import audit, clock, display
from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from reporting.access import may_open_households
from reporting.selectors import visits
from reporting.services.exports import XLSX

READERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.LEADER)


def _language() -> str:
    return get_language() or "zh-hans"


def _wanted(request: StaffRequest) -> visits.Wanted:
    return visits.Wanted.read(request.GET.dict(), visits.levels_of(request.post))  # type: ignore[arg-type]


def _address(name: str, wanted: visits.Wanted) -> str:
    asked = {"span": wanted.span, "on": wanted.on.isoformat(), "level": wanted.level}
    return f"{reverse(name)}?{urlencode(asked)}"


@allow(*READERS)
@require_GET
@never_cache
def visit_statistics(request: StaffRequest) -> HttpResponse:
    """Show the four spans together and one of them by branch, grid or officer."""
    wanted = _wanted(request)
    found = visits.statistics_of(request.post, wanted)
    page = Paginator(found.lines, visits.PER_PAGE).get_page(request.GET.get("page"))
    behind = _address("reporting:visits_behind", wanted) if may_open_households(request.post) else ""
    language = _language()
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("走访采集统计")}],
        "wanted": wanted,
        "spans": [
            {
                "label": visits.SPAN_NAMES[span].of(language),
                "value": display.number(figures.all_effective),
                "unit": _("户有效"),
                "note": _("涉及走访 %(count)s 户，占 %(share)s")
                % {"count": display.number(figures.all_visited), "share": figures.share},
                "url": _address("reporting:visit_statistics", visits.Wanted(span, wanted.on, wanted.level)),
            }
            for span, figures in found.whole.items()
        ],
        "span_name": visits.SPAN_NAMES[wanted.span].of(language),
        "levels": [
            (
                level,
                visits.LEVELS[level].of(language),
                _address("reporting:visit_statistics", visits.Wanted(wanted.span, wanted.on, level)),
            )
            for level in visits.levels_of(request.post)
        ],
        "kind_names": [name.of(language) for name in visits.KIND_NAMES.values()],
        "level_name": visits.LEVELS[wanted.level].of(language),
        "rows": [{"line": line, "cells": _cells(line.figures, line.pk, behind)} for line in page],
        "total": found.whole[wanted.span],
        "total_cells": _cells(found.whole[wanted.span], None, behind),
        "page": page,
        "notes": [note.of(language) for note in visits.NOTES],
        "xlsx_url": _address("reporting:visit_statistics_xlsx", wanted),
    }
    return render(request, "reporting/visit_statistics.html", context)


def _cells(figures: visits.Figures, unit: int | None, behind: str) -> list[dict[str, object]]:
    """The figures of a line, each with the address of its visits where ``behind`` says that they may be opened."""
    line = f"&unit={unit}" if unit is not None else ""
    return [
        {
            "count": count,
            "url": f"{behind}{line}&kind={kind}&effective={'yes' if side == 'effective' else ''}"
            if behind and count
            else "",
        }
        for side, kind, count in figures.cells()
    ]


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_GET
@never_cache
def visits_behind(request: StaffRequest) -> HttpResponse:
    """List the visits a figure counts: the subjects of the figure are each counted once, their visits are all here."""
    wanted = _wanted(request)
    page, lines, name = visits.visits_behind(request.post, wanted, request.GET.dict())  # type: ignore[arg-type]
    back = _address("reporting:visit_statistics", wanted)
    title = name or _("走访记录")
    context = {
        "where": [
            {"label": request.user.institution.short_name},
            {"label": _("走访采集统计"), "url": back},
            {"label": title},
        ],
        "title": title,
        "wanted": wanted,
        "back": back,
        "page": page,
        "lines": lines,
        "filters": [
            {
                "name": "effective",
                "label": _("全部走访"),
                "kind": "select",
                "options": [("yes", _("有效走访")), ("no", _("其他走访"))],
                "main": True,
            },
            {
                "name": "kind",
                "label": _("全部种类"),
                "kind": "select",
                "options": [("household", _("农户")), ("business", _("商户")), ("unit", _("企业单位"))],
                "main": True,
            },
        ],
    }
    return render(request, "reporting/visits_behind.html", context)


@allow(*READERS)
@require_GET
@never_cache
def visit_statistics_xlsx(request: StaffRequest) -> HttpResponse:
    """The lines as a spreadsheet, on record."""
    wanted = _wanted(request)
    found = visits.statistics_of(request.post, wanted)
    content = visits.workbook(found, bank=request.user.institution.name, at=clock.now(), language=_language())
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="visits_exported",
        about="visit_statistics",
        about_id="",
        detail={"span": wanted.span, "first": wanted.first.isoformat(), "level": wanted.level},
    )
    response = HttpResponse(content, content_type=XLSX)
    name = f"{_('走访采集统计')}_{wanted.first}_{wanted.last}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
