"""Supplements of a round: begun for the households that could not be merged, listed where the merging is worked on."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import open_round
from credit.domain import stages
from credit.forms import SupplementForm
from credit.selectors.supplements import supplements_of, waiting_for_opinions
from credit.services import supplement
from credit.views.stage_frame import NAMES, where
from grids.access import PostKind
from grids.services import Refused


def supplements_context(request: StaffRequest, round: Any, counts: dict[str, int]) -> dict[str, Any]:
    """Return the supplements of a round, and whether another may be begun: somebody waits and none is running."""
    if round.parent_id is not None:
        return {}
    held = supplements_of(round)
    may_ask = request.post.kind == PostKind.BRANCH_MANAGER and round.stage in stages.DECIDABLE
    waits = counts.get("supplement", 0) + counts.get("divergent", 0)
    running = any(one.stage != stages.CLOSED for one in held)
    return {
        "supplements": [{"round": one, "stage": NAMES[stages.page_of(one.stage)]} for one in held],
        "waits_for_opinions": waits,
        "may_supplement": may_ask and waits > 0 and not running,
    }


@allow(PostKind.BRANCH_MANAGER)
@never_cache
def supplement_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Begin a supplement: for whom, why, by which day. Its assessors are named on its own pages."""
    round = open_round(request.post, pk)
    if round.parent_id is not None or round.stage not in stages.DECIDABLE:
        raise Http404
    waiting = waiting_for_opinions(round)
    form = SupplementForm(request.POST or None, waiting=waiting)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = [subject for subject, standing in waiting.items() if standing in data["standings"]]
        try:
            made = supplement.ask(
                by=request.user,
                post=request.post,
                parent=round,
                subjects=chosen,
                due_on=data["due_on"],
                because=data["because"],
            )
            messages.success(request, _("补充评议已建好，请安排评议员"))
            return redirect("credit:round", pk=made.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "where": where(
            request,
            {"label": round.grid.name, "url": reverse("credit:round", args=[pk])},
            {"label": _("补充评议")},
        ),
        "round": round,
        "form": form,
    }
    return render(request, "credit/supplement_new.html", context, status=422 if form.errors else 200)
