"""The one search box: results as one types, and the same as a page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers.selectors import search as selectors
from grids.access import CUSTOMER_POSTS

LONGEST = 80
PAGES = {"household": "customers:household"}


@allow(*CUSTOMER_POSTS)
@require_GET
@never_cache
def search(request: StaffRequest) -> HttpResponse:
    """Find households in one's scope by what is known of one of their people."""
    text = request.GET.get("q", "")[:LONGEST].strip()
    found = selectors.search(request.post, text)
    results = [
        {
            "url": reverse(PAGES.get(hit.kind, "customers:entity"), args=[hit.household_id]),
            "who": hit.who or hit.number,
            "tie": hit.tie,
            "number": hit.number,
            "place": " · ".join(part for part in (hit.village, hit.group, hit.note) if part),
        }
        for hit in found.hits
    ]
    context = {"results": results, "query": text, "has_more": found.more}
    if request.htmx:
        return render(request, "components/search_results.html", context)
    context["where"] = [{"label": request.user.institution.short_name}, {"label": _("搜索")}]
    return render(request, "customers/search.html", context)
