"""Requests: their id, the client's address, and logs that hold no personal data."""

import json
import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse

from config.lib import errors

if TYPE_CHECKING:
    from grids.models import Post, Staff

#: What a form may hold besides one file of the largest size.
FORM_MB = 8

request_id: ContextVar[str] = ContextVar("request_id", default="")
log = logging.getLogger("gedang.request")


class StaffRequest(HttpRequest):
    """A request whose person and post are known; what every protected view receives."""

    user: "Staff"  # type: ignore[assignment]
    post: "Post"
    request_id: str
    htmx: Any


class RequestMiddleware:
    """Give each request an id, answer with it, and log one line: method, route, status, time, staff id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex[:16]  # type: ignore[attr-defined]
        token = request_id.set(request.request_id)  # type: ignore[attr-defined]
        started = time.perf_counter()
        if request.path.startswith(settings.NEVER_SPOOLED):
            # Without the handler that spools, a file too large for memory is dropped.
            request.upload_handlers = [MemoryFileUploadHandler(request)]
        try:
            response = errors.page(request, 413) if too_large(request) else self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        if not request.path.startswith("/static/") and request.path != "/healthz":
            match = request.resolver_match
            log.info(
                "request",
                extra={
                    "request": request.request_id,  # type: ignore[attr-defined]
                    "method": request.method,
                    "route": match.route if match else "",
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - started) * 1000, 1),
                    "staff": getattr(getattr(request, "user", None), "pk", None),
                },
            )
        return response


def too_large(request: HttpRequest) -> bool:
    """Whether a request says that it is larger than any upload may be; it is then read and thrown away, up to a limit, since
    a browser that is still sending does not look at the answer."""
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return False
    limit = (settings.LARGE_UPLOADS.get(request.path, settings.UPLOAD_LIMIT_MB) + FORM_MB) * 2**20
    if size <= limit:
        return False
    left = min(size, limit * 4)
    while left > 0 and (part := request.read(min(left, 2**20))):
        left -= len(part)
    return True


def client_address(request: HttpRequest) -> str:
    """Return the client's address, believing X-Forwarded-For only as far as our own proxies wrote it."""
    hops = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        return hops[-settings.TRUSTED_PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


# Long digit runs may be ID or phone numbers; no log needs them.
_NUMBERS = re.compile(r"\d{7,17}[\dXx]")
_EXTRA = ("request", "method", "route", "status", "ms", "staff", "job", "run")


class JsonFormatter(logging.Formatter):
    """One JSON object a line; long numbers in messages are replaced, database parameters never appear."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _NUMBERS.sub("[number]", record.getMessage()),
            "request": request_id.get(),
        }
        line.update(
            {name: record.__dict__[name] for name in _EXTRA if isinstance(record.__dict__.get(name), (str, int, float))}
        )
        if record.exc_info and record.exc_info[0]:
            # The text of an exception may quote a row ("Key (phone)=(...)"), so only its kind and place are kept.
            line["error"] = record.exc_info[0].__name__
            frame = record.exc_info[2]
            while frame and frame.tb_next:
                frame = frame.tb_next
            if frame:
                line["place"] = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return json.dumps(line, ensure_ascii=False, default=str)
