"""Lines: which result is current, what a run found, and which households it has no line for (Semantics, section 6)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import BigIntegerField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from config.lib import clock, releases
from config.lib.models import JobRun, Release
from config.lib.weeks import business_day
from credit.access import line_results_for, line_runs_for, scope
from credit.domain import facts, packing
from credit.domain.facts import Finding, Frozen, Reading, outside
from credit.domain.model import BoundModel, Model, read_model
from credit.domain.model.batch import MISSING, STATUSES
from credit.models import LineFailure, LineHandover, LineResult, LineRun, VillageFigures
from customers.domain.facts import SEXES
from customers.selectors import checked
from customers.selectors.checked import entry_of
from customers.selectors.facts import frozen_file, register
from grids.access import Branch, Post, branches_for, grids_for

MODEL_KIND = "credit_model"
BASES_KIND = "county_bases"
NOTICE_KIND = "line_notice"
FEWEST_BINS = 6
WIDTHS = tuple(Decimal(width) for width in (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000))
IN_FORCE = Q(run__published_at__isnull=False, run__withdrawn_at__isnull=True)

_MODELS: dict[str, Model] = {}


# --- Current results ----------------------------------------------------------------------------------------------


def current_line(subject_ids: Iterable[int]) -> dict[int, LineResult]:
    """Return the current model line of each household: of the published, not withdrawn results the one with the latest
    instant of its inputs, ties by run. Its ``line`` is None where facts were missing. One query."""
    return {result.subject_id: result for result in _current(subject_ids).select_related("run")}


def current_figures(subject_ids: Iterable[int]) -> dict[int, tuple[int, int | None]]:
    """Return id and line in fen of each household's current result: ``current_line`` for whole villages. One query."""
    rows = _current(subject_ids).values_list("subject_id", "pk", Cast("line", BigIntegerField()))
    return {subject_id: (pk, line) for subject_id, pk, line in rows}


def _current(subject_ids: Iterable[int]) -> QuerySet[LineResult]:
    results = LineResult.objects.filter(IN_FORCE, subject_id__in=list(subject_ids))
    return results.order_by("subject_id", "-run__as_of", "-run_id").distinct("subject_id")


def earlier_result(result: LineResult) -> LineResult | None:
    """Return what was published for the household before this result."""
    before = Q(run__as_of__lt=result.run.as_of) | Q(run__as_of=result.run.as_of, run_id__lt=result.run_id)
    return (
        LineResult.objects.filter(IN_FORCE, before, subject_id=result.subject_id)
        .select_related("run__model", "run__bases")
        .order_by("-run__as_of", "-run_id")
        .first()
    )


def run_of(job: JobRun) -> LineRun:
    """Return the run of lines a job works on."""
    return LineRun.objects.get(run=job)


def with_model(result: LineResult) -> LineRun:
    """Return the run of a result with the model it used."""
    return LineRun.objects.select_related("model").get(pk=result.run_id)


# --- Models and parameters ----------------------------------------------------------------------------------------


def model_of(release: Release) -> Model:
    """Return the model a release holds; reading and checking its document is done once for each content."""
    if release.sha256 not in _MODELS:
        _MODELS[release.sha256] = read_model(release.document)
    return _MODELS[release.sha256]


def bound_model(run: LineRun) -> BoundModel:
    """Return the model of a run with the parameters it used."""
    return bind(run.model, run.bases)


def bind(model: Release, bases: Release | None) -> BoundModel:
    """Set a model's parameters from the released ones; those it does not know belong to other models."""
    read = model_of(model)
    known = {parameter.name for parameter in read.parameters}
    given = {name: value for name, value in (bases.document if bases else {}).items() if name in known}
    return BoundModel(read, given)


def notice_in_force(institution_id: int) -> Release | None:
    """Return the released notice on objecting and human review, None while there is none."""
    try:
        return releases.in_force(institution_id, NOTICE_KIND, clock.today())
    except releases.NotReleased:
        return None


def models_in_force(institution_id: int) -> list[tuple[str, Model]]:
    """Return the credit models in force today, by key."""
    return models_released(institution_id, clock.today())


def models_released(institution_id: int, on: date) -> list[tuple[str, Model]]:
    """Return the credit models in force on a day, by key."""
    keys = Release.objects.filter(institution_id=institution_id, kind=MODEL_KIND, effective_on__lte=on)
    found = sorted(set(keys.values_list("key", flat=True)))
    return [(key, model_of(releases.in_force(institution_id, MODEL_KIND, on, key))) for key in found]


