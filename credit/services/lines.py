"""Runs of a credit model: started, computed chunk by chunk, published by another person, withdrawn (Semantics, section 6)."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, jobs, releases
from config.lib.jobs import Chunk
from config.lib.models import JobRun, Release
from config.lib.weeks import business_day
from credit.domain import facts
from credit.domain.model import Model, ParameterError
from credit.models import LineRun, LineTally, VillageFigures
from credit.selectors import lines
from credit.selectors.line_batches import changed_since, facts_wanted, forget, scope_of, work_of
from credit.services.line_chunks import added_up
from customers.selectors import frozen
from customers.selectors.facts import register
from customers.selectors.frozen import Part, Scope
from grids.access import Branch, Grid, Staff
from grids.services import Refused

if TYPE_CHECKING:
    from grids.models import Institution

KIND = "compute_lines"
CHUNK = 8_192
"""Households of one chunk: a tenth of a second of work, so that a cancel or a killed worker costs little."""
OWN_TABLE = 50_000
"""From so many households on the results of a run lie in a table of their own."""


def start_line_run(
    *,
    institution: "Institution",
    model_key: str,
    asked_by: Staff | None,
    post_id: int | None = None,
    branch: Branch | None = None,
    grid: Grid | None = None,
    as_of: datetime | None = None,
    only_changed: bool = False,
    send: bool = True,
) -> LineRun:
    """Start computing the lines of a village, of a branch and below, or of the whole institution.

    ``as_of``: the instant of the inputs, files accepted later do not count; without it the instant at which the worker
    looks. ``only_changed`` leaves out whatever would compute to what is in force; without anything in force every household is
    computed. Raises Refused when model or parameters cannot be used, ``jobs.AlreadyRunning`` while the same run lives.
    """
    day = business_day(as_of) if as_of else clock.today()
    release, bases = _versions(institution, model_key, day)
    place = grid.name if grid else branch.name if branch else institution.short_name
    mark = f"（{grid.division_code or grid.pk}）" if grid else ""
    whole = grid is None and branch is None
    since = lines.base_of(institution.pk, model_key) if only_changed and whole else None
    mark += " △" if since is not None else ""
    with transaction.atomic():
        run = jobs.start(
            kind=KIND,
            key=f"{model_key.upper()} {place}{mark}",
            institution_id=institution.pk,
            asked_by_id=asked_by.pk if asked_by else None,
            asked_post_id=post_id,
            parameters={"model": str(release), "bases": str(bases or ""), "as_of": as_of.isoformat() if as_of else ""},
            send=send,
        )
        line_run = LineRun.objects.create(
            institution=institution,
            run=run,
            model=release,
            bases=bases,
            branch=None if grid else branch,
            grid=grid,
            since=since,
            asked_by=asked_by,
            as_of=as_of or clock.now(),
        )
        _record(asked_by, post_id, "lines_started", line_run, model=str(release))
    return line_run


def _versions(institution: "Institution", model_key: str, day: Any) -> tuple[Release, Release | None]:
    """Return model and county bases in force on a day, tried together, so that a run does not fail in every chunk."""
    try:
        release = releases.in_force(institution.pk, lines.MODEL_KIND, day, model_key)
    except releases.NotReleased as error:
        raise Refused(_("这个模型在当天还没有发布")) from error
    model = lines.model_of(release)
    if missing := facts.unsourced(model, register(institution.pk)):
        raise Refused(_("采集表里没有模型要用的数据：%(names)s") % {"names": ", ".join(missing)})
    bases = _bases(institution, model, day)
    try:
        lines.bind(release, bases)
    except ParameterError as error:
        raise Refused(_("模型参数不能用：%(error)s") % {"error": error}) from error
    return release, bases


def _bases(institution: "Institution", model: Model, day: Any) -> Release | None:
    if not model.parameters:
        return None
    try:
        return releases.in_force(institution.pk, lines.BASES_KIND, day, institution.county_code)
    except releases.NotReleased as error:
        if all(parameter.default is not None for parameter in model.parameters):
            return None
        raise Refused(_("本县的基数还没有发布")) from error


def start_nightly_runs(institution: "Institution") -> list[LineRun]:
    """Start a run over what changed for every model of an institution that has lines in force; one still living is left to end."""
    started = []
    for key, _model in lines.models_in_force(institution.pk):
        if lines.base_of(institution.pk, key) is None:
            continue
        try:
            started.append(start_line_run(institution=institution, model_key=key, asked_by=None, only_changed=True))
        except (Refused, jobs.AlreadyRunning):
            continue
    return started


# --- The work of a run --------------------------------------------------------------------------------------------


def plan_chunks(run: JobRun) -> Iterator[Chunk]:
    """Fix what a run computes from and cut its households into ranges.

    The instant is fixed once, and with it which revision of every file is trusted; files and their facts are immutable, so whoever
    works on a chunk, and however often, computes from the same. Village medians are computed here and kept. A large run over every
    household of its scope gets a table of its own.
    """
    line_run = LineRun.objects.select_related("branch", "model", "bases").get(run=run)
    if not run.parameters.get("as_of"):
        line_run.as_of = clock.now()
    line_run.seen = lines.transactions_ended()
    LineRun.objects.filter(pk=line_run.pk).update(as_of=line_run.as_of, seen=line_run.seen)
    scope = scope_of(line_run)
    _keep_medians(line_run, scope)
    parts = _parts(line_run, scope)
    if line_run.since_id is None and sum(count for _part, count in parts) >= OWN_TABLE:
        line_run.series = line_run.pk
        LineRun.objects.filter(pk=line_run.pk).update(series=line_run.series)
        with connection.cursor() as cursor:
            cursor.execute("select lib.open_results(%s)", [line_run.pk])
    forget(line_run)
    for number, (part, count) in enumerate(parts):
        payload: dict[str, Any] = {"number": number, "from": part.low, "to": part.high, "count": count}
        if part.only is not None:
            payload["only"] = list(part.only)
        yield Chunk(payload, count)


def _parts(run: LineRun, scope: Scope) -> list[tuple[Part, int]]:
    noted = changed_since(work_of(run)) if run.since_id is not None else None
    if noted is None:
        return frozen.parts(scope, CHUNK)
    changed = frozen.active_among(scope, noted)
    return [
        (Part(some[0], some[-1], tuple(some)), len(some))
        for start in range(0, len(changed), CHUNK)
        if (some := changed[start : start + CHUNK])
    ]


def _keep_medians(run: LineRun, scope: Scope) -> None:
    names = facts_wanted(work_of(run))
    if names:
        VillageFigures.objects.bulk_create(
            VillageFigures(institution_id=run.institution_id, run=run, grid_id=grid, medians=medians)
            for grid, medians in frozen.medians(scope, names).items()
        )
        forget(run)


def finish_run(run: JobRun) -> LineRun:
    """Put the results of a run in their place and write its figures; its households are all computed."""
    line_run = LineRun.objects.get(run=run)
    if line_run.series:
        with connection.cursor() as cursor:
            cursor.execute("select lib.close_results(%s)", [line_run.pk])
    tallies = list(LineTally.objects.filter(run=line_run).values_list("counts", flat=True))
    line_run.figures = lines.measured(added_up(tallies))
    LineRun.objects.filter(pk=line_run.pk).update(figures=line_run.figures)
    return line_run


def abandon_run(run: JobRun) -> None:
    """Remove what a large run wrote into its own table before it failed or was cancelled."""
    line_run = LineRun.objects.get(run=run)
    if line_run.series:
        with connection.cursor() as cursor:
            cursor.execute("select lib.drop_results(%s)", [line_run.pk])


# --- Publication --------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_run(*, run: LineRun, staff: Staff, post_id: int | None = None) -> LineRun:
    """Make the results of a finished run current; whoever asked for the run does not publish it."""
    locked = _locked(run)
    if locked.run.state != JobRun.State.DONE:
        raise Refused(_("计算还没有完成，不能发布"))
    if locked.published_at is not None:
        raise Refused(_("这次计算已经发布过"))
    if locked.asked_by_id == staff.pk:
        raise Refused(_("发起计算的人不能发布，请另一位审批人发布"))
    if not locked.figures.get("filed"):
        raise Refused(_("这次计算没有任何结果，不用发布"))
    locked.published_at, locked.published_by = clock.now(), staff
    locked.save(update_fields=["published_at", "published_by"])
    _record(staff, post_id, "lines_published", locked, results=locked.figures["filed"])
    return locked


@transaction.atomic
def withdraw_run(*, run: LineRun, staff: Staff, reason: str, post_id: int | None = None) -> LineRun:
    """Take a publication back: each of its households returns to what was published before."""
    locked = _locked(run)
    if locked.published_at is None:
        raise Refused(_("这次计算没有发布过"))
    if locked.withdrawn_at is not None:
        raise Refused(_("这次发布已经撤回"))
    if not reason.strip():
        raise Refused(_("撤回要写明理由"))
    locked.withdrawn_at, locked.withdrawn_by, locked.withdrawn_reason = clock.now(), staff, reason.strip()[:500]
    locked.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _record(staff, post_id, "lines_withdrawn", locked, reason=locked.withdrawn_reason)
    return locked


def _locked(run: LineRun) -> LineRun:
    return LineRun.objects.select_for_update(of=("self",)).select_related("run").get(pk=run.pk)


def _record(staff: Staff | None, post_id: int | None, verb: str, run: LineRun, **detail: Any) -> None:
    if staff is None:
        # The console started it: the run row itself keeps that nobody signed for it.
        return
    audit.record(staff=staff, verb=verb, about="line_run", about_id=run.pk, detail=detail, post_id=post_id)
