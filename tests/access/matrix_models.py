"""Rows of the laboratory of models."""

from typing import Any

from config.lib.models import Release
from credit.models import DirectionCheck, Population, Trial
from credit.services.directions import ask
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit.files import release_models, village
from tests.credit.test_laboratory_pages import own_draft
from tests.credit.test_populations import frozen
from tests.credit.test_trials import tried
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


def population(world: World) -> dict[str, Any]:
    """A frozen population; made once in a world."""
    version(world)
    found = Population.objects.first()
    if found is None:
        village(world, 2)
        found = frozen(world)
    return {"pk": found.pk}


def trial(world: World) -> dict[str, Any]:
    """A trial of S1 on it; made once in a world."""
    population(world)
    found = Trial.objects.first() or tried(world)
    return {"pk": found.pk}


def checked(world: World) -> dict[str, Any]:
    """A check of its directions, asked for and not yet begun; made once in a world."""
    told = trial(world)
    if not DirectionCheck.objects.exists():
        ask(trial=Trial.objects.get(pk=told["pk"]), staff=world.mo, post_id=None, send=False)
    return told


def tried_household(world: World) -> dict[str, Any]:
    """The first household of the trial."""
    return {**trial(world), "number": 1}


ROWS = {
    "credit:populations": Row(posts=MANAGER),
    "credit:population_freeze": Row(posts=MANAGER, method="post", data={"name": "全行"}, status=302),
    "credit:population": Row(posts=MANAGER, kwargs=population),
    "credit:population_progress": Row(posts=MANAGER, kwargs=population),
    "credit:population_retire": Row(posts=MANAGER, kwargs=population, method="post", status=302),
    "credit:model_file": Row(posts=MANAGER, kwargs=version),
    "credit:model_template": Row(posts=MANAGER, kwargs=version),
    "credit:model_compare": Row(posts=MANAGER, kwargs=version),
    "credit:model_preview": Row(posts=MANAGER, kwargs=version, method="post"),
    "credit:trial": Row(posts=MANAGER, kwargs=trial),
    "credit:trial_directions": Row(posts=MANAGER, kwargs=trial),
    "credit:trial_directions_progress": Row(posts=MANAGER, kwargs=checked),
    "credit:trial_household": Row(posts=MANAGER, kwargs=tried_household),
    "credit:model_edit": Row(posts=MANAGER, kwargs=draft),
    "credit:model_check": Row(posts=MANAGER, kwargs=draft, method="post", query="part=about"),
    "credit:model": Row(posts=MANAGER, kwargs=version),
    "credit:model_try": Row(posts=MANAGER, kwargs=version),
}
