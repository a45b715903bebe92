"""Lines: which result is current, what a run found, and which households it has no line for (Semantics, section 6)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from config.lib import clock, releases
from config.lib.models import JobRun, Release
from config.lib.weeks import business_day
from credit.access import line_results_for, line_runs_for, scope
from credit.domain import facts
from credit.domain.facts import Finding
from credit.domain.model import BoundModel, Model, read_model
from credit.models import LineHandover, LineResult, LineRun
from customers.selectors import checked
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
    results = (
        LineResult.objects.filter(IN_FORCE, subject_id__in=list(subject_ids))
        .select_related("run")
        .order_by("subject_id", "-run__as_of", "-run_id")
        .distinct("subject_id")
    )
    return {result.subject_id: result for result in results}


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


def measured(run: LineRun) -> dict[str, Any]:
    """Return counts and distribution of a run's results, JSON-ready; amounts in yuan as decimal strings."""
    results = LineResult.objects.filter(run=run)
    counted = results.aggregate(
        filed=Count("pk"),
        with_line=Count("pk", filter=Q(line__gt=0)),
        zero=Count("pk", filter=Q(line=0)),
        incomplete=Count("pk", filter=Q(line__isnull=True)),
        total=Sum("line"),
        highest=Max("line"),
    )
    amounts = {name: str(counted.pop(name) or Decimal("0.00")) for name in ("total", "highest")}
    grades = results.exclude(grade="").values_list("grade").annotate(count=Count("pk")).order_by("grade")
    return {
        **counted,
        **amounts,
        "grades": dict(grades),
        "reasons": _each(run, "select entry ->> 'code' from jsonb_array_elements(result.reasons) as entry"),
        "caps": _each(run, "select jsonb_array_elements_text(result.binding)"),
        **_bins(run, Decimal(amounts["highest"])),
    }


def _each(run: LineRun, part: str) -> dict[str, int]:
    """Count results by each entry of one of their lists."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select part.code, count(*) from credit_lineresult as result, lateral ({part}) as part(code) "  # noqa: S608
            "where result.run_id = %s group by part.code order by count(*) desc, part.code",
            [run.pk],
        )
        return dict(cursor.fetchall())


def _bins(run: LineRun, highest: Decimal) -> dict[str, Any]:
    """Count lines above 0 in at most fourteen equal bins; a bin holds its upper edge, as in "up to 100,000"."""
    width = next((one for one in WIDTHS if highest <= one * 14), WIDTHS[-1])
    with connection.cursor() as cursor:
        cursor.execute(
            "select ceil(line / %s)::int, count(*) from credit_lineresult where run_id = %s and line > 0 group by 1",
            [width, run.pk],
        )
        found = dict(cursor.fetchall())
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
    results = line_results_for(post).filter(run=run)
    if show in _SHOWN:
        results = results.filter(_SHOWN[show])
    if reason:
        results = results.filter(reasons__contains=[{"code": reason}])
    if grid:
        results = results.filter(grid_id=int(grid)) if grid.isdecimal() and len(grid) < 18 else results.none()
    if place.isdecimal() and len(place) < 4:
        width = Decimal(run.figures.get("width", "10000"))
        results = results.filter(line__gt=width * int(place), line__lte=width * (int(place) + 1))
    return results.order_by(*SORTS.get(filters.get("sort", ""), ("subject_id",)))


_SHOWN = {"line": Q(line__gt=0), "zero": Q(line=0), "missing": Q(line__isnull=True)}


def unfiled(post: Post, run: LineRun, grid: str = "") -> QuerySet[Any]:
    """Return the active households of a run without any accepted file at its instant (待建档)."""
    households = active_households(run).filter(scope(post))
    if grid:
        households = households.filter(grid_id=int(grid)) if grid.isdecimal() and len(grid) < 18 else households.none()
    return households.filter(~Exists(LineResult.objects.filter(run=run, subject=OuterRef("pk")))).order_by("pk")


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


# --- The check that comes free ------------------------------------------------------------------------------------


def differences(result: LineResult) -> list[str]:
    """Recompute a stored result from its own inputs; return the names of fields that differ, none when all is well."""
    run = result.run
    bound = bound_model(run)
    expected = facts.outcome(bound.evaluate(result.inputs["facts"]), facts.beside(bound.model))
    wrong = [name for name, value in expected.items() if getattr(result, name) != value]
    digest = facts.inputs_digest(
        result.inputs["facts"],
        model=run.model.sha256,
        parameters=run.bases.sha256 if run.bases else "",
        as_of=business_day(run.as_of),
    )
    return wrong + (["inputs_hash"] if digest != result.inputs_hash else [])
