"""The state of the installation, for the administrator."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.lib import health
from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from grids.selectors import digests


@allow(PostKind.ADMINISTRATOR)
@require_GET
def system(request: StaffRequest) -> HttpResponse:
    """Health, versions, waiting work, disk and backups."""
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("系统")}],
        "mails": digests.standing(request.user.institution_id),
        "state": health.state(request.user.institution_id),
    }
    return render(request, "grids/system.html", context)


@allow(PostKind.ADMINISTRATOR)
@require_GET
def workers(request: StaffRequest) -> HttpResponse:
    """The workers that answer; asked apart, since it takes a second."""
    return render(request, "grids/_workers.html", {"workers": health.workers()})
