"""Record what a person did, in the transaction of the deed."""

from collections.abc import Iterable
from typing import Any

from config.lib.acting import standing_in
from config.lib.models import AuditEvent
from config.lib.requests import request_id


def record(
    *,
    staff: Any,
    verb: str,
    about: str = "",
    about_id: object = "",
    detail: dict[str, Any] | None = None,
    post_id: int | None = None,
) -> AuditEvent:
    """Write one audit event; ``detail`` holds references and figures, never names, ID numbers or phones.

    Who acts while he stands in for others is named with them (``standing_in_for``).
    """
    away = standing_in.get()
    return AuditEvent.objects.create(
        institution_id=getattr(staff, "institution_id", None),
        staff_id=getattr(staff, "pk", None),
        post_id=post_id,
        request=request_id.get(),
        verb=verb,
        about=about,
        about_id=str(about_id),
        detail={**(detail or {}), **({"standing_in_for": list(away)} if away else {})},
    )


def record_each(
    *, staff: Any, verb: str, about: str, details: Iterable[tuple[Any, dict[str, Any]]], post_id: int | None = None
) -> None:
    """Write one audit event about each of many rows, in one statement; ``details`` pair the row's id with its detail."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            institution_id=getattr(staff, "institution_id", None),
            staff_id=getattr(staff, "pk", None),
            post_id=post_id,
            request=request_id.get(),
            verb=verb,
            about=about,
            about_id=str(about_id),
            detail=detail,
        )
        for about_id, detail in details
    )
