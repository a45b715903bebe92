"""A branch manager shows a customer in a feature grid, and takes it out again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.selectors import entities as selectors
from customers.services import features
from grids.access import PostKind


def _back(kind: str, pk: int) -> HttpResponse:
    return redirect("customers:household" if kind == "household" else "customers:entity", pk=pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def feature_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a customer in a feature grid; its home grid goes on counting it."""
    subject = access.open_subject(request.post, pk)
    feature = selectors.feature_named(request.post, request.POST.get("feature", ""))
    if feature is None:
        messages.warning(request, _("请先选一个特色网格。"))
    else:
        features.show_in(staff=request.user, post_id=request.post.pk, subject=subject, feature=feature)
        messages.success(request, _("已列入 %(grid)s，仍由原网格计数。") % {"grid": feature.name})
    return _back(subject.kind, subject.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def feature_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a customer in a feature grid no longer."""
    member = access.open_feature(request.post, pk)
    features.take_out(staff=request.user, post_id=request.post.pk, member=member)
    messages.success(request, _("已移出 %(grid)s。") % {"grid": member.feature.name})
    return _back(member.subject.kind, member.subject_id)
