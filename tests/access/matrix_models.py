"""Rows of the laboratory of models."""

from typing import Any

from config.lib.models import Release
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit.files import release_models
from tests.credit.test_laboratory_pages import own_draft
from tests.world import World

MANAGER = frozenset({PostKind.PARAMETER_MANAGER})


def version(world: World) -> dict[str, Any]:
    """The first version of S1; released once in a world."""
    if not Release.objects.filter(kind="credit_model").exists():
        release_models(world)
    return {"sort": "version", "pk": Release.objects.get(kind="credit_model", key="s1").pk}


def draft(world: World) -> dict[str, Any]:
    """A draft of Mo, who is the manager the matrix calls as."""
    version(world)
    return {"pk": own_draft(world).pk}


ROWS = {
    "credit:model_edit": Row(posts=MANAGER, kwargs=draft),
    "credit:model_check": Row(posts=MANAGER, kwargs=draft, method="post", query="part=about"),
    "credit:model": Row(posts=MANAGER, kwargs=version),
    "credit:model_try": Row(posts=MANAGER, kwargs=version),
}
