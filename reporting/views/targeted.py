"""The targeted part of a plan: households an auditor adds by hand, inspected like the drawn ones and reported apart."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from grids.services import Refused
from reporting import access
from reporting.access import SamplePlan
from reporting.forms import TargetForm
from reporting.selectors import samples
from reporting.selectors import targeted as selectors
from reporting.services import targeted as services
from reporting.services.samples import AlreadyDoneError
from reporting.views.kin import picked, sought
from reporting.views.samples import plan_crumb, where


@allow(PostKind.AUDITOR)
@require_http_methods(["GET", "POST"])
@never_cache
def targeted(request: StaffRequest, pk: int) -> HttpResponse:
    """The targeted households of a drawn plan; while it is open, its auditors add more."""
    plan = access.open_sample(request.post, pk)
    if plan.state == SamplePlan.State.PLANNED:
        raise Http404
    may_add = samples.is_open(plan) and samples.is_named(plan, request.user.pk)
    home = picked(request, plan) if may_add else None
    form = TargetForm(request.POST or None)
    if request.method == "POST":
        if home is None:
            raise Http404
        if form.is_valid():
            try:
                services.add(
                    staff=request.user, post=request.post, plan=plan, subject_id=home.subject_id, **form.cleaned_data
                )
                messages.success(request, _("已加入重点抽查；检查前档案对审计人员隐藏"))
                return redirect("reporting:targeted", pk)
            except AlreadyDoneError as refusal:
                messages.warning(request, str(refusal))
                return redirect("reporting:targeted", pk)
            except Refused as refusal:
                form.add_error(None, str(refusal))
    context: dict[str, Any] = {
        "where": where(plan_crumb(plan), (_("重点抽查"), "")),
        "plan": plan,
        "rows": selectors.rows_for(request.post, plan),
        "home": home,
        "form": form,
        "may_add": may_add,
    }
    if may_add:
        context |= sought(request)
    return render(request, "reporting/targeted.html", context, status=422 if form.errors else 200)
