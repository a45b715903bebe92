"""Error pages: each says what happened and what to do, with the request's id. None of them needs the database."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_SECONDS = "30"


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Render the page of a status, or a JSON object for the API.

    Rendered without the frame of a person: the error may be that sessions or database are away.
    """
    identity = getattr(request, "request_id", "")
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse({"status": status, "request_id": identity}, status=status)
    else:
        content = render_to_string(f"{status}.html", {"request": {"request_id": identity}})
        response = HttpResponse(content, status=status)
    response["Cache-Control"] = "no-store"
    if status == 503:
        response["Retry-After"] = RETRY_SECONDS
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the form itself was larger than allowed."""
    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, also to an outsider for what he may not know of."""
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long: the page keeps what was typed and asks to send again."""
    return page(request, 403)
