"""Find the acting staff and post of each request and tell the database (see ``config.lib.acting``)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from config.lib import clock
from config.lib.access import MEETING
from config.lib.acting import TransactionMiddleware
from grids import devices
from grids.access import act_as, post_of, principals_of

WITH_ONE_TIME_PASSWORD = frozenset({"grids:password", "sign_out", "set_language", "healthz"})

WITHOUT_A_DEVICE = WITH_ONE_TIME_PASSWORD | {"grids:commission"}


class ActingMiddleware:
    """End sessions that are too old or idle, then act as the signed-in person under the chosen post."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.post = None  # type: ignore[attr-defined]
        request.principals = []  # type: ignore[attr-defined]
        if request.path.startswith(TransactionMiddleware.exempt):
            return self.get_response(request)
        if request.user.is_authenticated:
            if session_over(request) or devices.is_gone(request):
                logout(request)
            else:
                request.post = post_of(request)  # type: ignore[attr-defined]
                if act_as(request.user, request.post, request.request_id):  # type: ignore[attr-defined]
                    request.principals = principals_of(request.user)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Lead who signed in with a one-time password to the choice of his own, and whose post needs a known device to its
        commissioning, whatever page he asks for."""
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        if request.session.get(MEETING):
            return None  # let in by a code for one sheet; AccessMiddleware keeps the session to it
        if request.user.must_change_password and match.view_name not in WITH_ONE_TIME_PASSWORD:
            address = reverse("grids:password")
        elif request.session.get(devices.MUST) and match.view_name not in WITHOUT_A_DEVICE:
            address = reverse("grids:commission")
        else:
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return redirect(address)


def session_over(request: HttpRequest) -> bool:
    """Tell whether the session is idle or too old; otherwise note the visit, at most once a minute."""
    now = clock.now()
    started = request.session.get("started_at")
    seen = request.session.get("seen_at")
    if not started or not seen:
        request.session["started_at"] = request.session["seen_at"] = now.isoformat()
        return False
    if now - datetime.fromisoformat(started) > timedelta(hours=settings.SESSION_HOURS):
        return True
    if now - datetime.fromisoformat(seen) > timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return True
    if now - datetime.fromisoformat(seen) > timedelta(minutes=1):
        request.session["seen_at"] = now.isoformat()
    return False
