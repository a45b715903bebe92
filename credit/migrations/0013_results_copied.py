import json
from typing import Any

import numpy as np
from django.db import migrations

from config.lib.wire import Reading, Stored, encoded
from credit.domain import facts, packing
from credit.domain.model import BoundModel, read_model
from credit.domain.model.batch import MISSING

BATCH = 2_000
_BEFORE = """select result.id, result.run_id, result.subject_id, result.institution_id, result.grid_id, result.recorded_grid_id,
    result.profile_id, coalesce((result.inputs #>> '{list,entry}')::bigint, 0), result.inputs -> 'facts', held.facts_hash
    from credit_lineresult_before as result join customers_householdfacts as held on held.profile_id = result.profile_id
    where result.run_id = %s order by result.id"""
_COLUMNS = (
    "id", "series", "run_id", "subject_id", "institution_id", "grid_id", "recorded_grid_id", "profile_id", "entry_id", "line",
    "shown", "score", "inputs_hash", "status", "grade_place", "reason_bits", "remark_bits", "binding_bits", "figures",
)  # fmt: skip


def copy(apps: Any, editor: Any) -> None:
    """Write every older result as a typed row: computed again from what was stored with it, and equal to what it said."""
    with editor.connection.cursor() as cursor:
        cursor.execute("select distinct run_id from credit_lineresult_before order by run_id")
        runs = [pk for (pk,) in cursor.fetchall()]
    for run in apps.get_model("credit", "LineRun").objects.select_related("model", "bases").filter(pk__in=runs):
        model = read_model(run.model.document)
        known = {parameter.name for parameter in model.parameters}
        given = {name: value for name, value in (run.bases.document if run.bases else {}).items() if name in known}
        with editor.connection.cursor() as cursor:
            cursor.execute(_BEFORE, [run.pk])
            rows = [(*row[:8], json.loads(row[8] or "{}"), row[9]) for row in cursor.fetchall()]
            for start in range(0, len(rows), BATCH):
                data = _rows(BoundModel(model, given), run, rows[start : start + BATCH])
                cursor.copy_expert(f"copy credit_lineresult ({', '.join(_COLUMNS)}) from stdin (format binary)", data)
            cursor.execute(
                "select count(*) from credit_lineresult_before as old left join credit_lineresult as new on new.id = old.id "
                "where old.run_id = %s and (new.id is null or new.line is distinct from (old.line * 100)::bigint)",
                [run.pk],
            )
            if cursor.fetchone()[0]:
                raise ValueError(f"results of run {run.pk} do not compute to what they say")


def _rows(bound: BoundModel, run: Any, rows: list[Any]) -> Reading:
    model = bound.model
    found = packing.found_one_by_one(model, [bound.evaluate(row[8]) for row in rows])
    ids = np.array([row[:8] for row in rows], dtype=np.int64)
    readings = facts.readings(model)
    beside = []
    for one in facts.outside(readings):
        codes = [str(row[8].get(one.name)) for row in rows]
        beside.append(
            np.array([one.codes.index(code) if code in one.codes else MISSING for code in codes], dtype=np.int64)
        )
    held = np.array([list(np.frombuffer(row[9].bytes, dtype=np.uint64)) for row in rows], dtype=np.uint64)
    words = packing.salt(run.model.sha256, run.bases.sha256 if run.bases else "")
    nothing = np.full(len(rows), True)
    return Reading(
        encoded(
            [
                Stored("id", ids[:, 0]),
                Stored("series", np.zeros(len(rows), dtype=np.int64)),
                *(Stored(_COLUMNS[place + 1], ids[:, place]) for place in range(1, 7)),
                Stored("entry_id", ids[:, 7], ids[:, 7] == 0),
                Stored("line", found.line, found.line == MISSING),
                Stored("shown", found.shown, found.shown == MISSING),
                Stored("score", found.score, found.score == MISSING),
                Stored("inputs_hash", packing.fingerprints(held, beside, words)),
                Stored("status", found.status.astype(np.int16)),
                Stored("grade_place", np.maximum(found.grade, 0).astype(np.int16), found.grade < 0),
                Stored("reason_bits", packing.packed_bits(found.reasons)),
                Stored("remark_bits", packing.packed_bits(found.remarks), nothing & (not found.remarks.shape[1])),
                Stored("binding_bits", packing.packed_bits(found.binding), nothing & (not found.binding.shape[1])),
                Stored("figures", packing.packed_figures(found.figures), found.line == MISSING),
            ]
        )
    )


class Migration(migrations.Migration):
    """The results that were there already, as typed rows; what they were copied from goes."""

    dependencies = [("credit", "0012_results_by_series"), ("customers", "0037_facts_of_older_files")]
    operations = [
        migrations.RunPython(copy, migrations.RunPython.noop, elidable=True),
        migrations.RunSQL("drop table credit_lineresult_before", migrations.RunSQL.noop),
    ]
