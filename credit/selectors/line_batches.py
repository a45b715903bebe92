"""What a run computes from, for many households at once: frozen facts as columns, what is read beside them, village medians."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from config.lib.weeks import business_day
from credit.domain import facts, packing
from credit.domain.facts import FINDING_CODES, FINDINGS, Frozen, Reading, Register, outside
from credit.domain.model import BoundModel
from credit.domain.model.batch import MISSING, Column, EventRows, Program, TooWide, compile_model
from credit.models import LineRun, VillageFigures
from credit.selectors import lines
from customers.domain.facts import BREACH_FIELDS, CATALOGUE, SEXES, Breach
from customers.selectors import changed, checked, frozen
from customers.selectors.facts import register
from customers.selectors.frozen import Part, Rows, Scope, Wanted

Counts = npt.NDArray[np.int64]
_KEPT = 8


def scope_of(run: LineRun) -> Scope:
    """Return the households a run is about, and the instant of their files."""
    return Scope(
        run.institution_id,
        business_day(run.as_of),
        run.as_of,
        branch_path=run.branch.path if run.branch else "",
        grid_id=run.grid_id,
    )


@dataclass(frozen=True)
class Work:
    """Everything about a run that is the same for all of its households; read once a process."""

    run: LineRun
    scope: Scope
    bound: BoundModel
    register: Register
    readings: Mapping[str, Reading]
    medians: Mapping[int, Mapping[str, int | None]]

    @cached_property
    def program(self) -> Program | None:
        """The set-based program; None where a figure of the model could leave 64 bits: the reference computes then."""
        try:
            return compile_model(self.bound)
        except TooWide:
            return None

    @cached_property
    def salt(self) -> tuple[int, int]:
        """Model and parameters in every fingerprint."""
        return packing.salt(self.run.model.sha256, self.run.bases.sha256 if self.run.bases else "")

    @cached_property
    def wanted(self) -> Wanted:
        """What to read of each file and beside it."""
        of = self.readings.values()
        return Wanted(
            facts=tuple(sorted({one.name for one in of if one.where == "file"})),
            answers=tuple(sorted({one.place for one in of if one.where in ("answer", "flag")})),
            beside=tuple(sorted({one.name for one in of if one.where == "beside" and one.name != "finding"})),
        )

    @cached_property
    def has_findings(self) -> bool:
        """Whether the model asks for the lists."""
        return any(one.is_list for one in self.readings.values())


_works: OrderedDict[int, Work] = OrderedDict()
_works_lock = Lock()


def work_of(run: LineRun) -> Work:
    """Return what is the same for all households of a planned run."""
    with _works_lock:
        found = _works.get(run.pk)
    if found is not None and found.run.as_of == run.as_of:
        return found
    run = LineRun.objects.select_related("model", "bases", "branch", "since").get(pk=run.pk)
    places = register(run.institution_id)
    bound = lines.bound_model(run)
    medians = dict(VillageFigures.objects.filter(run=run).values_list("grid_id", "medians"))
    found = Work(run, scope_of(run), bound, places, facts.readings(bound.model, places), medians)
    with _works_lock:
        _works[run.pk] = found
        while len(_works) > _KEPT:
            _works.popitem(last=False)
    return found


def forget(run: LineRun) -> None:
    """Read a run anew the next time: it was being planned."""
    with _works_lock:
        _works.pop(run.pk, None)


@dataclass(frozen=True)
class Gathered:
    """The households of a part that have a trusted file, with everything a model may ask for."""

    work: Work
    rows: Rows
    finding: Counts
    entry: Counts
    breach_household: Counts
    breach_parts: Counts

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, reading: Reading) -> Counts:
        """One input as stored numbers."""
        if reading.where == "file":
            return self.rows.facts[reading.name]
        if reading.where in ("answer", "flag"):
            answers = self.rows.answers[reading.place]
            return (
                answers
                if reading.where == "answer"
                else np.where(answers == MISSING, MISSING, answers >> reading.bit & 1)
            )
        if reading.where == "village":
            return self._village(reading.name)
        return self.finding if reading.is_list else self.rows.beside[reading.name]

    def _village(self, name: str) -> Counts:
        found = np.full(len(self), MISSING, dtype=np.int64)
        for grid in np.unique(self.rows.grid).tolist():
            value = self.work.medians.get(grid, {}).get(name)
            if value is not None:
                found[self.rows.grid == grid] = value
        return found

    def columns(self) -> dict[str, Column | EventRows]:
        """The inputs of the model as the set-based evaluator takes them."""
        found: dict[str, Column | EventRows] = {}
        for name, reading in self.work.readings.items():
            if reading.type == "events":
                parts = {
                    part: Column(np.ascontiguousarray(self.breach_parts[:, place]), codes)
                    for place, (part, codes) in enumerate(BREACH_FIELDS.items())
                }
                found[name] = EventRows(self.breach_household, parts)
            else:
                found[name] = Column(np.ascontiguousarray(self.numbers(reading)), reading.codes)
        return found

    def frozen(self, row: int) -> Frozen:
        """The inputs of one household as the reference takes them."""

        def number(values: Counts) -> int | None:
            return None if values[row] == MISSING else int(values[row])

        rows, beside = self.rows, {name: number(values) for name, values in self.rows.beside.items()}
        answers: list[int | None] = []
        for place, values in rows.answers.items():
            answers.extend([None] * (place + 1 - len(answers)))
            answers[place] = number(values)
        sex, finding = beside.get("sex"), number(self.finding)
        listed = self.breach_parts[self.breach_household == row].tolist()
        return Frozen(
            values={name: number(values) for name, values in rows.facts.items()},
            answers=answers,
            breaches=tuple(Breach(*(None if part == MISSING else part for part in one)) for one in listed),
            age=beside.get("age"),
            age_months=beside.get("age_months"),
            sex="" if sex is None else SEXES[sex],
            businesses=beside.get("businesses"),
            finding="" if finding is None else FINDING_CODES[finding],
            village=self.work.medians.get(int(rows.grid[row]), {}),
        )

    def fingerprints(self) -> packing.Digests:
        """The fingerprint of everything each result depends on."""
        beside = [self.numbers(one) for one in outside(self.work.readings)]
        return packing.fingerprints(self.rows.facts_hash, beside, self.work.salt)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Gathered:
        """Some of the households."""
        places = np.cumsum(chosen) - 1
        held = chosen[self.breach_household]
        return Gathered(
            self.work,
            self.rows.only(chosen),
            self.finding[chosen],
            self.entry[chosen],
            places[self.breach_household[held]].astype(np.int64),
            self.breach_parts[held],
        )


def gather(work: Work, part: Part) -> Gathered:
    """Read the households of a part."""
    rows = frozen.read(work.scope, part, work.wanted)
    finding = np.full(len(rows), MISSING, dtype=np.int64)
    entry = np.zeros(len(rows), dtype=np.int64)
    if work.has_findings:
        for subject, reason, pk, _at in checked.entries_among(part.low, part.high, FINDINGS, work.run.as_of):
            place = int(np.searchsorted(rows.subject, subject))
            if place < len(rows) and rows.subject[place] == subject:
                finding[place], entry[place] = FINDING_CODES.index(FINDINGS[reason]), pk
    household, parts = np.zeros(0, dtype=np.int64), np.zeros((0, len(BREACH_FIELDS)), dtype=np.int64)
    counted = rows.facts.get("breaches")
    if counted is not None and (counted > 0).any():
        profile, parts = frozen.breaches(rows.profile[counted > 0].tolist())
        household, parts = _by_household(rows.profile, profile, parts)
    return Gathered(work, rows, finding, entry, household, parts)


def _by_household(profiles: Counts, of: Counts, parts: Counts) -> tuple[Counts, Counts]:
    """The row of the household of each breach, ascending."""
    order = np.argsort(profiles, kind="stable")
    household = order[np.searchsorted(profiles, of, sorter=order)]
    ascending = np.argsort(household, kind="stable")
    return household[ascending].astype(np.int64), parts[ascending]


def changed_since(work: Work) -> list[int] | None:
    """Return the households of a run that may compute to something else than in the run it builds on; None: any of them may.

    Noted by the database with what changed them; and whose borrower is older, where the model asks for his age; and of villages
    whose median moved, where it asks for that.
    """
    run, base = work.run, work.run.since
    if base is None or base.seen is None or (run.model_id, run.bases_id) != (base.model_id, base.bases_id):
        return None
    found = set(changed.changed_since(run.institution_id, base.seen))
    if "age" in work.wanted.beside:
        found.update(changed.birthdays_between(run.institution_id, business_day(base.as_of), work.scope.on))
    if "age_months" in work.wanted.beside:
        found.update(changed.months_between(run.institution_id, business_day(base.as_of), work.scope.on))
    if facts_wanted(work):
        before = dict(VillageFigures.objects.filter(run=base).values_list("grid_id", "medians"))
        moved = {grid for grid in {*before, *work.medians} if before.get(grid) != work.medians.get(grid)}
        found.update(changed.households_in(moved))
    return sorted(found)


def facts_wanted(work: Work) -> tuple[str, ...]:
    """The amounts whose village medians a model asks for."""
    return tuple(
        sorted({one.name for one in work.readings.values() if one.where == "village" and one.name in CATALOGUE})
    )
