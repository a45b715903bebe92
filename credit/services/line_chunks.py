"""The households of one chunk of a run: read, computed set-based, written by COPY, counted (Decision record 0024).

A chunk is prepared without writing anything, in a thread beside the one that writes the chunk before it; the rows, what was counted
and the mark of the chunk are one transaction.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from config.lib.models import JobRun
from config.lib.wire import Reading, Stored, encoded
from credit.domain import facts, packing
from credit.domain.model import FactError, ParameterError
from credit.domain.model.batch import MISSING
from credit.domain.packing import INCOMPLETE, Found
from credit.models import LineFailure, LineRun, LineTally
from credit.selectors.line_batches import Gathered, Work, gather, work_of
from credit.selectors.lines import unchanged_among
from customers.selectors.frozen import Part

log = logging.getLogger("gedang.lines")
NARROWEST = 100_000
"""Lines are counted in bins of 1,000 yuan, in fen; wider ones are made of these."""
_FAULTS = (FactError, ParameterError, ArithmeticError, ValueError, LookupError)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Prepared:
    """A chunk ready to be written: its run, the bytes of its rows, what was counted, and the households with a fault."""

    line_run: LineRun
    data: bytearray
    counts: dict[str, Any]
    failed: tuple[tuple[int, int, str], ...] = ()


def prepare_chunk(run: JobRun, payload: Mapping[str, Any]) -> Prepared:
    """Read and compute the households of a chunk; writes nothing."""
    line_run = LineRun.objects.get(run=run)
    work = work_of(line_run)
    only = payload.get("only")
    gathered = gather(work, Part(payload["from"], payload["to"], tuple(only) if only is not None else None))
    filed = len(gathered)
    hashes = gathered.fingerprints()
    unchanged = 0
    if line_run.since_id is not None and filed:
        same = unchanged_among(work.run, gathered.rows.subject, hashes)
        unchanged = int(same.sum())
        gathered, hashes = gathered.only(~same), hashes[~same]
    found, faults = computed(gathered)
    failed: tuple[tuple[int, int, str], ...] = ()
    if faults:
        whole = np.array([row not in faults for row in range(len(gathered))])
        rows = gathered.rows
        failed = tuple((int(rows.subject[row]), int(rows.grid[row]), fault) for row, fault in faults.items())
        gathered, hashes = gathered.only(whole), hashes[whole]
    counts = {
        **counted(work, found),
        "households": max(filed, payload["count"]),
        "unfiled": max(0, payload["count"] - filed),
        "unchanged": unchanged,
        "failed": len(failed),
    }
    return Prepared(line_run, rows_of(gathered, found, hashes), counts, failed)


def write_chunk(_run: JobRun, payload: Mapping[str, Any], ready: Prepared) -> None:
    """Write what was prepared: the rows, the counts, the faults."""
    line_run = ready.line_run
    table = f"credit_lineresult_{line_run.series}" if line_run.series else "credit_lineresult"
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy {table} ({', '.join(COLUMNS)}) from stdin (format binary)", Reading(ready.data), size=_BLOCK
        )
    LineTally.objects.create(run=line_run, number=payload["number"], counts=ready.counts)
    LineFailure.objects.bulk_create(
        LineFailure(
            run=line_run,
            institution_id=line_run.institution_id,
            grid_id=grid,
            recorded_grid_id=grid,
            subject_id=subject,
            fault=fault[:60],
        )
        for subject, grid, fault in ready.failed
    )


def computed(gathered: Gathered) -> tuple[Found, dict[int, str]]:
    """The results of the households that can be computed, and the fault of every other by its row.

    Set-based where the model allows it; one by one by the reference where it does not, or where something in the rows is wrong.
    """
    work = gathered.work
    if work.program is not None:
        try:
            return packing.found_by(work.program.evaluate(gathered.columns(), len(gathered))), {}
        except _FAULTS:
            log.exception("computed one by one", extra={"line_run": work.run.pk})
    model, results, faults = work.bound.model, [], {}
    for row in range(len(gathered)):
        try:
            results.append(work.bound.evaluate(facts.facts_for(model, gathered.frozen(row), work.register)))
        except _FAULTS as fault:
            faults[row] = type(fault).__name__
    return packing.found_one_by_one(model, results), faults


COLUMNS = (
    "series", "run_id", "subject_id", "institution_id", "grid_id", "recorded_grid_id", "profile_id", "entry_id", "line", "shown",
    "score", "inputs_hash", "status", "grade_place", "age", "sex", "businesses", "reason_bits", "remark_bits", "binding_bits",
    "figures", "age_months",
)  # fmt: skip


def rows_of(gathered: Gathered, found: Found, hashes: packing.Digests) -> bytearray:
    """The rows of some households as the bytes of a COPY."""
    run, rows, count = gathered.work.run, gathered.rows, len(gathered)
    incomplete = found.status == INCOMPLETE
    beside = {name: rows.beside.get(name, np.full(count, MISSING)) for name in ("age", "sex", "businesses")}
    age_months = rows.beside.get("age_months", np.full(count, MISSING))

    def same(value: int) -> npt.NDArray[np.int64]:
        return np.broadcast_to(np.int64(value), (count,))

    def small(values: npt.NDArray[Any], null: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        return np.where(null, 0, values).astype(np.int16), null

    def bits(flags: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        return packing.packed_bits(flags), np.full(count, not flags.shape[1])

    return encoded(
        [
            Stored("series", same(run.series)),
            Stored("run_id", same(run.pk)),
            Stored("subject_id", rows.subject),
            Stored("institution_id", same(run.institution_id)),
            Stored("grid_id", rows.grid),
            Stored("recorded_grid_id", rows.grid),
            Stored("profile_id", rows.profile),
            Stored("entry_id", gathered.entry, gathered.entry == 0),
            Stored("line", found.line, found.line == MISSING),
            Stored("shown", found.shown, found.shown == MISSING),
            Stored("score", found.score, found.score == MISSING),
            Stored("inputs_hash", hashes),
            Stored("status", found.status.astype(np.int16)),
            Stored("grade_place", *small(found.grade, found.grade < 0)),
            *(Stored(name, *small(values, values == MISSING)) for name, values in beside.items()),
            Stored("reason_bits", packing.packed_bits(found.reasons)),
            Stored("remark_bits", *bits(found.remarks)),
            Stored("binding_bits", *bits(found.binding)),
            Stored("figures", packing.packed_figures(found.figures), incomplete),
            Stored("age_months", *small(age_months, age_months == MISSING)),
        ]
    )


# --- Counting ---------------------------------------------------------------------------------------------------------


def counted(work: Work, found: Found) -> dict[str, Any]:
    """What the results of a chunk amount to; amounts in fen."""
    model = work.bound.model
    with_line = found.line > 0
    lines = found.line[with_line]
    bins, in_bin = np.unique(-(-lines // NARROWEST), return_counts=True)
    levels = [level.code for level in model.grade.levels] if model.grade else []
    graded = np.bincount(found.grade[found.grade >= 0], minlength=len(levels)).tolist()
    reasons: Counter[str] = Counter()
    for reason, times in zip(packing.reasons_of(model), found.reasons.sum(axis=0).tolist(), strict=True):
        reasons[reason.code] += times
    return {
        "filed": len(found),
        "with_line": int(with_line.sum()),
        "zero": int((found.line == 0).sum()),
        "incomplete": int((found.status == INCOMPLETE).sum()),
        "total": int(lines.sum()),
        "highest": int(lines.max()) if len(lines) else 0,
        "grades": {code: times for code, times in zip(levels, graded, strict=True) if times},
        "reasons": {code: times for code, times in reasons.items() if times},
        "caps": {
            cap.name: times for cap, times in zip(model.caps, found.binding.sum(axis=0).tolist(), strict=True) if times
        },
        "bins": dict(zip(map(str, bins.tolist()), in_bin.tolist(), strict=True)),
    }


def added_up(tallies: list[dict[str, Any]]) -> dict[str, Any]:
    """What all chunks of a run amount to."""
    plain: Counter[str] = Counter()
    parts: dict[str, Counter[str]] = {name: Counter() for name in ("grades", "reasons", "caps", "bins")}
    highest = 0
    for tally in tallies:
        highest = max(highest, tally["highest"])
        for name, value in tally.items():
            if name in parts:
                parts[name].update(value)
            elif name != "highest":
                plain[name] += value
    return {**plain, "highest": highest, **{name: dict(held) for name, held in parts.items()}}
