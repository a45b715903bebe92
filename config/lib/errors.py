"""Error pages: each says what happened and what to do, with the request's id."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Render the page of a status, or a JSON object for the API."""
    if request.path.startswith("/api/"):
        identity = getattr(request, "request_id", "")
        return JsonResponse({"status": status, "request_id": identity}, status=status)
    return render(request, f"{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    from django.core.exceptions import RequestDataTooBig

    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long: the page keeps what was typed and asks to send again."""
    return page(request, 403)
