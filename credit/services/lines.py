"""Runs of a credit model: started, computed chunk by chunk, published by another person, withdrawn (Semantics, section 6)."""

import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, jobs, releases
from config.lib.jobs import Chunk
from config.lib.models import JobRun, Release
from config.lib.weeks import business_day
from credit.domain import facts
from credit.domain.model import Model, ParameterError
from credit.models import LineRun
from credit.selectors import lines
from customers.selectors import checked
from grids.access import Branch, Grid, Staff
from grids.services import Refused

if TYPE_CHECKING:
    from grids.models import Institution

KIND = "compute_lines"
CHUNK = 500
"""Households of one chunk: a tenth of a second of work, so that a cancel or a killed worker costs little."""


def start_line_run(
    *,
    institution: "Institution",
    model_key: str,
    asked_by: Staff | None,
    post_id: int | None = None,
    branch: Branch | None = None,
    grid: Grid | None = None,
    as_of: datetime | None = None,
    send: bool = True,
) -> LineRun:
    """Start computing the lines of a village, of a branch and below, or of the whole institution.

    ``as_of``: the instant of the inputs, files accepted later do not count; without it the instant at which the worker
    looks. Raises Refused when model or parameters cannot be used, ``jobs.AlreadyRunning`` while the same run lives.
    """
    day = business_day(as_of) if as_of else clock.today()
    release, bases = _versions(institution, model_key, day)
    place = grid.name if grid else branch.name if branch else institution.short_name
    mark = f"（{grid.division_code or grid.pk}）" if grid else ""
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
    if missing := facts.unsourced(model):
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


# --- The work of a run --------------------------------------------------------------------------------------------


def plan_chunks(run: JobRun) -> Iterator[Chunk]:
    """Fix what a run computes from: one look at the files decides the revision of every household; chunks are ranges of households.

    Files are immutable, so whoever works on a chunk, and however often, computes from the same facts.
    """
    line_run = LineRun.objects.select_related("branch").get(run=run)
    if not run.parameters.get("as_of"):
        line_run.as_of = clock.now()
    rows = checked.accepted_at(lines.active_households(line_run), line_run.as_of)
    files = [profile for _subject, profile in rows if profile is not None]
    line_run.figures = {"households": len(rows), "unfiled": len(rows) - len(files)}
    LineRun.objects.filter(pk=line_run.pk).update(as_of=line_run.as_of, figures=line_run.figures)
    for start in range(0, len(files), CHUNK):
        part = files[start : start + CHUNK]
        yield Chunk({"profiles": part}, len(part))


def compute_chunk(run: JobRun, payload: dict[str, list[int]]) -> None:
    """Compute one chunk and write one result for each of its households."""
    line_run = LineRun.objects.select_related("model", "bases").get(run=run)
    bound = lines.bound_model(line_run)
    shown = facts.beside(bound.model)
    day = business_day(line_run.as_of)
    parameters = line_run.bases.sha256 if line_run.bases else ""
    files = checked.checked_revisions(payload["profiles"])
    findings = lines.findings_at([file.subject_id for file in files], line_run.as_of)
    rows = []
    for one in files:
        file = facts.File(
            one.document,
            one.number,
            business_day(one.submitted_at),
            business_day(one.checked_at),
            findings.get(one.subject_id),
        )
        inputs = facts.stored_inputs(bound.model, file)
        digest = facts.inputs_digest(inputs["facts"], model=line_run.model.sha256, parameters=parameters, as_of=day)
        found = facts.outcome(bound.evaluate(inputs["facts"]), shown)
        place = (one.institution_id, one.grid_id, one.grid_id, one.subject_id, one.profile_id)
        rows.append(_row(line_run.pk, *place, digest, inputs, *(found[name] for name in _FOUND)))
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy credit_lineresult ({', '.join((*_COLUMNS, *_FOUND))}) from stdin", StringIO("".join(rows))
        )


_COLUMNS = (
    "run_id", "institution_id", "grid_id", "recorded_grid_id", "subject_id", "profile_id", "inputs_hash", "inputs",
)  # fmt: skip
_FOUND = ("line", "shown", "score", "grade", "reasons", "binding")


def _row(*values: Any) -> str:
    """One line of COPY's text format. Documents hold no raw tab or line end, only escaped ones, and so nothing else needs care."""
    return "\t".join(map(_cell, values)) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    return text.replace("\\", "\\\\")


def finish_run(run: JobRun) -> LineRun:
    """Write the figures of a run whose households are all computed."""
    line_run = LineRun.objects.get(run=run)
    line_run.figures = {**line_run.figures, **lines.measured(line_run)}
    LineRun.objects.filter(pk=line_run.pk).update(figures=line_run.figures)
    return line_run


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
