"""Rows of the pages of applications: one of Liu Village that Chen received, another that was turned down, with a document."""

from typing import Any

from credit.models import Application, ApplicationDocument
from credit.services import applications
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit import applying as make
from tests.customers.builders import make_household
from tests.world import World

SEES = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})
RECEIVERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
SERVING = RECEIVERS | {PostKind.APPROVER}


def _application(world: World) -> Application:
    """The open application; made once in a world."""
    found = Application.objects.filter(ended_at__isnull=True).first()
    if found is not None:
        return found
    if not Application.objects.exists():
        make.release_rules(world)
    return make.receive(world, make.household(world, f"A{Application.objects.count():03d}"))


def _open(world: World) -> dict[str, Any]:
    return {"pk": _application(world).pk}


def _step(world: World) -> dict[str, Any]:
    return {"pk": _application(world).pk, "step": "cancel"}


def _refused(world: World) -> dict[str, Any]:
    _application(world)
    found = Application.objects.filter(stage="refused").first()
    if found is None:
        found = make.receive(world, make_household(world.liu, "B002"))
        make.act(applications.turn_down, world.gao, application=found, seen=1, code="facts", reason="无法核实")
    return {"pk": found.pk}


def _document(world: World) -> dict[str, Any]:
    application = _application(world)
    found = ApplicationDocument.objects.first()
    if found is None:
        add = {"kind": "income", "content": b"%PDF-1.7", "name": "x.pdf"}
        found = make.act(applications.add_document, world.chen, application=application, **add)
    return {"pk": application.pk, "document": found.pk}


def _household(world: World) -> dict[str, Any]:
    return {"pk": _application(world).subject_id}


ROWS = {
    "credit:application_list": Row(posts=SEES),
    "credit:application": Row(posts=SEES, kwargs=_open),
    "credit:application_sheet": Row(posts=SEES, kwargs=_open),
    "credit:application_letter": Row(posts=RECEIVERS, kwargs=_refused),
    "credit:application_document_add": Row(posts=SERVING, kwargs=_open, method="post", status=422),
    "credit:application_document": Row(posts=SEES, kwargs=_document),
    "credit:application_step": Row(
        posts=RECEIVERS, kwargs=_step, method="post", data={"seen": "1", "reason": "客户改主意"}, status=302
    ),
    "credit:household_applications": Row(posts=SEES, kwargs=_household),
    "credit:application_new": Row(posts=RECEIVERS, kwargs=_household),
}
