"""Sign in, sign out, choose the post to work under, choose the language, go to the post's first page."""

from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from config.lib import audit, clock
from config.lib.access import public, signed_in
from config.lib.requests import StaffRequest
from config.navigation import home_of
from grids import devices
from grids.access import posts_of
from grids.services import staff as staff_services


@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for employee number and password; keeps where the person wanted to go."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    form = AuthenticationForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = form.get_user()
        login(request, person)
        request.session["started_at"] = request.session["seen_at"] = clock.now().isoformat()
        devices.begin_session(request, person)
        audit.record(staff=person, verb="sign_in")
        response = HttpResponseRedirect(wanted if _is_ours(request, wanted) else "/")
        _set_language(response, person.language)
        return response
    status = 429 if getattr(request, "axes_locked_out", False) else 200
    context = {"form": form, "next": wanted, "demo_logins": staff_services.demo_logins()}
    return render(request, "429.html" if status == 429 else "sign_in.html", context, status=status)


def _is_ours(request: HttpRequest, url: str) -> bool:
    return bool(url) and url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())


def _set_language(response: HttpResponse, language: str) -> None:
    response.set_cookie("gedang_language", language, max_age=365 * 86400, samesite="Lax", httponly=True)


@signed_in
@require_POST
def sign_out(request: StaffRequest) -> HttpResponse:
    """End the session."""
    audit.record(staff=request.user, verb="sign_out")
    logout(request)
    return redirect("sign_in")


@signed_in
@require_POST
def switch_post(request: StaffRequest) -> HttpResponse:
    """Work under another of one's posts."""
    chosen = next((post for post in posts_of(request.user) if str(post.pk) == request.POST.get("post")), None)
    if chosen is None:
        raise Http404
    request.session["post_id"] = chosen.pk
    audit.record(staff=request.user, verb="switch_post", about="post", about_id=chosen.pk)
    return redirect(home_of(chosen))


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Show everything in the chosen language, and remember it for the person."""
    language = request.POST.get("language", "")
    wanted = request.POST.get("next", "/")
    response = HttpResponseRedirect(wanted if _is_ours(request, wanted) else "/")
    if translation.check_for_language(language):
        _set_language(response, language)
        if request.user.is_authenticated:
            staff_services.set_language(staff=request.user, language=language)
    return response


@signed_in
def home(request: StaffRequest) -> HttpResponse:
    """Go to the first page of the acting post."""
    return redirect(home_of(request.post))
