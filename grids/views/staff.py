"""People: the list, one person with his posts, new people, passwords shown once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_post_of_staff, open_staff
from grids.forms import DayForm, PostForm, StaffForm
from grids.selectors import people, territory
from grids.services import Refused
from grids.services import staff as services

ON_PAGE = 50


def _where(request: StaffRequest, *last: str) -> list[dict[str, str]]:
    first = {"label": request.user.institution.short_name}
    return [first, {"label": _("人员"), "url": reverse("grids:staff_list")}, *({"label": one} for one in last)]


@allow(PostKind.ADMINISTRATOR)
@require_GET
def staff_list(request: StaffRequest) -> HttpResponse:
    """Everybody of the institution with present posts and covered grids."""
    filters = [
        {"name": "q", "label": _("姓名、工号"), "kind": "search", "main": True},
        {
            "name": "branch",
            "label": _("机构"),
            "kind": "select",
            "options": territory.branch_options(request.post),
            "main": True,
        },
        {"name": "post", "label": _("岗位"), "kind": "select", "options": PostKind.choices},
        {"name": "idle", "label": _("没有岗位"), "kind": "check"},
        {"name": "new", "label": _("还没有密码"), "kind": "check"},
        {"name": "stopped", "label": _("已停用"), "kind": "check"},
    ]
    rows = people.list_staff(request.post, request.GET.dict())
    context = {
        "where": _where(request),
        "filters": filters,
        "page": Paginator(rows, ON_PAGE).get_page(request.GET.get("page")),
        "figures": people.figures(request.post),
    }
    return render(request, "grids/staff_list.html", context)


@allow(PostKind.ADMINISTRATOR)
@never_cache
def staff_new(request: StaffRequest) -> HttpResponse:
    """A new person; the answer shows his one-time password, once."""
    form = StaffForm(request.POST or None, post=request.post)
    if request.method == "POST" and form.is_valid():
        try:
            created, password = services.create_staff(by=request.user, post=request.post, **form.cleaned_data)
            return _password_page(request, created, password)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"where": _where(request, _("新人员")), "form": form}
    return render(request, "grids/staff_new.html", context, status=422 if form.errors else 200)


def _password_page(request: StaffRequest, staff: Any, password: str) -> HttpResponse:
    context = {"where": _where(request, staff.name), "person": staff, "password": password}
    return render(request, "grids/staff_password.html", context)


def _page(
    request: StaffRequest, found: Any, appoint_form: PostForm | None = None, staff_form: StaffForm | None = None
) -> HttpResponse:
    status = 422 if (appoint_form and appoint_form.errors) or (staff_form and staff_form.errors) else 200
    day = clock.today()
    context = {
        "where": _where(request, found.name),
        "person": found,
        "is_self": found.pk == request.user.pk,
        "held": people.posts_with_state(found),
        "seats": people.present_seats(found),
        "events": people.events_about(found),
        "form": appoint_form or PostForm(post=request.post, prefix="post"),
        "staff_form": staff_form
        or StaffForm(
            post=request.post,
            staff=found,
            initial={"name": found.name, "home_branch": found.home_branch_id, "email": found.email},
        ),
        "end_form": DayForm(initial={"on": day}),
    }
    return render(request, "grids/staff.html", context, status=status)


@allow(PostKind.ADMINISTRATOR)
@require_GET
def person(request: StaffRequest, pk: int) -> HttpResponse:
    """One person: posts with scope and days, seats, what was done to his access."""
    return _page(request, open_staff(request.post, pk))


@allow(PostKind.ADMINISTRATOR)
@require_POST
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct name and branch of a person."""
    found = open_staff(request.post, pk)
    form = StaffForm(request.POST, post=request.post, staff=found)
    if not form.is_valid():
        return _page(request, found, staff_form=form)
    try:
        services.change_staff(staff=found, by=request.user, post=request.post, **form.cleaned_data)
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return _page(request, found, staff_form=form)
    messages.success(request, _("已保存"))
    return redirect("grids:staff", pk)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def appoint(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a person a post."""
    found = open_staff(request.post, pk)
    form = PostForm(request.POST, post=request.post, prefix="post")
    if form.is_valid():
        try:
            given = services.appoint(staff=found, by=request.user, post=request.post, **form.cleaned_data)
            messages.success(request, _("已任命 %(post)s，自 %(day)s 起") % {"post": given.label, "day": given.from_on})
            return redirect("grids:staff", pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _page(request, found, appoint_form=form)


def _do(request: StaffRequest, step: Callable[[], None], done: str) -> None:
    try:
        step()
        messages.success(request, done)
    except Refused as refusal:
        messages.error(request, str(refusal))


@allow(PostKind.ADMINISTRATOR)
@require_POST
def end_post(request: StaffRequest, pk: int) -> HttpResponse:
    """End a post on a day."""
    held = open_post_of_staff(request.post, pk)
    form = DayForm(request.POST)
    day = form.cleaned_data["on"] if form.is_valid() else clock.today()
    _do(request, lambda: services.end_post(held=held, by=request.user, post=request.post, on=day), _("岗位已结束"))
    return redirect("grids:staff", held.staff_id)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    """Take away a person's sign-in."""
    found = open_staff(request.post, pk)
    _do(
        request, lambda: services.stop_staff(staff=found, by=request.user, post=request.post), _("已停用，立即不能登录")
    )
    return redirect("grids:staff", pk)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a person sign in again."""
    found = open_staff(request.post, pk)
    _do(request, lambda: services.resume_staff(staff=found, by=request.user, post=request.post), _("已恢复登录"))
    return redirect("grids:staff", pk)


@allow(PostKind.ADMINISTRATOR)
@require_POST
@never_cache
def reset_password(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a person a new one-time password, shown once."""
    found = open_staff(request.post, pk)
    try:
        return _password_page(request, found, services.reset_password(staff=found, by=request.user, post=request.post))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("grids:staff", pk)
