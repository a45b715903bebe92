"""Find the acting staff and post of each request and tell the database (see ``config.lib.acting``)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from config.lib import clock
from config.lib.acting import TransactionMiddleware
from grids.access import act_as, post_of


class ActingMiddleware:
    """End sessions that are too old or idle, then act as the signed-in person under the chosen post."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.post = None  # type: ignore[attr-defined]
        if request.path.startswith(TransactionMiddleware.exempt):
            return self.get_response(request)
        if request.user.is_authenticated:
            if session_over(request):
                logout(request)
            else:
                request.post = post_of(request)  # type: ignore[attr-defined]
                act_as(request.user, request.post, request.request_id)  # type: ignore[attr-defined]
        return self.get_response(request)


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