# --- What a run computes from -------------------------------------------------------------------------------------


def active_households(run: LineRun) -> QuerySet[Any]:
    """Return the households in the scope of a run that were active on the day of its inputs, field-found ones included."""
    return checked.active_households(
        run.institution_id,
        business_day(run.as_of),
        branch_path=run.branch.path if run.branch else "",
        grid_id=run.grid_id,
    )


def findings_at(subject_ids: Iterable[int], at: datetime) -> dict[int, Finding]:
    """Return the qualitative findings the lists held at an instant, by household."""
    return {
        subject_id: Finding(facts.FINDINGS[reason], entry, business_day(confirmed_at))
        for subject_id, reason, entry, confirmed_at in checked.entries_at(subject_ids, facts.FINDINGS, at)
    }


# --- What a run found ---------------------------------------------------------------------------------------------


def measured(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return counts and distribution of a run's results, JSON-ready, from what its chunks counted; amounts in yuan as strings."""
    highest = Decimal(counts.get("highest", 0)).scaleb(-2)
    whole = {name: counts.get(name, 0) for name in COUNTED}
    often = {
        name: dict(sorted(counts.get(name, {}).items(), key=lambda one: (-one[1], one[0])))
        for name in ("reasons", "caps")
    }
    return {
        **whole,
        "total": f"{Decimal(counts.get('total', 0)).scaleb(-2):.2f}",
        "highest": f"{highest:.2f}",
        "grades": dict(sorted(counts.get("grades", {}).items())),
        **often,
        **_bins(counts.get("bins", {}), highest),
    }


COUNTED = ("households", "filed", "unfiled", "unchanged", "failed", "with_line", "zero", "incomplete")


def _bins(narrow: Mapping[str, int], highest: Decimal) -> dict[str, Any]:
    """Add bins of 1,000 yuan up to at most fourteen equal ones; a bin holds its upper edge, as in "up to 100,000"."""
    width = next((one for one in WIDTHS if highest <= one * 14), WIDTHS[-1])
    found: Counter[int] = Counter()
    for place, count in narrow.items():
        found[-(-int(place) // int(width / WIDTHS[0]))] += count
    bins = max([*found, FEWEST_BINS]) if found else 0
    return {"width": str(width), "bins": [found.get(place, 0) for place in range(1, bins + 1)]}


# --- Pages --------------------------------------------------------------------------------------------------------


def list_runs(post: Post) -> QuerySet[LineRun]:
    """Return the runs a post sees, newest first."""
    return (
        line_runs_for(post)
        .select_related("run", "model", "grid__branch", "branch", "asked_by", "published_by")
        .defer("model__document", "grid__boundary")
        .order_by("-as_of", "-pk")
    )


def newest_in_force(run: LineRun) -> bool:
    """Whether no published run over the same scope or a wider one has later inputs: publishing this one changes lines."""
    later = Q(as_of__gt=run.as_of) | Q(as_of=run.as_of, pk__gt=run.pk)
    whole = Q(branch__isnull=True, grid__isnull=True)
    over = whole | Q(branch_id=run.branch_id, grid_id=run.grid_id)
    published = LineRun.objects.filter(
        later, over, institution_id=run.institution_id, published_at__isnull=False, withdrawn_at__isnull=True
    )
    return not published.exists()


SORTS = {
    "line": ("line", "pk"),
    "-line": ("-line", "pk"),
    "score": ("score", "pk"),
    "-score": ("-score", "pk"),
}


def results_of(post: Post, run: LineRun, filters: Mapping[str, str]) -> QuerySet[LineResult]:
    """Return the results of a run by the filters of its page: ``show`` (line, zero, missing), ``reason``, ``grid``, ``bin``
    of the distribution counted from 0, ``sort``; unknown values find nothing."""
    show, reason, grid, place = (filters.get(name, "") for name in ("show", "reason", "grid", "bin"))
    results = line_results_for(post).filter(run=run, series=run.series)
    if show in _SHOWN:
        results = results.filter(_SHOWN[show])
    if reason:
        results = results.filter(_said(run, reason))
    if grid:
        results = results.filter(grid_id=int(grid)) if grid.isdecimal() and len(grid) < 18 else results.none()
    if place.isdecimal() and len(place) < 4:
        width = Decimal(run.figures.get("width", "10000"))
        results = results.filter(line__gt=width * int(place), line__lte=width * (int(place) + 1))
    return results.order_by(*SORTS.get(filters.get("sort", ""), ("subject_id",)))


def _said(run: LineRun, code: str) -> Q:
    """Results that say a reason: one of its bits is set. The first bit is the highest of the first byte; get_bit counts from the lowest."""
    found = Q(pk__in=[])
    for place, reason in enumerate(packing.reasons_of(model_of(run.model))):
        if reason.code == code:
            bit = Func(
                F("reason_bits"), Value(place // 8 * 8 + 7 - place % 8), function="get_bit", output_field=IntegerField()
            )
            found |= Q(Exact(bit, 1))
    return found


_SHOWN = {"line": Q(line__gt=0), "zero": Q(line=0), "missing": Q(line__isnull=True)}


def unfiled(post: Post, run: LineRun, grid: str = "") -> QuerySet[Any]:
    """Return the active households of a run without any accepted file at its instant (待建档)."""
    if run.since_id is not None:
        return active_households(run).none()
    households = active_households(run).filter(scope(post))
    if grid:
        households = households.filter(grid_id=int(grid)) if grid.isdecimal() and len(grid) < 18 else households.none()
    return households.filter(
        ~Exists(LineResult.objects.filter(run=run, series=run.series, subject=OuterRef("pk")))
    ).order_by("pk")


def failed(post: Post, run: LineRun) -> QuerySet[Any]:
    """Return the households of a run whose data could not be computed with."""
    held = LineFailure.objects.filter(run=run).values("subject_id")
    return active_households(run).filter(scope(post), pk__in=held).order_by("pk")


def line_history(post: Post, subject_id: int) -> list[LineResult]:
    """Return the published results of a household, newest first, at most twelve."""
    results = line_results_for(post).filter(subject_id=subject_id, run__published_at__isnull=False)
    return list(results.select_related("run__model").order_by("-run__as_of", "-run_id")[:12])


def handovers_of(subject_id: int) -> list[LineHandover]:
    """Return when and in which language explanations were handed to a household, newest first, at most six."""
    rows = LineHandover.objects.filter(subject_id=subject_id).select_related("staff", "run")
    return list(rows.order_by("-handed_at", "-pk")[:6])


def branches_to_choose(post: Post) -> list[tuple[int, str]]:
    """Return the branches a post may compute, from the top down."""
    rows = branches_for(post).filter(is_open=True).exclude(kind=Branch.Kind.HEAD)
    return list(rows.order_by("path").values_list("pk", "name"))


def villages_to_choose(post: Post, branch: str) -> list[tuple[int, str]]:
    """Return the grids of a branch a post may compute."""
    if not branch.isdecimal() or len(branch) > 17:
        return []
    rows = grids_for(post).filter(branch_id=int(branch)).order_by("division_code", "pk")
    return list(rows.values_list("pk", "name"))


# --- One result -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What a stored result says in the words of its model: codes of grade, reasons, remarks and binding caps, and its figures."""

    grade: str
    reasons: list[dict[str, str]]
    binding: list[str]
    remarks: list[str]
    figures: dict[str, Decimal | bool | str]


def said(result: LineResult, model: Model) -> Said:
    """Return what the bits and numbers of a result mean under its model."""
    levels = model.grade.levels if model.grade else ()
    return Said(
        levels[result.grade_place].code if result.grade_place is not None else "",
        [
            {"code": reason.code, "input": reason.input}
            for reason in packing.bits_of(result.reason_bits, packing.reasons_of(model))
        ],
        packing.bits_of(result.binding_bits or b"", [cap.name for cap in model.caps] if result.binding_bits else []),
        packing.bits_of(result.remark_bits or b"", [one.reason for one in model.remarks] if result.remark_bits else []),
        packing.unpacked(model, bytes(result.figures)) if result.figures is not None else {},
    )


@dataclass(frozen=True)
class Inputs:
    """What a result was computed from: ``frozen`` as it is stored, ``facts`` as the reference takes them, and where they come from."""

    frozen: Frozen
    readings: Mapping[str, Reading]
    facts: dict[str, facts.Fact]
    facts_hash: bytes
    revision: int
    collected_on: date
    checked_on: date | None
    finding: Finding | None

    def as_document(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        found: dict[str, Any] = {
            "facts": self.facts,
            "file": {
                "revision": self.revision,
                "collected_on": self.collected_on.isoformat(),
                "checked_on": self.checked_on.isoformat() if self.checked_on else None,
            },
        }
        if self.finding is not None:
            found["list"] = {"entry": self.finding.entry, "on": self.finding.on.isoformat()}
        return found


def inputs_of(result: LineResult) -> Inputs:
    """Return what a result was computed from, out of the frozen facts it refers to."""
    model = model_of(result.run.model)
    places = register(result.institution_id)
    known = facts.readings(model, places)
    file = frozen_file(result.profile_id)
    entry = entry_of(result.entry_id) if result.entry_id is not None else None
    finding = Finding(facts.FINDINGS[entry[0]], entry[1], business_day(entry[2])) if entry is not None else None
    medians: dict[str, int | None] = {}
    if any(reading.where == "village" for reading in known.values()):
        kept = VillageFigures.objects.filter(run=result.run_id, grid=result.recorded_grid_id).first()
        medians = kept.medians if kept is not None else {}
    frozen = Frozen(
        values=file.values,
        answers=file.answers,
        breaches=file.breaches,
        age=result.age,
        age_months=result.age_months,
        sex="" if result.sex is None else SEXES[result.sex],
        businesses=result.businesses,
        finding=finding.code if finding is not None else "",
        village=medians,
    )
    return Inputs(
        frozen,
        known,
        facts.facts_for(model, frozen, places),
        file.facts_hash,
        file.number,
        business_day(file.submitted_at),
        business_day(file.checked_at) if file.checked_at else None,
        finding,
    )


def inputs_hash(run: LineRun, inputs: Inputs) -> UUID:
    """Return the fingerprint of everything a result of a run depends on."""
    words = packing.salt(run.model.sha256, run.bases.sha256 if run.bases else "")
    beside = [
        np.array([MISSING if (number := facts.stored(one, inputs.frozen)) is None else number], dtype=np.int64)
        for one in outside(inputs.readings)
    ]
    lanes = np.frombuffer(inputs.facts_hash, dtype=np.uint64).reshape(1, 2)
    return UUID(bytes=packing.fingerprints(lanes, beside, words).tobytes())


def differences(result: LineResult, inputs: Inputs | None = None) -> list[str]:
    """Recompute a stored result by the reference from what is frozen; return the names of fields that differ, none when all is well."""
    run, bound = result.run, bound_model(result.run)
    inputs = inputs or inputs_of(result)
    found = bound.evaluate(inputs.facts)
    expected = facts.outcome(found, facts.beside(bound.model))
    held = said(result, bound.model)
    stored = {name: getattr(held if hasattr(held, name) else result, name) for name in expected}
    wrong = [name for name, value in expected.items() if stored[name] != value]
    computed = {name: found.values[name] for name, _type in bound.model.computed() if name in found.values}
    if held.figures != computed or result.status != STATUSES.index(found.status):
        wrong.append("figures")
    return wrong + (["inputs_hash"] if inputs_hash(run, inputs) != result.inputs_hash else [])


# --- Runs over what changed -----------------------------------------------------------------------------------------------


def transactions_ended() -> int:
    """Return the oldest transaction that has not ended: what it and later ones write, a look at the tables now may not see."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def base_of(institution_id: int, model_key: str) -> LineRun | None:
    """Return the newest run of a model over the whole institution that is in force: what a run over changes builds on."""
    runs = LineRun.objects.filter(
        institution_id=institution_id,
        model__key=model_key,
        branch__isnull=True,
        grid__isnull=True,
        published_at__isnull=False,
        withdrawn_at__isnull=True,
        seen__isnull=False,
    )
    return runs.select_related("model", "bases").order_by("-as_of", "-pk").first()


def unchanged_among(
    run: LineRun, subject_ids: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64]
) -> npt.NDArray[np.bool_]:
    """Tell of each household whether its current line was computed from the same: the comparison that spares a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select distinct on (result.subject_id) result.subject_id, result.inputs_hash
            from credit_lineresult as result join credit_linerun as run on run.id = result.run_id
            where result.subject_id = any (%s) and run.published_at is not null and run.withdrawn_at is null
            order by result.subject_id, run.as_of desc, run.id desc
            """,
            [subject_ids.tolist()],
        )
        held = dict(cursor.fetchall())
    return np.array(
        [
            (kept := held.get(subject)) is not None and UUID(str(kept)).bytes == digest.tobytes()
            for subject, digest in zip(subject_ids.tolist(), hashes, strict=True)
        ],
        dtype=np.bool_,
    )
