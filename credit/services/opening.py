"""Opening a round: asked for by two people, done once by the opener's process, merged in the same transaction (Design, 5a)."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, jobs
from config.lib.crypto import Unreadable
from config.lib.models import JobRun
from credit import sealing
from credit.domain import proof
from credit.domain.opinions import Opinion, OpinionError
from credit.domain.rules import RoundRules
from credit.models import OpeningRequest, Round, Sheet, SheetProof, SheetSubject
from credit.models import Opinion as OpinionRow
from credit.selectors.rounds import opening_request, rules_of
from credit.services import sheet_pages, supplement
from credit.services.computing import compute
from customers.services import milestones
from grids.access import Post, PostKind, Staff
from grids.services import Refused

JOB = "open_round"
MAY_ASK = (PostKind.BRANCH_MANAGER, PostKind.APPROVER)


class BrokenSheetError(Exception):
    """A sealed sheet does not open or does not say what a sheet of this round says; names its place, never its content."""


@transaction.atomic
def ask(*, by: Staff, post: Post, round: Round) -> OpeningRequest:
    """Ask for the opening of a round, the first of two people."""
    round = _locked(round)
    _check_ready(round, post)
    try:
        with transaction.atomic():
            request = OpeningRequest.objects.create(
                institution_id=round.institution_id,
                grid_id=round.grid_id,
                round=round,
                asked_by=by,
                asked_at=clock.now(),
            )
    except IntegrityError as error:
        if "one_living_opening_request" not in str(error):
            raise
        raise Refused(_("已有人申请开启，等第二人同意")) from error
    _record(by, post, "opening_asked", round)
    return request


@transaction.atomic
def take_back(*, by: Staff, post: Post, round: Round) -> None:
    """Take back one's own request while nobody has seconded it."""
    round = _locked(round)
    request = opening_request(round)
    if request is None or request.asked_by_id != by.pk or request.seconded_by_id is not None:
        raise Refused(_("没有您可以收回的开启申请"))
    request.cancelled_at = clock.now()
    request.save(update_fields=["cancelled_at"])
    _record(by, post, "opening_taken_back", round)


@transaction.atomic
def second(*, by: Staff, post: Post, round: Round) -> JobRun:
    """Agree to the opening, the second of two people: the assessment ends at once and the opener is sent.

    Locks the round: a sealing under way is waited for and counts, a later one finds the assessment over.
    """
    round = _locked(round)
    _check_ready(round, post)
    request = opening_request(round)
    if request is None:
        raise Refused(_("还没有人申请开启"))
    if request.asked_by_id == by.pk:
        raise Refused(_("开启要由两个人同意，请另一位办理"))
    request.seconded_by, request.seconded_at = by, clock.now()
    request.save(update_fields=["seconded_by", "seconded_at"])
    round.stage, round.stage_since = Round.Stage.OPENING, clock.now()
    round.save(update_fields=["stage", "stage_since"])
    _record(by, post, "opening_seconded", round)
    return _start(round, by, post)


@transaction.atomic
def again(*, by: Staff, post: Post, round: Round) -> JobRun:
    """Send the opener again after a run that was lost or cancelled; the two who asked stand."""
    round = _locked(round)
    if post.kind not in MAY_ASK or round.stage != Round.Stage.OPENING:
        raise Refused(_("这一轮不在开启中"))
    return _start(round, by, post)


def _start(round: Round, by: Staff, post: Post) -> JobRun:
    try:
        return jobs.start(
            kind=JOB,
            key=f"round-{round.pk}",
            institution_id=round.institution_id,
            asked_by_id=by.pk,
            asked_post_id=post.pk,
            parameters={"round": round.pk},
        )
    except jobs.AlreadyRunning as running:
        return running.run


def missing_sheets(round: Round) -> list[Sheet]:
    """Return the sheets that still count and are not sealed."""
    return list(Sheet.objects.filter(round=round, state__in=(Sheet.State.OPEN, Sheet.State.TYPED)).order_by("number"))


def _check_ready(round: Round, post: Post) -> None:
    if post.kind not in MAY_ASK:
        raise Refused(_("由支行行长或业务审批岗申请开启"))
    if round.stage != Round.Stage.ASSESS:
        raise Refused(_("这一轮不在评议中"))
    if round.due_on >= clock.today() and missing_sheets(round):
        raise Refused(_("还没到截止日期，所有评议表封存或免交后才能提前开启"))
    if not Sheet.objects.filter(round=round, state=Sheet.State.SEALED).exists():
        raise Refused(_("还没有封存的评议表"))


def _locked(round: Round) -> Round:
    return Round.objects.select_for_update(of=("self",)).select_related("grid__branch").get(pk=round.pk)


def _record(by: Staff, post: Post, verb: str, round: Round, **detail: Any) -> None:
    audit.record(staff=by, post_id=post.pk, verb=verb, about="round", about_id=round.pk, detail=detail)


# --- The opener's part ---------------------------------------------------------------------------------------------------


def plan(run: JobRun) -> list[jobs.Chunk]:
    """One round is one chunk: it opens whole or not at all."""
    return [jobs.Chunk({"round": run.parameters["round"]})]


