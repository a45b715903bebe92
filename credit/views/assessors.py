"""How the sheets of an opened round compare: hints for those who answer for rounds, never shown to who fills sheets."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import open_round
from credit.selectors.assessors import comparison
from credit.views.stage_frame import where
from grids.access import PostKind

READERS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)


@allow(*READERS)
@never_cache
@require_GET
def round_assessors(request: StaffRequest, pk: int) -> HttpResponse:
    """Show agreement, and each sheet beside the merge; 404 before the opening."""
    round = open_round(request.post, pk)
    if round.opened_at is None:
        raise Http404
    page = {"label": round.grid.name, "url": reverse("credit:round", args=[pk])}
    context = {
        "where": where(request, page, {"label": _("评议表对比")}),
        "round": round,
        "found": comparison(round),
    }
    return render(request, "credit/assessors.html", context)
