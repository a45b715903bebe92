"""What waits among the parameters: drafts to release, and one's own that came back."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from config.lib.inbox import Asked, Heap, Queue, at, register
from config.lib.models import ParameterDraft

_POSTS = frozenset({"parameter_manager"})
_State = ParameterDraft.State


def _to_release(asked: Asked) -> Iterator[Heap]:
    drafts = ParameterDraft.objects.filter(institution_id=asked.post.staff.institution_id, state=_State.SUBMITTED)
    found = drafts.exclude(drafted_by=asked.me).aggregate(
        count=Count("pk"),
        since=Min("submitted_at"),
        due=Min("effective_on"),
        overdue=Count("pk", filter=Q(effective_on__lt=asked.today)),
    )
    yield Heap(**found)


def _returned(asked: Asked) -> Iterator[Heap]:
    drafts = ParameterDraft.objects.filter(drafted_by=asked.me, state=_State.RETURNED)
    yield Heap(**drafts.aggregate(count=Count("pk"), since=Min("settled_at")), whose=asked.me)


register(
    Queue(
        code="lib.to_release",
        label=_("待发布的参数"),
        icon="release",
        posts=_POSTS,
        look=_to_release,
        page=at("lib:releases"),
    )
)
register(
    Queue(
        code="lib.returned",
        label=_("退回给我的参数草稿"),
        icon="returned",
        posts=_POSTS,
        look=_returned,
        page=at("lib:releases"),
    )
)