def open_round(run: JobRun, payload: dict[str, int]) -> None:
    """Open every sealed sheet of a round, write event, opinions, photos, milestones and decisions in one transaction.

    Runs as the opener's role, in the opener's process. Nothing it raises or logs holds an opinion.
    """
    round = Round.objects.get(pk=payload["round"])
    rules = rules_of(round)
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.open_round(%s, %s)", [round.pk, now])
        sealed = cursor.fetchall()
    roster = list(SheetSubject.objects.filter(round=round, is_assessable=True).select_related("subject"))
    grid_of = {row.subject_id: row.grid_id for row in roster}
    opinions: dict[int, list[Opinion]] = {row.subject_id: [] for row in roster}
    rows: list[OpinionRow] = []
    private: Callable[[bytes], bytes] = _unwrapper(round.pk)
    for sheet_id, sheet_uuid, number, blob, wrapped, _opener_key in sealed:
        answers = _read(round, rules, set(opinions), sheet_uuid, number, blob, private(bytes(wrapped)))
        _keep_pages(round, sheet_id, sheet_uuid, number, private(bytes(wrapped)))
        for subject_id, opinion in answers.items():
            opinions[subject_id].append(opinion)
            rows.append(
                OpinionRow(
                    institution_id=round.institution_id,
                    grid_id=grid_of[subject_id],
                    recorded_grid_id=grid_of[subject_id],
                    round=round,
                    sheet_id=sheet_id,
                    subject_id=subject_id,
                    kind=opinion.kind.value,
                    amount=opinion.amount,
                    reasons=list(opinion.reasons),
                    score=opinion.score,
                )
            )
    OpinionRow.objects.bulk_create(rows, batch_size=1000)
    _prove(round, rows)
    milestones.reach_all(
        "assessed",
        subjects=[row.subject for row in roster if any(opinion.is_valid for opinion in opinions[row.subject_id])],
        at=now,
    )
    if round.parent_id is None:
        compute(round=round, rules=rules, opinions=opinions, grid_of=grid_of)
    else:
        supplement.merge(round, grid_of)
    round.stage, round.stage_since, round.opened_at = Round.Stage.DECIDE, now, now
    round.save(update_fields=["stage", "stage_since", "opened_at"])
    if round.parent_id is not None:
        # What it was for is done: the decisions are those of the round it supplements.
        round.stage, round.closed_at = Round.Stage.CLOSED, now
        round.save(update_fields=["stage", "closed_at"])


def _prove(round: Round, rows: list[OpinionRow]) -> None:
    """Write down the hash of what each sheet said, in the transaction of the opening (``credit/domain/proof.py``)."""
    said: dict[int, dict[int, dict[str, object]]] = {}
    for row in rows:
        said.setdefault(row.sheet_id, {})[row.subject_id] = proof.said(row.kind, row.amount, row.reasons, row.score)
    SheetProof.objects.bulk_create(
        SheetProof(
            institution_id=round.institution_id,
            grid_id=round.grid_id,
            sheet_id=sheet_id,
            sha256=proof.fingerprint(proof.content(opinions)),
        )
        for sheet_id, opinions in said.items()
    )


def _unwrapper(round_id: int) -> Callable[[bytes], bytes]:
    known: dict[bytes, bytes] = {}

    def unwrap(wrapped: bytes) -> bytes:
        if wrapped not in known:
            try:
                known[wrapped] = sealing.unwrap_round_key(round_id, wrapped)
            except Unreadable as error:
                raise BrokenSheetError(f"round {round_id}: {error}") from None
        return known[wrapped]

    return unwrap


def _read(
    round: Round, rules: RoundRules, roster: set[int], sheet_uuid: Any, number: int, blob: bytes, private: bytes
) -> dict[int, Opinion]:
    """Return what a sheet says, verified; ``from None`` keeps a wrong value out of every log."""
    try:
        answers = sealing.open_sheet(private, round.pk, sheet_uuid, bytes(blob))
        if set(answers) != roster:
            raise BrokenSheetError(f"sheet {number} of round {round.pk} is about other households")
        found = {subject_id: Opinion.from_document(answer) for subject_id, answer in answers.items()}
        for opinion in found.values():
            opinion.check_against(reason_codes=rules.reason_codes, limit=rules.largest, score_form=rules.score)
    except (Unreadable, OpinionError, TypeError, KeyError, ValueError):
        raise BrokenSheetError(f"sheet {number} of round {round.pk} does not open") from None
    return found


def _keep_pages(round: Round, sheet_id: int, sheet_uuid: Any, number: int, private: bytes) -> None:
    """Keep the photos of a paper sheet; one that does not open stops the opening, as a sheet does."""
    try:
        sheet_pages.keep_opened(round=round, sheet_id=sheet_id, sheet_uuid=sheet_uuid, private=private)
    except Unreadable:
        raise BrokenSheetError(f"pages of sheet {number} of round {round.pk} do not open") from None


def finish(run: JobRun) -> dict[str, Any]:
    """Say that it happened; figures of a round are on its page."""
    return {"round": run.parameters["round"]}


def abandon(run: JobRun) -> None:
    """Let a round whose opening failed go back to assessment: a sheet that does not open can be withdrawn and replaced."""
    now = clock.now()
    moved = Round.objects.filter(pk=run.parameters["round"], stage=Round.Stage.OPENING).update(
        stage=Round.Stage.ASSESS, stage_since=now
    )
    if moved:
        OpeningRequest.objects.filter(round_id=run.parameters["round"], cancelled_at__isnull=True).update(
            cancelled_at=now
        )
