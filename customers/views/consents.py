"""What a household, business or unit agreed to: how it stands, its history, withdrawal at the door or at the counter."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain.consents import COLLECTION, SCOPES, scope_name
from customers.forms.items import language
from customers.selectors import consents as selectors
from customers.selectors.visits import people_of
from customers.services import consents
from customers.views.visits import LISTS, place_url
from grids.access import CUSTOMER_POSTS, PostKind

TAKING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
"""Who records a withdrawal: the officer at the door, his branch manager at the counter."""


@allow(*CUSTOMER_POSTS)
@require_GET
def consent(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what stands, everything that was said, and what may be taken back."""
    place = access.open_place(request.post, pk)
    if access.is_hidden(request.post, pk):
        raise Http404
    people = people_of(place)
    title = getattr(place, "name", "") or (people[0].name if people else str(place))
    lines = selectors.lines_of(pk, place.institution_id, language())
    taken = selectors.standing_of(pk).taken_back
    context = {
        "where": [
            {"label": place.grid.name, "url": f"{reverse(LISTS[place.subject.kind])}?grid={place.grid_id}"},
            {"label": title, "url": place_url(place)},
            {"label": _("同意")},
        ],
        "place": place,
        "title": title,
        "lines": lines,
        "standing": [line for line in lines if line.is_given],
        "history": [_told(row) for row in selectors.history_of(pk)],
        "people": people,
        "taken_back": [(one, selectors.scope_names(taken[one.pk], language())) for one in people if taken.get(one.pk)],
        "may_take": request.post.kind in TAKING,
    }
    return render(request, "customers/consent.html", context)


def _told(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "scopes": selectors.scope_names(row.scopes, language()),
        "refused": selectors.scope_names(row.refused, language()) if row.how != "refused" else [],
        "is_end": row.how in ("withdrawn", "refused"),
    }


@allow(*TAKING)
@require_POST
def withdraw_consent(request: StaffRequest, pk: int) -> HttpResponse:
    """Record that consent was taken back: wholly, for one scope, or by one member for himself."""
    place = access.open_place(request.post, pk)
    scope = request.POST.get("scope", "")
    scopes = (scope,) if scope in SCOPES else SCOPES if not scope else ()
    whose = None
    if request.POST.get("whose"):
        whose = next((one for one in people_of(place) if str(one.pk) == request.POST["whose"]), None)
        if whose is None:
            raise Http404
    try:
        taken = consents.withdraw(
            staff=request.user, post_id=request.post.pk, household=place, scopes=scopes, whose=whose
        )
    except consents.NothingToWithdrawError:
        messages.warning(request, _("没有可撤回的同意。"))
    else:
        if COLLECTION in taken.scopes:
            text = _("已记录撤回，即刻停止使用。以后采集须重新告知并取得同意；要求删除信息的，请转支行行长办理。")
        else:
            text = _("已记录撤回“%(scope)s”，即刻停止。") % {
                "scope": "、".join(scope_name(one, language()) for one in taken.scopes)
            }
        messages.success(request, text)
    return redirect("customers:consent", pk=place.pk)


@allow(*TAKING, PostKind.AUDITOR)
@require_POST
@never_cache
def signature(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the drawn signature or the signed paper of a consent, on record."""
    given = access.open_consent(request.post, pk)
    if given.signature is None or access.is_hidden(request.post, given.subject_id):
        raise Http404
    content = consents.open_signature(staff=request.user, post_id=request.post.pk, consent=given)
    response = HttpResponse(content, content_type=given.signature.content_type)
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response
