"""How a household, business or unit is kept in touch with; the register of those who work away from home."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, clock, display
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.forms.contacts import ContactForm
from customers.forms.items import language
from customers.selectors import contacts as selectors
from customers.selectors.contacts import MigrantFilter
from customers.selectors.visits import start_of
from customers.services import contacts as service
from customers.services.contacts import ContactRefusedError
from customers.views.visits import LISTS, place_url, title_of
from grids.access import PostKind

KEEPING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@allow(*KEEPING)
@require_http_methods(["GET", "POST"])
def contact(request: StaffRequest, pk: int) -> HttpResponse:
    """Agree how somebody is kept in touch with; the newest word counts, all of them are shown."""
    place = access.open_place(request.post, pk)
    start = start_of(place, request.user)
    kept = selectors.kept_of(pk, place.institution_id)
    form = ContactForm(request.POST or None, people=start.people, initial=_initial(kept.plan, start.away))
    if request.method == "POST" and form.is_valid():
        try:
            made = service.make(staff=request.user, post_id=request.post.pk, place=place, terms=form.terms())
        except ContactRefusedError as refused:
            form.add_problems(refused.problems)
        else:
            day = display.day(made.next_on)
            messages.success(request, _("已约好 %(day)s 联系，到那天之前不列入走访建议。") % {"day": day})
            return redirect(place_url(place))
    title = title_of(place, start)
    context = {
        "where": [
            {"label": place.grid.name, "url": f"{reverse(LISTS[place.subject.kind])}?grid={place.grid_id}"},
            {"label": title, "url": place_url(place)},
            {"label": _("联系计划")},
        ],
        "place": place,
        "place_url": place_url(place),
        "title": title,
        "kept": kept,
        "form": form,
        "history": selectors.history_of(pk),
        "is_present": place.subject.left_on is None,
    }
    return render(request, "customers/contact.html", context, status=422 if form.errors else 200)


def _initial(plan: Any, away: dict[str, str]) -> dict[str, Any]:
    if plan is not None:
        return {"why": plan.why, "way": plan.way, "contact": plan.contact_id, "returns_on": plan.returns_on}
    return {
        "why": "away",
        "way": away["plan_way"],
        "contact": away["plan_contact"],
        "returns_on": away["plan_returns"],
    }


@allow(*KEEPING)
@require_POST
def contact_end(request: StaffRequest, pk: int) -> HttpResponse:
    """Say that no plan is needed any more."""
    place = access.open_place(request.post, pk)
    try:
        service.end(staff=request.user, post_id=request.post.pk, place=place, how=request.POST.get("ended", ""))
    except ContactRefusedError:
        raise Http404 from None
    messages.success(request, _("联系计划已结束，照常列入走访建议。"))
    return redirect(place_url(place))


# --- The register -------------------------------------------------------------------------------------------------


@allow(*KEEPING)
@require_GET
@never_cache
def migrant_list(request: StaffRequest) -> HttpResponse:
    """Who works away from home, as the checked files say it; the first to return at the head."""
    wanted = MigrantFilter.read(request.GET)
    page, rows, counts = selectors.register_of(request.post, wanted, request.GET.get("page"))
    own = f"?grid={wanted.grid}&due=" if wanted.grid else "?due="
    labels = {"": _("全部"), "30": _("30 天内返乡"), "60": _("60 天内返乡"), "past": _("应已返乡")}
    context = {
        "where": [{"label": _("客户"), "url": reverse("customers:household_list")}, {"label": _("外出务工登记")}],
        "page": page,
        "rows": rows,
        "stats": [{"label": label, "value": counts[code], "url": own + code} for code, label in labels.items()],
        "filters": [
            {
                "name": "grid",
                "label": _("全部网格"),
                "kind": "select",
                "options": selectors.grid_options(request.post),
                "main": True,
            },
            {
                "name": "due",
                "label": _("何时返乡"),
                "kind": "select",
                "options": [(code, label) for code, label in labels.items() if code],
                "main": True,
            },
        ],
    }
    return render(request, "customers/migrants.html", context)


@allow(*KEEPING)
@require_GET
@never_cache
def migrant_export(request: StaffRequest) -> HttpResponse:
    """The register as a spreadsheet, filtered as on the page, on record; neither ID numbers nor phones are in it."""
    wanted = MigrantFilter.read(request.GET)
    content, rows = selectors.workbook(request.post, wanted, language(), clock.today())
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="migrants_exported",
        about="grid",
        about_id=wanted.grid or 0,
        detail={"rows": rows, "filter": request.GET.urlencode()[:200]},
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{_('外出务工登记')}_{clock.today()}.xlsx")
    response["Cache-Control"] = "private, no-store"
    return response
