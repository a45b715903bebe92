"""What waits for an auditor: plans he is named for, to draw, to inspect and to conclude."""

from collections.abc import Iterator

from django.db.models import Count, Exists, Min, OuterRef
from django.utils.translation import gettext_lazy as _

from config.lib.inbox import Asked, Heap, Queue, at, register
from grids.access import PostKind
from reporting.access import plans_for
from reporting.models import KinDeclaration, SampleItem, SamplePlan
from reporting.selectors.samples import TODO, is_replaced, worklist

_AUDITOR = frozenset({PostKind.AUDITOR})
_State = SamplePlan.State


def _to_draw(asked: Asked) -> Iterator[Heap]:
    rows = plans_for(asked.post).filter(state=_State.PLANNED, auditors=asked.me).exclude(is_replaced()).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("planned_at")))


def _to_inspect(asked: Asked) -> Iterator[Heap]:
    """Items of open plans that are left, those of one's kin apart."""
    kin = KinDeclaration.objects.filter(
        plan=OuterRef("plan"), subject=OuterRef("subject"), auditor=asked.me, withdrawn_at__isnull=True
    )
    rows = worklist(asked.post, plan_id=None, branch="", state=TODO).filter(~Exists(kin)).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("plan__drawn_at")))


def _to_conclude(asked: Asked) -> Iterator[Heap]:
    left = SampleItem.objects.filter(plan=OuterRef("pk"), inspection__isnull=True, is_targeted=False)
    rows = plans_for(asked.post).filter(~Exists(left), state=_State.DRAWN, auditors=asked.me).exclude(is_replaced())
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), since=Min("drawn_at")))


for _code, _label, _icon, _look, _page in (
    ("to_draw", _("待抽取的抽查计划"), "draw", _to_draw, at("reporting:plan_list")),
    ("to_inspect", _("待核对的抽查样本"), "search", _to_inspect, at("reporting:inspection_list")),
    ("to_conclude", _("待下结论的抽查"), "stamp", _to_conclude, at("reporting:plan_list")),
):
    register(Queue(code=f"reporting.{_code}", label=_label, icon=_icon, posts=_AUDITOR, look=_look, page=_page))
