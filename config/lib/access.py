"""The declared permission of every view: what is not declared is refused, and an outsider cannot tell it from absent.

A view says ``@allow(PostKind.OFFICER, ...)``; an API view class sets ``posts = frozenset({...})``. ``@public`` is for the
few pages before sign-in. Which rows a person may see is the business of each app's ``access.py`` and of row security.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from rest_framework.permissions import BasePermission

View = TypeVar("View", bound=Callable[..., Any])
log = logging.getLogger("gedang.access")


def allow(*posts: str) -> Callable[[View], View]:
    """Declare the posts that may call a view."""

    def declare(view: View) -> View:
        view.posts = frozenset(str(post) for post in posts)  # type: ignore[attr-defined]
        return view

    return declare


def public(view: View) -> View:
    """Declare that a view needs no sign-in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Declare that any signed-in person may call a view, whatever the post."""
    view.is_for_all_posts = True  # type: ignore[attr-defined]
    return view


MEETING = "meeting"
"""Key of a session that began with a one-time code in a meeting; its value is the one sheet it is for."""


def in_meetings(view: View) -> View:
    """Declare that a view may also be called in a meeting's session; every other one sends such a session back to its sheet."""
    view.is_for_meetings = True  # type: ignore[attr-defined]
    return view


def outside_meeting(request: HttpRequest, view: Any, arguments: dict[str, Any]) -> bool:
    """Whether a meeting's session asks for something else than its own sheet."""
    sheet = request.session.get(MEETING)
    if not sheet:
        return False
    return not getattr(view, "is_for_meetings", False) or str(arguments.get("uuid", sheet)) != sheet


def declaration(view: Any) -> tuple[bool, bool, frozenset[str] | None]:
    """Return (public, for every post, allowed posts) of a view; posts None means nothing was declared."""
    target = getattr(view, "cls", None) or view
    posts = getattr(target, "posts", None)
    return getattr(target, "is_public", False), getattr(target, "is_for_all_posts", False), posts


class AccessMiddleware:
    """Refuse every view whose declaration does not admit the acting post."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        is_public, for_all, posts = declaration(view)
        if is_public:
            return None
        if outside_meeting(request, view, kwargs):
            return redirect("credit:meeting")
        if posts is None and not for_all:
            log.error("view without declared permission refused", extra={"route": request.resolver_match.route})  # type: ignore[union-attr]
            raise Http404
        if hasattr(view, "cls"):
            return None  # the API knows its person only after authentication: DeclaredPermission decides
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        if not for_all and (request.post is None or request.post.kind not in posts):  # type: ignore[attr-defined, operator]
            raise Http404
        return None


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # The page keeps its form and offers the sign-in (app.js), instead of a sign-in page swapped into a fragment.
        return HttpResponse(status=401, headers={"HX-Reswap": "none"})
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"status": 401}, status=401)
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


class DeclaredPermission(BasePermission):
    """The API's side of the same declaration; an outsider gets 404."""

    def has_permission(self, request: Any, view: Any) -> bool:
        is_public, for_all, posts = declaration(type(view))
        if is_public:
            return True
        if not request.user or not request.user.is_authenticated:
            return False
        post = getattr(request, "post", None) or getattr(request._request, "post", None)
        if for_all or (posts is not None and post is not None and post.kind in posts):
            return True
        raise Http404
