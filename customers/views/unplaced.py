"""What is on a list and in no grid, or in a grid that nobody covers: counts, list, what to do."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import audit, clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.forms.found import told
from customers.forms.items import language
from customers.selectors import unplaced as selectors
from customers.services import unplaced as service
from customers.services.entities import EntityRefusedError
from grids.access import PostKind, open_grid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@allow(PostKind.BRANCH_MANAGER)
@require_GET
def unplaced_list(request: StaffRequest) -> HttpResponse:
    """Rows of lists that wait for a grid, and grids with customers that nobody covers."""
    page = selectors.page_of(request.post, request.GET.get("kind", ""), request.GET.get("page"))
    waiting = selectors.counts(request.post)
    options = {kind: selectors.grids_holding(request.post, kind) for kind in {row.kind for row in page}}
    context = {
        "where": [
            {"label": request.user.institution.short_name},
            {"label": _("名册"), "url": reverse("customers:roster_list")},
            {"label": _("未入格")},
        ],
        "page": page,
        "rows": [{"row": row, "grids": options[row.kind]} for row in page],
        "stats": [
            {"label": label, "value": waiting.get(kind, 0), "unit": _("家")}
            for kind, label in (("business", _("商户")), ("unit", _("企业单位")))
        ],
        "stranded": selectors.stranded(),
        "filters": [
            {
                "name": "kind",
                "label": _("全部种类"),
                "kind": "select",
                "options": [("business", _("商户")), ("unit", _("企业单位"))],
                "main": True,
            }
        ],
    }
    return render(request, "customers/unplaced.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_GET
@never_cache
def unplaced_export(request: StaffRequest) -> HttpResponse:
    """Both lists as a spreadsheet, on record."""
    content = selectors.workbook(request.post, language(), clock.now())
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="unplaced_exported", about="unplaced", about_id=0, detail={}
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{_('未入格')}_{clock.today()}.xlsx")
    response["Cache-Control"] = "private, no-store"
    return response


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def unplaced_place(request: StaffRequest, pk: int) -> HttpResponse:
    """Say in which grid a row of a list belongs; it is filed there and counted from today."""
    row = access.open_unplaced(request.post, pk)
    chosen = request.POST.get("grid", "")
    if not chosen.isdigit() or len(chosen) > 18:
        messages.warning(request, _("请先选一个网格。"))
        return redirect("customers:unplaced_list")
    grid = open_grid(request.post, int(chosen))
    try:
        service.place(staff=request.user, post_id=request.post.pk, row=row, grid=grid)
    except EntityRefusedError as refused:
        messages.error(request, told(refused.findings[0]))
        return redirect("customers:unplaced_list")
    messages.success(request, _("%(name)s 已列入 %(grid)s。") % {"name": row.name, "grid": grid.name})
    return redirect("customers:unplaced_list")


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def unplaced_dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a row aside that is none of the branch's."""
    row = access.open_unplaced(request.post, pk)
    service.dismiss(staff=request.user, post_id=request.post.pk, row=row)
    messages.success(request, _("%(name)s 已放到一边，不再计入。") % {"name": row.name})
    return redirect("customers:unplaced_list")
