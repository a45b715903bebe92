"""Rows of notices, objections and village reports, in a round of Liu Village that shows its result."""

import tempfile
from pathlib import Path
from typing import Any

from credit.models import Notice, Objection, Round
from grids.models import PostKind
from tests.access.matrix import Row
from tests.access.matrix_rounds import DECIDERS, SEES
from tests.credit import posting as make
from tests.credit.village import opener_key, picture
from tests.world import World

MAKERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
SERVING = MAKERS | {PostKind.APPROVER}
CHEN = frozenset({PostKind.OFFICER})


def _notice(world: World) -> Notice:
    """The posted notice of Liu Village."""
    found = Notice.objects.filter(confirmed_at__isnull=False).first()
    if found is not None:
        return found
    with tempfile.TemporaryDirectory() as directory, opener_key(Path(directory)):
        _village, notice = make.posted(world, "4", "3")
    with make.acting_as(world.chen) as post:
        assert post is not None
        make.notices.keep_photo(by=world.chen, post=post, notice=notice, content=picture(), name="wall.jpg")
    return notice


def _pk(world: World) -> dict[str, Any]:
    return {"pk": _notice(world).pk}


def _round(world: World) -> dict[str, Any]:
    return {"pk": _notice(world).round_id}


def _waiting(world: World) -> dict[str, Any]:
    """A notice Chen prepared that waits for a second person; once dropped, the next one."""
    found = Notice.objects.filter(dropped_at__isnull=True).first()
    if found is None:
        found = make.prepare(world, Round.objects.get(pk=_ready(world)["pk"]))
    return {"pk": found.pk}


def _objection(world: World) -> dict[str, Any]:
    """An objection Chen received."""
    found = Objection.objects.first()
    if found is None:
        notice = _notice(world)
        subject = notice.rows.order_by("place").values_list("subject_id", flat=True)[0]
        found = make.objected(world, notice, subject)
    return {"pk": found.pk}


def _ready(world: World) -> dict[str, Any]:
    """A round in its notice, nothing prepared yet."""
    found = Round.objects.filter(grid=world.liu).first()
    if found is None:
        with tempfile.TemporaryDirectory() as directory, opener_key(Path(directory)):
            village = make.decided(world, "4")
        found = make.move(world, village.round, "notice")
    return {"pk": found.pk}


def _post(kwargs: Any, posts: frozenset[str], status: int | None = 302) -> Row:
    return Row(posts=posts, kwargs=kwargs, method="post", data={}, status=status)


ROWS = {
    "credit:notice_prepare": _post(_ready, MAKERS),
    "credit:notice": Row(posts=SEES, kwargs=_pk),
    "credit:notice_confirm": _post(_waiting, DECIDERS),
    "credit:notice_drop": _post(_waiting, SERVING),
    "credit:notice_paper": _post(_pk, SERVING, 200),
    "credit:notice_photo": Row(posts=SEES, kwargs=_pk),
    "credit:notice_photo_add": _post(_pk, MAKERS),
    "credit:objection_new": Row(posts=SERVING, kwargs=_pk),
    "credit:objection": Row(posts=SEES, kwargs=_objection),
    # Who objected is read by who received it, Chen, and nobody else.
    "credit:objection_source": _post(_objection, CHEN, 200),
    "credit:objection_take": _post(_objection, DECIDERS, None),
    "credit:objection_settle": _post(_objection, DECIDERS, 422),
    "credit:village_report": Row(posts=SEES, kwargs=_round),
    "credit:village_report_pdf": Row(posts=SEES, kwargs=_round),
}
