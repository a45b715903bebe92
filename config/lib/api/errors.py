"""Errors of the API in one form: status, words, the request's id, and for refused content every problem with its place."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from config.lib.requests import request_id


class ProblemSerializer(serializers.Serializer[Any]):
    """One problem: where ("document.assets.0.current"), its code, and in words what is wrong and what to do."""

    path = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """Why a request was refused. The request id leads to the log."""

    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    problems = ProblemSerializer(many=True, required=False, help_text="every problem of refused content")


class Refused(APIException):
    """Content that breaks rules (422), or meets a state that does not allow it (409); ``problems`` says all of it.

    ``keeps``: the refused content was taken back already, and what was written about the refusal stays."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        problems: list[dict[str, str]] | None = None,
        more: dict[str, int] | None = None,
        keeps: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.problems = problems
        self.more = more or {}
        self.keeps = keeps


def problems_of(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten what a serializer found into problems with their places."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            place = "" if name == "non_field_errors" else str(name)
            yield from problems_of(inner, ".".join(part for part in (path, place) if part))
    elif isinstance(detail, list) and any(isinstance(inner, dict) for inner in detail):
        for number, inner in enumerate(detail):
            yield from problems_of(inner, f"{path}.{number}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from problems_of(inner, path)
    else:
        yield {"path": path, "code": getattr(detail, "code", "") or "invalid", "text": str(detail)}


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer in the one form; what is not foreseen stays an error of the server, with its page and its log line."""
    if isinstance(error, RequestDataTooBig):
        error = Refused(413, _("内容过大"))
    response = exception_handler(error, context)
    if response is None:
        return None
    body: dict[str, Any] = {"status": response.status_code}
    if isinstance(error, ValidationError):
        body |= {"status": 422, "detail": _("内容有误"), "problems": list(problems_of(error.detail))}
    elif isinstance(error, Refused):
        body |= {"detail": str(error.detail), **error.more}
        if error.keeps:
            transaction.set_rollback(False)
        if error.problems is not None:
            body["problems"] = error.problems
    else:
        body["detail"] = str(response.data.get("detail", "")) if isinstance(response.data, dict) else ""
    body["request_id"] = request_id.get()
    response.data, response.status_code = body, body["status"]
    response["Cache-Control"] = "no-store"
    return response
