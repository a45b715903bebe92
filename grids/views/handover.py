"""Hand the grids of one officer to another: first a look at all of them, then one step for those that are ticked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from grids.forms import HandOverForm
from grids.selectors import territory
from grids.services import Refused, seats


@allow(PostKind.BRANCH_MANAGER, PostKind.ADMINISTRATOR)
def hand_over(request: StaffRequest) -> HttpResponse:
    """GET previews what would move; POST moves the ticked grids, all or none."""
    given = request.POST if request.method == "POST" else request.GET
    form = HandOverForm(given if "leaving" in given else None, post=request.post)
    moving, refused = [], ""
    chosen = [int(pk) for pk in request.POST.getlist("grid") if pk.isdigit()]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        moving = territory.covered_by(request.post, data["leaving"], data["on"])
        if request.method == "POST":
            try:
                new = seats.hand_over(
                    grid_ids=chosen,
                    leaving_id=data["leaving"],
                    successor_id=data["successor"],
                    by=request.user,
                    post=request.post,
                    on=data["on"],
                )
                messages.success(
                    request, _("%(count)s 个网格自 %(day)s 起移交") % {"count": len(new), "day": data["on"]}
                )
                return redirect("grids:grid_list")
            except Refused as refusal:
                refused = str(refusal)
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("网格移交")}],
        "form": form,
        "moving": moving,
        "chosen": chosen or [seat.grid_id for seat in moving],
        "households": sum(seat.grid.official_count or 0 for seat in moving),
        "refused": refused,
    }
    status = 422 if refused or (form.is_bound and form.errors) else 200
    return render(request, "grids/hand_over.html", context, status=status)
