"""Rows of the pages of who keeps parameters."""

from typing import Any

from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers.form_drafts import begun as form_draft
from tests.customers.form_drafts import farm
from tests.lib.parameters import begun, first_version, submitted
from tests.world import World

MANAGER = frozenset({PostKind.PARAMETER_MANAGER})


def version(world: World) -> dict[str, Any]:
    return {"pk": first_version(world).pk}


def own_draft(world: World) -> dict[str, Any]:
    """A draft of Mo, who is the manager the matrix calls as."""
    return {"pk": begun(world, world.mo).pk}


def waiting(world: World) -> dict[str, Any]:
    """A draft of Ning that waits for Mo."""
    return {"pk": submitted(world, world.ning).pk}


def own_form(world: World) -> dict[str, Any]:
    """A draft of a collection form of Mo."""
    return {"pk": form_draft(world).pk}


def shipped_form(world: World) -> dict[str, Any]:
    """A draft of Mo with the shipped farm household form."""
    return {"pk": form_draft(world, lambda document: document.update(farm())).pk}


ROWS = {
    "lib:models": Row(posts=MANAGER),
    "lib:forms": Row(posts=MANAGER),
    "lib:rules": Row(posts=MANAGER),
    "lib:notices": Row(posts=MANAGER),
    "lib:releases": Row(posts=MANAGER),
    "lib:parameter": Row(posts=MANAGER, kwargs=lambda world: {"kind": "visit_quotas"}),
    "lib:parameter_version": Row(posts=MANAGER, kwargs=version),
    "lib:version_file": Row(posts=MANAGER, kwargs=version),
    "lib:draft_begin": Row(posts=MANAGER, method="post", data={"kind": "visit_quotas"}, status=302),
    "lib:parameter_draft": Row(posts=MANAGER, kwargs=own_draft),
    "lib:draft_edit": Row(posts=MANAGER, kwargs=own_draft),
    "lib:draft_file": Row(posts=MANAGER, kwargs=own_draft),
    "lib:draft_submit": Row(posts=MANAGER, kwargs=own_draft, method="post", status=302),
    "lib:draft_withdraw": Row(posts=MANAGER, kwargs=own_draft, method="post", status=302),
    "lib:draft_release": Row(posts=MANAGER, kwargs=waiting, method="post", status=302),
    "lib:draft_return": Row(posts=MANAGER, kwargs=waiting, method="post", data={"reason": "再看"}, status=302),
    "customers:form_edit": Row(posts=MANAGER, kwargs=own_form),
    "customers:form_part": Row(posts=MANAGER, kwargs=shipped_form, query="at=steps.0"),
    "customers:form_preview": Row(posts=MANAGER, kwargs=shipped_form),
    "customers:form_sheet": Row(posts=MANAGER, kwargs=shipped_form),
}
