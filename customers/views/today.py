"""An officer's day, and the drafts that lie on his device."""

from datetime import timedelta

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.slots import slots
from config.lib.weeks import Week
from customers import access
from customers.domain.dayplan import Here
from customers.selectors import changes
from customers.selectors import today as selectors
from customers.selectors.places import places_of
from grids.access import PostKind

MOST_DRAFTS = 20


@allow(PostKind.OFFICER)
@require_GET
def today(request: StaffRequest) -> HttpResponse:
    """Show the week's quota, where to go next, returned files and what waits to be checked."""
    post = request.post
    day = selectors.day_of(post)
    context = {
        "where": [{"label": post.branch.name if post.branch else request.user.institution.short_name}],
        "officer": request.user,
        "day": clock.today(),
        "tomorrow": clock.today() + timedelta(days=1),
        "so_far": selectors.week_so_far(request.user, Week.containing(clock.today())),
        "figures_url": next(iter(slots("week")), ""),
        "plan": day,
        "waiting": sum(line.row.accepted_at is None and line.row.postponed_to is None for line in day.lines),
        "suggested": day.suggested,
        "returned": selectors.returned_files(post),
        "never": [
            {"count": day.never.get(kind, 0), "url": reverse(url), "label": label}
            for kind, url, label in (
                ("household", "customers:household_list", _("农户")),
                ("business", "customers:business_list", _("商户")),
                ("unit", "customers:unit_list", _("企业单位")),
            )
            if day.never.get(kind)
        ],
        "change_counts": changes.count_to_prove(post),
        "proposal_count": selectors.proposals(post),
        # Last: asking for the queue opens its subjects to the rest of the transaction.
        "check_count": len(access.check_queue()),
    }
    return render(request, "customers/today.html", context)


@allow(PostKind.OFFICER)
@require_POST
@never_cache
def near(request: StaffRequest) -> HttpResponse:
    """Order the next places by where the device says it is; the position is used for this answer and kept nowhere."""
    try:
        here = Here(float(request.POST.get("latitude", "")), float(request.POST.get("longitude", "")))
        if not (-90 <= here.latitude <= 90 and -180 <= here.longitude <= 180):
            raise ValueError("no such place")
    except ValueError:
        return HttpResponseBadRequest()
    return render(
        request,
        "customers/_suggested.html",
        {"suggested": selectors.next_places(request.post, here), "officer": request.user, "day": clock.today()},
    )


@allow(PostKind.OFFICER)
@require_GET
def drafts(request: StaffRequest) -> HttpResponse:
    """Name the places whose drafts the device says it holds; the drafts themselves never leave it unsent."""
    asked = [int(pk) for pk in request.GET.getlist("household")[:MOST_DRAFTS] if pk.isdigit() and len(pk) < 19]
    mine = access.subjects_for(request.post).filter(pk__in=asked).order_by("pk").values_list("pk", flat=True)
    return render(request, "customers/_drafts.html", {"places": list(places_of(list(mine)).values())})
