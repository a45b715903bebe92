"""An auditor declares the households of his own kin: before the draw they leave the population, after it others inspect them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.lib import display
from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from grids.services import Refused
from reporting import access
from reporting.access import SamplePlan
from reporting.forms import KinForm
from reporting.selectors import kin as selectors
from reporting.selectors import samples
from reporting.selectors.kin import Home
from reporting.services import kin as services
from reporting.services.samples import AlreadyDoneError
from reporting.views.samples import plan_crumb, where

LONGEST = 80


def picked(request: StaffRequest, plan: SamplePlan) -> Home | None:
    """Return the household chosen in the address or the form, or raise Http404 when it is none of the bank's."""
    text = request.POST.get("pick") or request.GET.get("pick") or ""
    if not text:
        return None
    if not text.isdigit() or len(text) > 18:
        raise Http404
    home = selectors.homes_of(request.post, plan, [int(text)]).get(int(text))
    if home is None:
        raise Http404
    return home


def sought(request: StaffRequest) -> dict[str, Any]:
    """Return what the search of the page found."""
    text = request.GET.get("q", "")[:LONGEST].strip()
    found = selectors.choices(request.post, text) if text else None
    return {"query": text, "found": found}


@allow(PostKind.AUDITOR)
@require_http_methods(["GET", "POST"])
@never_cache
def kin(request: StaffRequest, pk: int) -> HttpResponse:
    """What one declared for a plan, and the search for a household to declare."""
    plan = access.open_named_sample(request.post, pk)
    home = picked(request, plan)
    form = KinForm(request.POST or None)
    if request.method == "POST":
        if home is None:
            raise Http404
        if form.is_valid():
            try:
                declared = services.declare(
                    staff=request.user, post=request.post, plan=plan, subject_id=home.subject_id, **form.cleaned_data
                )
                messages.success(request, _told(declared.is_late))
                return redirect("reporting:kin", pk)
            except AlreadyDoneError as refusal:
                messages.warning(request, str(refusal))
                return redirect("reporting:kin", pk)
            except Refused as refusal:
                form.add_error(None, str(refusal))
    is_planned = plan.state == SamplePlan.State.PLANNED
    context: dict[str, Any] = {
        "where": where(plan_crumb(plan), (_("亲属回避"), "")),
        "plan": plan,
        "rows": selectors.rows_for(request.post, plan),
        "home": home,
        "form": form,
        "is_planned": is_planned,
        "is_open": is_planned or samples.is_open(plan),
    }
    if is_planned:
        context |= sought(request) | {"earlier": len(selectors.earlier_of(request.post, plan))}
    return render(request, "reporting/kin.html", context, status=422 if form.errors else 200)


def _told(is_late: bool) -> str:
    if is_late:
        return _("已申报。这户由另一位审计人员检查；总体和样本不变。")
    return _("已申报，抽取时不进入总体")


@allow(PostKind.AUDITOR)
@require_POST
def kin_earlier(request: StaffRequest, pk: int) -> HttpResponse:
    """Declare for this plan what one declared for earlier ones."""
    plan = access.open_named_sample(request.post, pk)
    try:
        count = services.declare_earlier(staff=request.user, post=request.post, plan=plan)
        told = ngettext("已沿用 %(count)s 户", "已沿用 %(count)s 户", count) % {"count": display.number(count)}
        messages.success(request, told)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("reporting:kin", pk)


@allow(PostKind.AUDITOR)
@require_POST
def kin_withdraw(request: StaffRequest, pk: int, declaration_id: int) -> HttpResponse:
    """Take a wrong declaration back, before the draw."""
    declaration = access.open_kin(request.post, pk, declaration_id)
    try:
        services.withdraw(staff=request.user, post=request.post, declaration=declaration)
        messages.success(request, _("已撤回，记录保留"))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(f"{reverse('reporting:kin', args=[pk])}#declared")
