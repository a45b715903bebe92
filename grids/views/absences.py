"""Absences: who is away, who stands in; recorded by the branch manager or the administrator."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_absence
from grids.forms import AbsenceForm
from grids.selectors import changes
from grids.services import Refused
from grids.services import absences as services

RECORDING = (PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)


@allow(*RECORDING)
def absence_list(request: StaffRequest) -> HttpResponse:
    """Who is away and who stands in; POST records an absence."""
    form = AbsenceForm(request.POST or None, post=request.post)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.record(by=request.user, post=request.post, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("已登记：%(day)s 起由 %(deputy)s 代 %(name)s")
                % {"day": made.from_on, "deputy": made.deputy.name, "name": made.staff.name},
            )
            return redirect("grids:absences")
    page, rows = changes.list_absences(request.post, request.GET.get("page"))
    where = [{"label": request.user.institution.short_name}, {"label": _("离岗代岗"), "url": reverse("grids:absences")}]
    context = {"where": where, "form": form, "page": page, "rows": rows}
    return render(request, "grids/absences.html", context, status=422 if form.errors else 200)


@allow(*RECORDING)
@require_POST
def absence_end(request: StaffRequest, pk: int) -> HttpResponse:
    """End an absence today."""
    found = open_absence(request.post, pk)
    try:
        services.end(absence=found, by=request.user, post=request.post)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("已结束，代岗的权限即刻收回"))
    return redirect("grids:absences")
