"""What waits among staff and territory."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from config.lib.inbox import Asked, Heap, Queue, at, register
from grids import access
from grids.models import DeviceIssue, PostKind, StaffImport, Transfer
from grids.selectors import trainings

_ADMINISTRATOR = frozenset({PostKind.ADMINISTRATOR})
_ANSWERING = frozenset({PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER})


def _transfers(asked: Asked) -> Iterator[Heap]:
    """Transfers somebody else proposed, whose side of the post nobody has confirmed yet."""
    rows = access.transfers_for(asked.post).filter(state=Transfer.State.PROPOSED)
    rows = rows.exclude(proposed_by=asked.me).exclude(staff=asked.me)
    if asked.post.kind == PostKind.BRANCH_MANAGER:
        path = asked.post.branch.path if asked.post.branch is not None else "-"
        gives = Q(giving_by__isnull=True, from_branch__path__startswith=path)
        takes = Q(receiving_by__isnull=True) & (
            Q(to_branch__path__startswith=path) | Q(to_branch__isnull=True, from_branch__path__startswith=path)
        )
        rows = rows.filter(gives | takes)
    found = rows.aggregate(
        count=Count("pk"),
        since=Min("proposed_at"),
        due=Min("on"),
        overdue=Count("pk", filter=Q(on__lt=asked.today)),
    )
    yield Heap(**found)


def _staff_files(asked: Asked) -> Iterator[Heap]:
    rows = StaffImport.objects.filter(
        institution_id=asked.post.staff.institution_id, state=StaffImport.State.WAITING
    ).exclude(uploaded_by=asked.me)
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("uploaded_at")))


def _attendance(asked: Asked) -> Iterator[Heap]:
    """Sessions that were held and of which the attendance of somebody of the post is unknown."""
    rows = access.trainings_for(asked.post).filter(trainings.to_record(asked.post)).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("on")))


def _device(asked: Asked) -> Iterator[Heap]:
    """A device of one's own that waits for its code."""
    rows = DeviceIssue.objects.filter(staff=asked.me, state=DeviceIssue.State.ISSUED)
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("issued_at")), whose=asked.me)


def _losses(asked: Asked) -> Iterator[Heap]:
    rows = DeviceIssue.objects.filter(institution_id=asked.post.staff.institution_id, state=DeviceIssue.State.LOST)
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("ended_at")))


register(
    Queue(
        code="grids.attendance",
        label=_("待登记出勤的培训"),
        icon="checklist",
        posts=_ANSWERING,
        look=_attendance,
        page=at("grids:training_list", "?open=1"),
    )
)
register(
    Queue(
        code="grids.device",
        label=_("待启用的设备"),
        icon="phone",
        posts=frozenset(set(PostKind.values) - {PostKind.ASSESSOR}),
        look=_device,
        page=at("grids:commission"),
    )
)
register(
    Queue(
        code="grids.losses",
        label=_("待注销的报失设备"),
        icon="phone",
        posts=_ADMINISTRATOR,
        look=_losses,
        page=at("grids:device_list", "?state=lost"),
    )
)
register(
    Queue(
        code="grids.transfers",
        label=_("待确认的调动"),
        icon="route",
        posts=_ANSWERING,
        look=_transfers,
        page=at("grids:transfers"),
    )
)
register(
    Queue(
        code="grids.staff_files",
        label=_("待确认的人员文件"),
        icon="upload",
        posts=_ADMINISTRATOR,
        look=_staff_files,
        page=at("grids:staff_files"),
    )
)
