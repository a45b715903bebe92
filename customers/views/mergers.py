"""Village mergers: the administrator proposes after a look at what moves, the managers of both branches confirm."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain import life_words
from customers.forms.items import language
from customers.forms.mergers import MergerForm
from customers.selectors import life as selectors
from customers.services import mergers
from customers.services.life import LifeRefusedError
from grids.access import PostKind


@allow(PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)
@require_http_methods(["GET", "POST"])
def merger_list(request: StaffRequest) -> HttpResponse:
    """Mergers of one's villages; for the administrator also a new one: preview first, then propose."""
    is_administrator = request.post.kind == PostKind.ADMINISTRATOR
    form = MergerForm(request.POST or None, grids=selectors.active_grids(request.post)) if is_administrator else None
    preview: dict[str, Any] | None = None
    if form is not None and form.is_bound and form.is_valid():
        source, target = form.grids()
        preview = selectors.merger_preview(source.pk, target.pk) | {"source": source, "target": target}
        if request.POST.get("step") == "send":
            propose = partial(
                mergers.propose,
                staff=request.user,
                post_id=request.post.pk,
                from_grid=source,
                to_grid=target,
                on=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
            )
            _tell(request, _("已提出并村，等双方支行行长确认。"), propose)
            return redirect("customers:merger_list")
    elif request.method == "POST" and not is_administrator:
        return redirect("customers:merger_list")
    page = selectors.mergers_page(request.post, request.GET.get("page"))
    context = {
        "where": [{"label": _("并村")}],
        "form": form,
        "preview": preview,
        "page": page,
        "rows": [_row(request, one) for one in page.object_list],
    }
    return render(request, "customers/mergers.html", context, status=422 if form is not None and form.errors else 200)


def _row(request: StaffRequest, merger: Any) -> dict[str, Any]:
    is_waiting = merger.state == "proposed"
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    own = merger.proposed_by_id == request.user.pk
    return {
        "row": merger,
        "tone": {"proposed": "wait", "done": "good"}.get(merger.state, "neutral"),
        "may_confirm": is_waiting
        and is_manager
        and not own
        and request.user.pk not in (merger.giving_by_id, merger.receiving_by_id),
        "may_withdraw": is_waiting and own,
    }


def _tell(request: StaffRequest, done: str, work: Callable[[], object]) -> None:
    try:
        work()
    except LifeRefusedError as refused:
        messages.error(request, life_words.sentence(refused.code, language()))
    else:
        messages.success(request, done)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a merger for the villages this manager answers for."""
    merger = access.open_grid_merger(request.post, pk)
    work = partial(mergers.confirm, staff=request.user, post_id=request.post.pk, merger=merger)
    _tell(request, _("已确认并村；双方都确认后全部农户一次迁入。"), work)
    return redirect("customers:merger_list")


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a merger, with an answer."""
    merger = access.open_grid_merger(request.post, pk)
    answer = request.POST.get("reason", "")
    work = partial(mergers.refuse, staff=request.user, post_id=request.post.pk, merger=merger, answer=answer)
    _tell(request, _("已答复：不同意并村。"), work)
    return redirect("customers:merger_list")


@allow(PostKind.ADMINISTRATOR)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back one's own proposal."""
    merger = access.open_grid_merger(request.post, pk)
    _tell(request, _("已撤回。"), partial(mergers.withdraw, staff=request.user, post_id=request.post.pk, merger=merger))
    return redirect("customers:merger_list")
