"""Results from before they were typed rows: copied over once, equal to what they said."""

import json
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection

from config.lib import jobs
from credit.models import LineResult, LineRun
from credit.selectors import lines
from tests.credit.files import file, release_models, started
from tests.customers.builders import make_household
from tests.world import World

_BEFORE = """create table credit_lineresult_before (
    id bigint, run_id bigint, subject_id bigint, institution_id bigint, grid_id bigint, recorded_grid_id bigint, profile_id bigint,
    line numeric(14, 2), inputs jsonb)"""


def test_older_results_are_copied_as_they_were(world: World) -> None:
    release_models(world)
    homes = [make_household(world.liu, f"{number:04d}") for number in range(3)]
    file(homes[0], world.chen, world.deng)
    file(homes[1], world.chen, world.deng, judgement=None)
    file(homes[2], world.chen, world.deng, judgement="poor", performance={"status": "none"})
    run = started(world)
    jobs.drive_run(run.run_id)
    before = _rows(run)
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE)
        for result in LineResult.objects.select_related("run__model", "run__bases").filter(run=run):
            place = [
                result.pk,
                run.pk,
                result.subject_id,
                result.institution_id,
                result.grid_id,
                result.recorded_grid_id,
            ]
            inputs = json.dumps({"facts": lines.inputs_of(result).facts})
            cursor.execute(
                "insert into credit_lineresult_before values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [*place, result.profile_id, result.line, inputs],
            )
        cursor.execute("delete from credit_lineresult")

    name = next(one for one in connection_migrations() if one.endswith("results_copied"))
    import_module(f"credit.migrations.{name}").copy(apps, type("Editor", (), {"connection": connection}))

    assert _rows(run) == before
    assert all(lines.differences(one) == [] for one in LineResult.objects.select_related("run__model", "run__bases"))


def connection_migrations() -> list[str]:
    """The migrations of credit that were applied."""
    with connection.cursor() as cursor:
        cursor.execute("select name from django_migrations where app = 'credit' order by id")
        return [name for (name,) in cursor.fetchall()]


def _rows(run: LineRun) -> list[Any]:
    names = (
        "id",
        "subject_id",
        "profile_id",
        "line",
        "shown",
        "score",
        "inputs_hash",
        "status",
        "grade_place",
        "series",
    )
    rows = LineResult.objects.filter(run=run).order_by("id")
    return [
        (*(getattr(row, name) for name in names), bytes(row.reason_bits), bytes(row.figures or b"")) for row in rows
    ]
