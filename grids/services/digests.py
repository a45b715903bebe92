"""Send the digests: claim, hand over, settle; each in a transaction of its own, so that no mail waits inside one."""

import logging
import smtplib
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import audit, clock
from config.lib.acting import job_frame
from grids.models import Digest, Staff
from grids.selectors import digests as selectors
from grids.selectors.digests import Line
from grids.selectors.institutions import institution_ids
from grids.services import Refused

log = logging.getLogger("gedang.digests")
Kind, State = Digest.Kind, Digest.State
MOST_IN_A_ROW = 3
"""After so many failures in a row the mail server is taken to be away; the next run tries again."""


@transaction.atomic
def choose(*, staff: Staff, notices: str) -> None:
    """Set which mails a person wants; without a work address there is nothing to choose."""
    if notices != Staff.Notices.NONE and not staff.email:
        raise Refused(_("还没有登记您的工作邮箱，请管理员在人员资料里登记"))
    staff.notices = notices
    staff.save(update_fields=["notices"])
    audit.record(staff=staff, verb="notices_chosen", about="staff", about_id=staff.pk, detail={"notices": notices})


def send_due() -> dict[str, int]:
    """Send what is due now and return how many were sent, had nothing to say, and failed. One mail server connection for all."""
    figures = {"sent": 0, "nothing": 0, "failed": 0}
    if not selectors.is_on():
        return figures
    now = clock.now()
    on = clock.today()
    server = _server()
    failed_in_a_row = 0
    try:
        for institution_id, kind in _kinds_due(now):
            with job_frame(None, "digests"):
                people = selectors.due(institution_id, kind, on, now)
            for staff_id in people:
                outcome = send(staff_id=staff_id, on=on, kind=kind, server=server)
                if outcome:
                    figures[outcome] += 1
                failed_in_a_row = failed_in_a_row + 1 if outcome == State.FAILED else 0
                if failed_in_a_row == MOST_IN_A_ROW:
                    return figures
    finally:
        _close(server)
    return figures


def _kinds_due(now: datetime) -> list[tuple[int, str]]:
    with job_frame(None, "digests"):
        return [(pk, kind) for pk in institution_ids() for kind in selectors.kinds_due(now, pk)]


def send(*, staff_id: int, on: date, kind: str, server: Any) -> str:
    """Send one digest; returns its state, or "" where another process has it or nothing is to be told."""
    with job_frame(None, "digests"):
        claimed = _claim(staff_id, on, kind)
    if claimed is None:
        return ""
    digest, staff, lines = claimed
    if not lines:
        return str(digest.state)
    try:
        message = _message(staff, kind, on, lines)
        message.connection = server
        server.open()
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        _close(server)
        # The kind of error and the server's code: its text may quote the address.
        code = getattr(error, "smtp_code", "")
        return _settle(digest, State.FAILED, f"{type(error).__name__} {code}".strip())
    return _settle(digest, State.SENT)


def _claim(staff_id: int, on: date, kind: str) -> tuple[Digest, Staff, list[Line]] | None:
    """Count what waits and take the mail of a day into hand, committed before anything is sent."""
    now = clock.now()
    staff = Staff.objects.select_related("institution").get(pk=staff_id)
    held = Digest.objects.select_for_update(skip_locked=True).filter(staff=staff, on=on, kind=kind).first()
    fields: dict[str, Any] = {"state": State.SENDING, "claimed_at": now, "settled_at": None, "tries": 1}
    if held is not None:
        if held.state == State.SENDING:
            if held.claimed_at > now - selectors.STALE:
                return None
            if held.unknown:
                _write(
                    held, state=State.FAILED, tries=selectors.MOST_TRIES, settled_at=now, last_error="unknown outcome"
                )
                return None
            fields["unknown"] = 1
        elif held.state != State.FAILED or held.tries >= selectors.MOST_TRIES:
            return None
        fields["tries"] = held.tries + 1
    lines = selectors.waiting_for(staff)
    count, overdue = sum(line.count for line in lines), sum(line.overdue for line in lines)
    if kind == Kind.URGENT:
        if overdue <= selectors.told_overdue(staff, on):
            return None
        lines = [line for line in lines if line.overdue]
    if not lines:
        fields |= {"state": State.NOTHING, "settled_at": now}
    fields |= {"count": count, "overdue": overdue}
    if held is None:
        digest, is_mine = Digest.objects.get_or_create(staff=staff, on=on, kind=kind, defaults=fields)
        return (digest, staff, lines) if is_mine else None
    return _write(held, **fields), staff, lines


def _write(digest: Digest, **fields: Any) -> Digest:
    for name, value in fields.items():
        setattr(digest, name, value)
    digest.save(update_fields=list(fields))
    return digest


def _settle(digest: Digest, state: str, error: str = "") -> str:
    with job_frame(None, "digests"):
        _write(digest, state=state, settled_at=clock.now(), last_error=error[:120])
    if error:
        log.warning("digest not sent: %s", error)
    return state


def _message(staff: Staff, kind: str, on: date, lines: list[Line]) -> EmailMultiAlternatives:
    """Write the mail in the person's language: counts and links, nobody's name, no amount."""
    with translation.override(staff.language):
        count, overdue = sum(line.count for line in lines), sum(line.overdue for line in lines)
        subject = _subject(kind, count, overdue) % {"count": count, "overdue": overdue}
        context = {"lines": lines, "address": settings.PUBLIC_URL, "kind": kind, "on": on, "subject": subject}
        mail = EmailMultiAlternatives(
            subject,
            render_to_string("mail/digest.txt", context),
            settings.MAIL_FROM,
            [staff.email],
            # The same mail keeps its number when it is tried again: many mailboxes show it once.
            headers={
                "Message-ID": f"<digest-{staff.pk}-{on:%Y%m%d}-{kind}@{_domain()}>",
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(render_to_string("mail/digest.html", context), "text/html")
    return mail


def _subject(kind: str, count: int, overdue: int) -> str:
    if kind == Kind.URGENT:
        return ngettext("格档待办：%(overdue)s 件逾期", "格档待办：%(overdue)s 件逾期", overdue)
    if overdue:
        words = "格档待办：%(count)s 件，其中 %(overdue)s 件逾期"
        return ngettext("格档待办：%(count)s 件，其中 %(overdue)s 件逾期", words, count)
    return ngettext("格档待办：%(count)s 件", "格档待办：%(count)s 件", count)


def _domain() -> str:
    return str(settings.MAIL_FROM).rpartition("@")[2].strip("> ") or "gedang"


def _server() -> Any:
    """Return the connection to the mail server; it opens with the first mail and stays open for the others."""
    given = settings.MAIL_SERVER
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=given.host,
        port=given.port,
        username=given.user,
        password=given.password,
        use_tls=given.tls == "starttls",
        use_ssl=given.tls == "ssl",
        timeout=settings.EMAIL_TIMEOUT,
    )


def _close(server: Any) -> None:
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        log.warning("mail server left without a word")
