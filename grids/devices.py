"""The device a request comes from: read from its cookie at sign-in, looked up at every request of the session afterwards.

A session that began on a known device lives as long as the device is in its holder's hands: a loss ends it with the next
request. Whether a post must come from a known device is the released parameter ``device_rule``; without it, nobody must.
"""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from config.lib import clock, releases
from grids.access import posts_of
from grids.domain.devices import COOKIE, Mark, is_same
from grids.models import DeviceIssue, Staff
from grids.services import devices

RULE = "device_rule"
SALT = "gedang.device"
YEARS = 2 * 366 * 86400
ON_DEVICE, MUST = "device", "device_missing"


def set_cookie(response: HttpResponse, mark: Mark) -> None:
    """Leave the mark of a known device in the browser."""
    response.set_cookie(
        COOKIE,
        signing.dumps(mark.text, salt=SALT),
        max_age=YEARS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def issue_of(request: HttpRequest, staff: Staff) -> DeviceIssue | None:
    """Return the device the request comes from when it is in this person's hands and commissioned."""
    try:
        mark = Mark.read(str(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)))
    except signing.BadSignature:
        return None
    if mark is None:
        return None
    found = DeviceIssue.objects.filter(pk=mark.issue, staff=staff, state=DeviceIssue.State.COMMISSIONED).first()
    return found if found is not None and is_same(mark.secret, found.secret_sha256) else None


def begin_session(request: HttpRequest, staff: Staff) -> None:
    """Note at sign-in on which known device the session runs, and whether one is missing that the rule asks for."""
    found = issue_of(request, staff)
    if found is not None:
        bind(request, found)
    elif must_be_known(staff):
        request.session[MUST] = True


def bind(request: HttpRequest, issue: DeviceIssue) -> None:
    """Tie a session to a device: it ends with the device."""
    request.session[ON_DEVICE] = issue.pk
    request.session.pop(MUST, None)
    devices.note_seen(issue)


def must_be_known(staff: Staff) -> bool:
    """Whether a post of this person signs in on commissioned devices alone."""
    try:
        document: dict[str, Any] = releases.in_force(staff.institution_id, RULE, clock.today()).document
    except releases.NotReleased:
        return False
    return posts_of(staff).filter(kind__in=document.get("posts", ())).exists()


def is_gone(request: HttpRequest) -> bool:
    """Whether the session runs on a device that is no longer in its holder's hands."""
    pk = request.session.get(ON_DEVICE)
    if pk is None:
        return False
    found = DeviceIssue.objects.filter(
        pk=pk, staff_id=request.user.pk or 0, state=DeviceIssue.State.COMMISSIONED
    ).first()
    if found is None:
        return True
    devices.note_seen(found)
    return False


def present_issue(request: HttpRequest) -> DeviceIssue | None:
    """Return the known device this session runs on."""
    pk = request.session.get(ON_DEVICE)
    return DeviceIssue.objects.filter(pk=pk).first() if pk is not None else None
