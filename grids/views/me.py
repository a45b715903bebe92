"""What a person does for himself: see his posts, change his password, make and revoke tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import signed_in
from config.lib.requests import StaffRequest
from grids import devices as known
from grids.access import open_token
from grids.forms import NoticesForm, TokenForm
from grids.selectors import devices, digests, people, trainings
from grids.services import Refused
from grids.services import digests as notices_services
from grids.services import staff as services


def _page(request: StaffRequest, form: TokenForm | None = None, made: str = "", status: int = 200) -> HttpResponse:
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("我的")}],
        "held": people.posts_with_state(request.user),
        "seats": people.present_seats(request.user),
        "tokens": people.tokens_of(request.user),
        "form": form or TokenForm(staff=request.user, prefix="token"),
        "made": made,
        "now": clock.now(),
        "notices": NoticesForm(initial={"notices": request.user.notices}),
        "mails": digests.is_on(),
        "devices": devices.held_by(request.user),
        "trainings": trainings.records_of(request.user),
        "training_hours": trainings.hours_of(request.user),
        "on_device": request.session.get(known.ON_DEVICE),
    }
    return render(request, "grids/me.html", context, status=status)


@signed_in
@require_GET
@never_cache
def me(request: StaffRequest) -> HttpResponse:
    """One's own posts, grids, language, password and tokens."""
    return _page(request)


@signed_in
@require_POST
def choose_notices(request: StaffRequest) -> HttpResponse:
    """Choose which mails about waiting tasks one gets."""
    form = NoticesForm(request.POST)
    if form.is_valid():
        try:
            notices_services.choose(staff=request.user, notices=form.cleaned_data["notices"])
            messages.success(request, _("已保存"))
        except Refused as refusal:
            messages.error(request, str(refusal))
    return redirect("grids:me")


@signed_in
@never_cache
@sensitive_post_parameters()
def password(request: StaffRequest) -> HttpResponse:
    """Choose a new password; after a one-time password every other page leads here first."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_password(staff=request.user, new=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("密码已修改，其他设备上的登录已退出"))
        return redirect("home")
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("修改密码")}],
        "form": form,
        "is_first": request.user.must_change_password,
    }
    return render(request, "grids/password.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
@never_cache
def create_token(request: StaffRequest) -> HttpResponse:
    """Make a token; the answer shows its text, once."""
    form = TokenForm(request.POST, staff=request.user, prefix="token")
    if form.is_valid():
        try:
            _token, text = services.create_token(
                staff=request.user, device=known.present_issue(request), **form.cleaned_data
            )
            return _page(request, made=text)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _page(request, form, status=422)


@signed_in
@require_POST
def revoke_token(request: StaffRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens at once."""
    services.revoke_token(token=open_token(request.user, pk))
    messages.success(request, _("令牌已作废"))
    return redirect("grids:me")
