"""Phones and tablets of the officers: most in use, one still to be commissioned, one lost at the market, one in store."""

from datetime import datetime, timedelta

from grids.models import Device, DeviceIssue, Post, Staff
from grids.services import devices
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

BRANCHES = 3
MODELS = (("pad", "荣耀平板 9"), ("phone", "畅享 70"))
ISSUED = timedelta(days=40)


def write(people: Organisation, now: datetime) -> int:
    """Register and issue them; returns how many there are."""
    administrator = people.administrators[0]
    holders = [officer for branch in people.branches[:BRANCHES] for officer in people.officers[branch.pk]]
    made: list[tuple[DeviceIssue, str, Staff]] = []
    with clock_at(now - ISSUED), acting(administrator) as post:
        for place, officer in enumerate([*holders, None], start=1):
            device = _registered(administrator, post, place)
            if officer is not None:
                made.append((*devices.issue(device=device, staff=officer, by=administrator, post=post), officer))
    for place, (_issue, code, officer) in enumerate(made[:-1]):
        with clock_at(now - ISSUED + timedelta(days=1 + place % 4, hours=2)), acting(officer):
            devices.commission(staff=officer, code=code)
    lost, _code, officer = made[4 % len(made)]
    with clock_at(now - timedelta(days=2)), acting(officer) as post:
        devices.report_lost(issue=lost, by=officer, post=post, reason="在集市上丢失，已打电话挂失手机卡")
    with clock_at(now - timedelta(days=1)), acting(administrator) as post:
        # The last one never entered his code in time: he got a new one.
        devices.renew_code(issue=made[-1][0], by=administrator, post=post)
    used = DeviceIssue.objects.filter(state=DeviceIssue.State.COMMISSIONED).order_by("pk")
    for place, issue in enumerate(used):
        issue.seen_at = now - timedelta(hours=1 + 5 * place)
    DeviceIssue.objects.bulk_update(used, ["seen_at"])
    return Device.objects.count()


def _registered(administrator: Staff, post: Post, place: int) -> Device:
    kind, model = MODELS[place % len(MODELS)]
    return devices.register(
        by=administrator,
        post=post,
        asset_number=f"YD{kind[:2].upper()}{place:04d}",
        kind=kind,
        model=model,
        serial=f"R5CT{place:02d}{place * 7919 % 100000:05d}",
    )
