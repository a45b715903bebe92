"""Branches: the tree with what each holds; new and changed ones."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_branch
from grids.forms import BranchForm
from grids.selectors import territory
from grids.services import Refused, places


def _where(request: StaffRequest, last: str) -> list[dict[str, str]]:
    return [{"label": request.user.institution.short_name, "url": reverse("grids:branch_list")}, {"label": last}]


@allow(PostKind.ADMINISTRATOR)
@require_GET
def branch_list(request: StaffRequest) -> HttpResponse:
    """Every branch with its grids, people and grids without owner."""
    context = {
        "where": _where(request, _("机构")),
        "branches": [(branch.path.count("/") - 2, branch) for branch in territory.list_branches(request.post)],
        "totals": territory.totals(request.post),
    }
    return render(request, "grids/branch_list.html", context)


@allow(PostKind.ADMINISTRATOR)
def branch_new(request: StaffRequest) -> HttpResponse:
    """A new branch."""
    return _edit(request, None)


@allow(PostKind.ADMINISTRATOR)
def branch(request: StaffRequest, pk: int) -> HttpResponse:
    """A branch and the form to change it; the head office is only shown."""
    return _edit(request, open_branch(request.post, pk))


def _edit(request: StaffRequest, found: Any) -> HttpResponse:
    is_head = found is not None and found.parent_id is None
    initial = (
        {name: getattr(found, name) for name in ("name", "kind", "parent", "town_code", "is_open")} if found else None
    )
    form = BranchForm(request.POST or None, post=request.post, branch=found, initial=initial)
    if request.method == "POST" and not is_head and form.is_valid():
        try:
            places.save_branch(by=request.user, post=request.post, branch=found, **form.cleaned_data)
            messages.success(request, _("已保存"))
            return redirect("grids:branch_list")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "where": _where(request, found.name if found else _("新机构")),
        "branch": found,
        "is_head": is_head,
        "form": form,
    }
    return render(request, "grids/branch.html", context, status=422 if form.errors else 200)
