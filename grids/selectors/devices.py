"""The register of devices as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from config.lib import clock
from grids import access
from grids.access import Post
from grids.models import ApiToken, Device, DeviceIssue, Staff

ON_PAGE = 50
State = DeviceIssue.State
TONES = {"issued": "wait", "commissioned": "good", "returned": "neutral", "lost": "orange", "revoked": "neutral"}
STATES, KINDS = State.choices, Device.Kind.choices
FREE, RETIRED = "free", "retired"


@dataclass(frozen=True)
class Line:
    """A device and in whose hands it is (None: in nobody's)."""

    device: Device
    issue: DeviceIssue | None

    @property
    def tone(self) -> str:
        """The tone of its state."""
        return TONES[self.issue.state] if self.issue is not None else "neutral"


def _newest() -> Subquery:
    return Subquery(DeviceIssue.objects.filter(device=OuterRef("pk")).order_by("-pk").values("pk")[:1])


def listed(post: Post, filters: Mapping[str, str]) -> QuerySet[Any]:
    """Return the devices a post may see by a filter: all for the administrator, those in hands of his people for a manager."""
    rows = access.devices_for(post).annotate(newest=_newest())
    if text := filters.get("q", "").strip():
        held = DeviceIssue.objects.filter(pk=OuterRef("newest"), staff__name__contains=text).values("pk")
        rows = rows.annotate(named=Subquery(held)).filter(
            Q(asset_number__startswith=text.upper()) | Q(serial_tail=text.upper()) | Q(named__isnull=False)
        )
    if filters.get("kind") in Device.Kind.values:
        rows = rows.filter(kind=filters["kind"])
    state = filters.get("state", "")
    if state in State.values:
        rows = rows.filter(newest__in=DeviceIssue.objects.filter(state=state).values("pk"), retired_on__isnull=True)
    elif state == FREE:
        idle = DeviceIssue.objects.filter(state__in=(State.RETURNED, State.REVOKED)).values("pk")
        rows = rows.filter(Q(newest__isnull=True) | Q(newest__in=idle), retired_on__isnull=True)
    elif state == RETIRED:
        rows = rows.filter(retired_on__isnull=False)
    return rows.order_by("asset_number", "pk")


def page_of(post: Post, filters: Mapping[str, str], number: str | None) -> tuple[Page[Any], list[Line]]:
    """Return one page of the register; two queries for its lines, whatever their number."""
    page = Paginator(listed(post, filters), ON_PAGE).get_page(number)
    devices: list[Any] = list(page.object_list)
    issues = DeviceIssue.objects.select_related("staff__home_branch").in_bulk(
        [device.newest for device in devices if device.newest]
    )
    lines = []
    for device in devices:
        issue = issues.get(device.newest)
        lines.append(Line(device, issue if issue is not None and issue.state not in ("returned", "revoked") else None))
    return page, lines


def figures(post: Post) -> dict[str, int]:
    """Return how many devices are commissioned, wait to be, and are lost without being closed."""
    rows = DeviceIssue.objects.filter(device__in=access.devices_for(post).values("pk"))
    return rows.aggregate(
        commissioned=Count("pk", filter=Q(state=State.COMMISSIONED)),
        waiting=Count("pk", filter=Q(state=State.ISSUED)),
        lost=Count("pk", filter=Q(state=State.LOST)),
    )


def history_of(device: Device) -> list[DeviceIssue]:
    """Return in whose hands a device was, the newest first."""
    people = ("staff__home_branch", "issued_by", "ended_by", "closed_by")
    return list(device.issues.select_related(*people).order_by("-pk"))


def held_by(staff: Staff) -> list[DeviceIssue]:
    """Return the devices in a person's hands, and those he lost that are not closed."""
    rows = DeviceIssue.objects.filter(staff=staff, state__in=(*DeviceIssue.LIVE, State.LOST)).select_related("device")
    return list(rows.order_by("pk"))


def tokens_on(issue: DeviceIssue) -> int:
    """Return how many programs use a token made on a device."""
    return ApiToken.objects.filter(device=issue, revoked_at__isnull=True, expires_at__gt=clock.now()).count()
