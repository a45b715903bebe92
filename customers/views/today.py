"""An officer's day, and the drafts that lie on his device."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.weeks import Week
from customers import access
from customers.selectors import changes, households
from customers.selectors import today as selectors
from grids.access import PostKind

MOST_DRAFTS = 20


@allow(PostKind.OFFICER)
@require_GET
def today(request: StaffRequest) -> HttpResponse:
    """Show the week's quota, where to go next, returned files and what waits to be checked."""
    post = request.post
    context = {
        "where": [{"label": post.branch.name if post.branch else request.user.institution.short_name}],
        "so_far": selectors.week_so_far(request.user, Week.containing(clock.today())),
        "errands": selectors.errands(post),
        "returned": selectors.returned_files(post),
        "never_count": selectors.never_visited(post),
        "change_counts": changes.count_to_prove(post),
        "proposal_count": selectors.proposals(post),
        # Last: asking for the queue opens its subjects to the rest of the transaction.
        "check_count": len(access.check_queue()),
    }
    return render(request, "customers/today.html", context)


@allow(PostKind.OFFICER)
@require_GET
def drafts(request: StaffRequest) -> HttpResponse:
    """Name the households whose drafts the device says it holds; the drafts themselves never leave it unsent."""
    asked = [int(pk) for pk in request.GET.getlist("household")[:MOST_DRAFTS] if pk.isdigit() and len(pk) < 19]
    found = list(access.households_for(request.post).filter(pk__in=asked).select_related("grid").order_by("pk"))
    rows = households.rows_of(found, request.user.institution_id) if found else []
    return render(request, "customers/_drafts.html", {"rows": rows})
