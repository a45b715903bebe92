"""The register of devices: registered, issued, commissioned by the holder, returned, lost at once, closed (record 0021)."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.crypto import blind_index
from grids.domain.devices import Mark, hashed, is_same, tidy_code
from grids.models import ApiToken, Device, DeviceIssue, Post, Staff
from grids.services import Refused
from grids.services.staff import one_time_password

State = DeviceIssue.State
CODE_DAYS = 7
SEEN_EVERY = timedelta(minutes=10)


def _record(by: Staff, post: Post | None, verb: str, issue: DeviceIssue, **detail: Any) -> None:
    audit.record(
        staff=by,
        post_id=post.pk if post else None,
        verb=verb,
        about="staff",
        about_id=issue.staff_id,
        detail={"device": issue.device_id, "issue": issue.pk, **detail},
    )


@transaction.atomic
def register(*, by: Staff, post: Post, asset_number: str, kind: str, model: str, serial: str, note: str = "") -> Device:
    """Enter a device of the bank; of its serial number the tail and a keyed hash are kept, to know it again."""
    serial = "".join(serial.split()).upper()
    try:
        with transaction.atomic():
            device = Device.objects.create(
                institution_id=by.institution_id,
                asset_number=asset_number.strip().upper(),
                kind=kind,
                model=model.strip(),
                serial_tail=serial[-4:],
                serial_index=blind_index("serial", by.institution_id, serial),
                note=note.strip(),
                registered_by=by,
                registered_at=clock.now(),
            )
    except IntegrityError as error:
        if "serial_number_once" in str(error):
            raise Refused(_("这个序列号已经登记过")) from error
        if "asset_number_once" in str(error):
            raise Refused(_("资产编号已经登记过")) from error
        raise
    audit.record(staff=by, post_id=post.pk, verb="device_registered", about="device", about_id=device.pk)
    return device


@transaction.atomic
def issue(*, device: Device, staff: Staff, by: Staff, post: Post) -> tuple[DeviceIssue, str]:
    """Give a device to a person; returns the code he enters on it once, shown here and stored nowhere."""
    if staff.pk == by.pk:
        raise Refused(_("给自己的设备由另一位管理员发放"))
    if device.retired_on is not None:
        raise Refused(_("这台设备已经停用"))
    if not staff.is_active or staff.kind != Staff.Kind.EMPLOYEE:
        raise Refused(_("只发给可登录的员工"))
    code = one_time_password()
    now = clock.now()
    try:
        with transaction.atomic():
            made = DeviceIssue.objects.create(
                institution_id=by.institution_id,
                device=device,
                staff=staff,
                issued_by=by,
                issued_at=now,
                code_sha256=hashed(tidy_code(code)),
                code_until=now + timedelta(days=CODE_DAYS),
            )
    except IntegrityError as error:
        if "device_in_one_hand" not in str(error):
            raise
        raise Refused(_("这台设备还在别人手里，先交回")) from error
    _record(by, post, "device_issued", made)
    return made, code


@transaction.atomic
def renew_code(*, issue: DeviceIssue, by: Staff, post: Post) -> str:
    """Give a new code for a device that was not commissioned in time; the old one ends."""
    held = _locked(issue)
    if held.state != State.ISSUED:
        raise Refused(_("这台设备已经启用或交回"))
    if held.staff_id == by.pk:
        raise Refused(_("给自己的设备由另一位管理员发放"))
    code = one_time_password()
    held.code_sha256, held.code_until = hashed(tidy_code(code)), clock.now() + timedelta(days=CODE_DAYS)
    held.save(update_fields=["code_sha256", "code_until"])
    _record(by, post, "device_code_renewed", held)
    return code


@transaction.atomic
def commission(*, staff: Staff, code: str) -> tuple[DeviceIssue, Mark]:
    """Make the device in hand a known one: the holder enters his code on it; returns what its cookie is to say."""
    waiting = DeviceIssue.objects.select_for_update(of=("self",)).filter(staff=staff, state=State.ISSUED)
    typed = tidy_code(code)
    held = next((one for one in waiting if is_same(typed, one.code_sha256)), None)
    if held is None:
        raise Refused(_("没有这个启用码；请核对，或请管理员重发"))
    now = clock.now()
    if held.code_until is None or held.code_until < now:
        raise Refused(_("启用码已过期，请管理员重发"))
    mark = Mark(held.pk, secrets.token_urlsafe(32))
    held.state, held.commissioned_at, held.seen_at = State.COMMISSIONED, now, now
    held.secret_sha256, held.code_sha256, held.code_until = hashed(mark.secret), "", None
    held.save(update_fields=["state", "commissioned_at", "seen_at", "secret_sha256", "code_sha256", "code_until"])
    _record(staff, None, "device_commissioned", held)
    return held, mark


def _locked(issue: DeviceIssue) -> DeviceIssue:
    return DeviceIssue.objects.select_for_update(of=("self",)).get(pk=issue.pk)


def _end(held: DeviceIssue, state: str, by: Staff, reason: str) -> int:
    """End an issue; the database revokes the tokens made on the device in the same statement. Returns how many."""
    tokens = ApiToken.objects.filter(device=held, revoked_at__isnull=True).count()
    held.state, held.ended_at, held.ended_by, held.reason = state, clock.now(), by, reason.strip()[:200]
    held.secret_sha256, held.code_sha256, held.code_until = "", "", None
    held.save(update_fields=["state", "ended_at", "ended_by", "reason", "secret_sha256", "code_sha256", "code_until"])
    return tokens


@transaction.atomic
def take_back(*, issue: DeviceIssue, by: Staff, post: Post, reason: str = "") -> None:
    """Note that a device came back; it signs in no more until it is issued and commissioned anew."""
    held = _locked(issue)
    if held.state not in DeviceIssue.LIVE:
        raise Refused(_("这台设备已经交回或报失"))
    tokens = _end(held, State.RETURNED, by, reason)
    _record(by, post, "device_returned", held, tokens=tokens)


@transaction.atomic
def report_lost(*, issue: DeviceIssue, by: Staff, post: Post | None, reason: str = "") -> None:
    """Report a device lost: from this moment its sessions end, its tokens are revoked and nobody signs in on it."""
    held = _locked(issue)
    if held.state not in DeviceIssue.LIVE:
        raise Refused(_("这台设备已经交回或报失"))
    tokens = _end(held, State.LOST, by, reason)
    _record(by, post, "device_lost", held, tokens=tokens)


@transaction.atomic
def close_loss(*, issue: DeviceIssue, by: Staff, post: Post) -> None:
    """Close a loss: card blocked, device written off or found; found, it is issued anew like any other."""
    held = _locked(issue)
    if held.state != State.LOST:
        raise Refused(_("没有待注销的报失"))
    held.state, held.closed_at, held.closed_by = State.REVOKED, clock.now(), by
    held.save(update_fields=["state", "closed_at", "closed_by"])
    _record(by, post, "device_revoked", held)


@transaction.atomic
def retire(*, device: Device, by: Staff, post: Post) -> None:
    """Take a device out of use for good."""
    held = Device.objects.select_for_update().get(pk=device.pk)
    if held.retired_on is not None:
        raise Refused(_("这台设备已经停用"))
    if held.issues.filter(state__in=(*DeviceIssue.LIVE, State.LOST)).exists():
        raise Refused(_("先交回或注销，再停用"))
    held.retired_on = clock.today()
    held.save(update_fields=["retired_on"])
    audit.record(staff=by, post_id=post.pk, verb="device_retired", about="device", about_id=held.pk)


def note_seen(issue: DeviceIssue) -> None:
    """Note that a device was used, at most every ten minutes."""
    now = clock.now()
    if issue.seen_at is None or now - issue.seen_at > SEEN_EVERY:
        DeviceIssue.objects.filter(pk=issue.pk, state=State.COMMISSIONED).update(seen_at=now)
