"""What waits among staff and territory."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from config.lib.inbox import Asked, Heap, Queue, at, register
from grids import access
from grids.models import PostKind, StaffImport, Transfer

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
