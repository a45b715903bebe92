"""The laboratory of credit models for who keeps parameters: a model as tables, tried on one household."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from config.lib.access import allow
from config.lib.parameters.kinds import find
from config.lib.parameters.views import where_of
from config.lib.requests import StaffRequest
from credit.domain.model import ParameterError
from credit.domain.model_sheet import sheet
from credit.selectors import comparing, laboratory, populations, trying
from credit.selectors.explained_model import language
from credit.selectors.laboratory import Text
from credit.selectors.lines import MODEL_KIND
from grids.access import PostKind


def opened(request: StaffRequest, sort: str, pk: int) -> Text:
    """Return the version or draft an address names, or raise Http404."""
    return laboratory.open_text(request.user.institution_id, sort, pk)


def where(request: StaffRequest, text: Text, last: str = "") -> list[dict[str, str]]:
    """Return where one is: the bank, the models, this model, its version or draft, and the page itself."""
    found = where_of(request, find(MODEL_KIND), text.row.key, last or text.standing)
    if last:
        found.insert(-1, {"label": text.standing, "url": reverse("credit:model", args=[text.sort, text.pk])})
    return found


def page_of(request: StaffRequest, text: Text, here: str, last: str = "") -> dict[str, Any]:
    """Return what every page of a model shows: its name, where one is, its pages."""
    pages = [
        ("model", _("表格")),
        ("model_try", _("试一户")),
        ("model_file", _("试一个文件")),
        ("model_compare", _("整体试算")),
    ]
    is_own = text.is_in_hand_of(request.user.pk)
    found = [
        {"label": label, "url": reverse(f"credit:{name}", args=[text.sort, text.pk]), "is_here": name == here}
        for name, label in pages
    ]
    if is_own:
        edit = reverse("credit:model_edit", args=[text.pk])
        found.append({"label": _("修改"), "url": edit, "is_here": here == "model_edit"})
    return {
        "where": where(request, text, last),
        "text": text,
        "title": text.title(language()),
        "unknown": text.unknown(language()),
        "is_own": is_own,
        "pages": found,
    }


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def model(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """A model as tables: inputs, score, grades, formulas, caps, refusals."""
    text = opened(request, sort, pk)
    words = language()
    context = page_of(request, text, "model") | {
        "sheet": sheet(text.model, words) if text.model else None,
        "problems": [problem.text(words) for problem in text.problems],
    }
    return render(request, "credit/model.html", context)


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def model_try(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """Try a model on one invented household: facts typed, every step explained; nothing is kept."""
    text = opened(request, sort, pk)
    context = page_of(request, text, "model_try", _("试一户"))
    if text.model is None:
        return render(request, "credit/model_try.html", context)
    counties = laboratory.counties(request.user.institution_id)
    sent = dict(request.POST.lists()) if request.method == "POST" else None
    county = request.user.institution.county_code
    tried = trying.tried(text.model, sent, counties, county, language())
    context |= {"form": tried.form, "page": tried.page, "count": tried.count}
    offered = populations.usable(request.user)
    chosen, number = request.GET.get("population", ""), request.GET.get("number", "").strip()
    context |= {"populations": offered, "chosen": chosen, "number": number}
    found = next((one for one in offered if str(one.pk) == chosen), None)
    if sent is None and found is not None and number:
        known = laboratory.released_parameters(text.model, counties.get(county, {}))
        try:
            place = int(number) if number.isdecimal() and len(number) < 9 else 0
            context["page"] = comparing.household_page(found, place, text.model, known)
        except (Http404, ParameterError):
            context["wrong_number"] = _("请填 1 到 %(most)s 之间的号") % {"most": f"{found.households:,}"}
    return render(request, "credit/model_try.html", context, status=422 if tried.count else 200)
