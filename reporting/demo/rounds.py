"""Model lines and village rounds of the demo county: finished, being decided, being assessed, being prepared.

Everything passes through the services a person's request would use; only the rows of the sheets are written in bulk.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg2.extras import execute_values

from config.lib import jobs
from config.lib.acting import job_frame
from credit.domain.opinions import Opinion
from credit.domain.scores import ScoreForm
from credit.models import Decision, DraftCell, Round, Sheet
from credit.sealing import sheet_key, write_cell
from credit.selectors.decisions import standing_of, with_standing
from credit.selectors.rounds import rules_of
from credit.selectors.stages import blockers
from credit.services import bulk_decisions, decisions, lines, opening, rounds, sheets, stages
from customers.models import Profile
from grids.access import posts_of
from grids.models import Grid, Post, Staff
from reporting.demo import preparation
from reporting.demo.families import Registry
from reporting.demo.organisation import Organisation


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Rehearse: the product's clock shows this moment meanwhile."""
    before = settings.CLOCK_OFFSET_SECONDS
    settings.CLOCK_OFFSET_SECONDS = int((moment - timezone.now()).total_seconds())
    try:
        yield
    finally:
        settings.CLOCK_OFFSET_SECONDS = before


@contextmanager
def acting(staff: Staff) -> Iterator[Post]:
    """Write in the name of a person, with the owner's rights: rows of the past have no request of their own."""
    with job_frame(staff.pk, "demo", role="owner"):
        post = posts_of(staff).first()
        if post is None:
            raise ValueError(f"{staff.number} holds no post at this time")
        yield post


def compute_lines(organisation: Organisation, moment: datetime, grid: Grid | None = None) -> int:
    """Compute and publish the lines of a village, or of the whole bank, as of a moment; returns how many have one."""
    with clock_at(moment):
        with acting(organisation.approvers[0]) as post:
            run = lines.start_line_run(
                institution=organisation.bank,
                model_key="s1",
                asked_by=organisation.approvers[0],
                post_id=post.pk,
                grid=grid,
                as_of=moment,
                send=False,
            )
        jobs.drive_run(run.run_id)
        run.refresh_from_db()
        with acting(organisation.approvers[1]) as post:
            lines.publish_run(run=run, staff=organisation.approvers[1], post_id=post.pk)
    return int(run.figures.get("filed", 0))


class Assessors:
    """Gives three villagers' opinions on the households of a village."""

    def __init__(self, random: Random, registry: Registry) -> None:
        self.random, self.registry = random, registry

    def name(self) -> str:
        """Return the name of a villager who assesses."""
        return self.registry.person(self.registry.surname(), "户主", self.random.choice("MF"), 60).name

    def answers(self, subjects: Sequence[int]) -> list[dict[int, dict[str, object]]]:
        """Return three sheets: around a common view of each household's means, with unknowns, kin and refusals."""
        income = dict(Profile.objects.filter(subject_id__in=subjects).values_list("subject_id", "net_income"))
        found: list[dict[int, dict[str, object]]] = [{}, {}, {}]
        for subject in subjects:
            base = min(150_000, max(10_000, float(income.get(subject, 25_000)) * self.random.uniform(0.35, 0.9)))
            doubted = self.random.random() < 0.03
            for sheet in found:
                sheet[subject] = self._answer(base, doubted)
        return found

    def _answer(self, base: float, doubted: bool) -> dict[str, object]:
        chance = self.random.random()
        if chance < 0.035:
            return {"kind": "unknown"}
        if chance < 0.045:
            return {"kind": "recused"}
        if chance < 0.058 or (doubted and chance < 0.6):
            return {
                "kind": "refuse",
                "reasons": [self.random.choice(("poor_credit", "heavy_debts", "no_income", "long_absent"))],
            }
        step = 5_000 if base < 60_000 else 10_000
        amount = max(step, round(base * self.random.uniform(0.85, 1.18) / step) * step)
        return {"kind": "amount", "amount": f"{amount}.00"}

    def give_points(self, answers: dict[int, dict[str, object]], form: ScoreForm) -> None:
        """Let the assessor score some households he named an amount for: about as good as the amount says."""
        for subject, answer in answers.items():
            if answer["kind"] != "amount" or self.random.random() > 0.04:
                continue
            share = 0.7 + min(0.25, float(str(answer["amount"])) / 400_000)
            points = "".join(
                str(round(item.full * min(1.0, share * self.random.uniform(0.9, 1.1)))) for item in form.items
            )
            if form.amount_for(points) is not None:
                answers[subject] = Opinion.scored(points, form).as_document()


def hold(
    organisation: Organisation,
    assessors: Assessors,
    grid: Grid,
    started: datetime,
    upto: str,
    sealed: int = 3,
    own: int = 0,
) -> Round:
    """Hold the round of a village up to a stage: prepare, list, assess (with so many sheets sealed), decide, proposed, referred,
    notice, sign or closed.

    The last ``own`` of its three sheets are entered by villagers with a login of their own, who have not begun yet.
    """
    manager = organisation.managers[grid.branch_id]
    compute_lines(organisation, started - timedelta(days=1), grid)
    typist, confirmer = organisation.officers[grid.branch_id][:2]
    with clock_at(started), acting(manager) as post:
        held = rounds.create_round(
            by=manager, post=post, grid=grid, name=f"{grid.name}整村授信", due_on=started.date() + timedelta(days=12)
        )
        papers = [
            rounds.add_paper_sheet(
                by=manager, post=post, round=held, assessor_name=assessors.name(), typist=typist, confirmer=confirmer
            )
            for _ in range(3 - own)
        ]
        for _ in range(own):
            sheet, _password = rounds.add_own_sheet(by=manager, post=post, round=held, name=assessors.name())
            if sheet.assessor is not None:
                organisation.welcome(sheet.assessor)
        preparation.prepare(held, manager, post)
        if upto == "prepare":
            return held
        rounds.freeze_list(by=manager, post=post, round=held)
        if upto == "list":
            return held
        preparation.settle(held, manager, post)
        rounds.start_round(by=manager, post=post, round=held)
    held.refresh_from_db()
    _fill(assessors, papers[: max(sealed, 1)])
    with clock_at(started + timedelta(days=4)):
        for sheet in papers[:sealed]:
            _seal(sheet, typist, confirmer)
    if upto == "assess":
        return held
    with clock_at(started + timedelta(days=5)):
        _open(organisation, held, manager)
    if upto in ("proposed", "referred", *AFTER):
        with clock_at(started + timedelta(days=7)):
            _propose(held, organisation.officer_of[grid.pk])
    if upto == "referred":
        with clock_at(started + timedelta(days=8)), acting(manager) as post:
            for one in _left(held)[:25]:
                decisions.refer(by=manager, post=post, decision=one, seen=one.last_number, reason="首批，请上级审定")
    if upto in AFTER:
        with clock_at(started + timedelta(days=9)):
            _approve(organisation, held, manager)
            _onward(held, manager, upto)
    held.refresh_from_db()
    return held


def _fill(assessors: Assessors, papers: Sequence[Sheet]) -> None:
    """Write the rows of the sheets as their typist would have, in one statement a sheet."""
    subjects = list(DraftCell.objects.filter(sheet=papers[0]).values_list("subject_id", flat=True))
    form = rules_of(papers[0].round).score
    for sheet, answers in zip(papers, assessors.answers(sorted(subjects)), strict=False):
        if form is not None:
            assessors.give_points(answers, form)
        key = sheet_key(sheet.uuid)
        rows = [
            (sheet.pk, subject, write_cell(key, sheet.uuid, subject, 1, answer)) for subject, answer in answers.items()
        ]
        with connection.cursor() as cursor:
            execute_values(
                cursor.cursor,
                "update credit_draftcell as cell set value = given.value, version = 1 from (values %s) as given (sheet, subject, value) "
                "where cell.sheet_id = given.sheet and cell.subject_id = given.subject",
                rows,
                page_size=1000,
            )


def _seal(sheet: Sheet, typist: Staff, confirmer: Staff) -> None:
    sheet.refresh_from_db()
    with acting(typist) as post:
        note = "演示数据，没有纸质原件"
        sheets.hand_over(by=typist, post=post, sheet=sheet, blanks_are_unknown=True, note=note)
    sheet.refresh_from_db()
    with acting(confirmer) as post:
        sheets.seal(by=confirmer, post=post, sheet=sheet, blanks_are_unknown=True)


def _open(organisation: Organisation, held: Round, manager: Staff) -> None:
    with acting(manager) as post:
        opening.ask(by=manager, post=post, round=held)
    approver = organisation.approvers[0]
    with acting(approver) as post:
        run = opening.second(by=approver, post=post, round=held)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    if run.state != run.State.DONE:
        raise RuntimeError(f"opening of {held} ended as {run.state}: {run.error}")


def _propose(held: Round, officer: Staff) -> None:
    with acting(officer) as post:
        bulk_decisions.propose_many(by=officer, post=post, decisions=Decision.objects.filter(round=held))


def _approve(organisation: Organisation, held: Round, manager: Staff) -> None:
    """The branch signs within its authority and passes the rest on to the approver."""
    with acting(manager) as post:
        bulk_decisions.approve_many(by=manager, post=post, decisions=Decision.objects.filter(round=held))
        for one in _left(held):
            decisions.refer(by=manager, post=post, decision=one, seen=one.last_number)
        for one in _standing(held, "divergent"):
            if one.model_line is None:
                continue
            decisions.propose(
                by=manager,
                post=post,
                decision=one,
                amount=_lowest(one),
                seen=one.last_number or 0,
                reason=GROUP_REASON,
                members=GROUP,
            )
    approver = organisation.approvers[0]
    with acting(approver) as post:
        bulk_decisions.approve_many(by=approver, post=post, decisions=Decision.objects.filter(round=held))


AFTER = ("notice", "sign", "closed")
GROUP = "支行行长、客户经理、村书记"
GROUP_REASON = "评议意见相差大，支行集体商议后按较低意见核定"


def _onward(held: Round, manager: Staff, upto: str) -> None:
    """Take a decided round through publicity and signing; what others still have to do there stays open."""
    with acting(manager) as post:
        for stage in AFTER[: AFTER.index(upto) + 1]:
            held.refresh_from_db()
            if blockers([held], stage):
                return
            stages.move(by=manager, post=post, round=held, to=stage)


def _lowest(decision: Any) -> Decimal:
    """Return the lowest of the opinions that lie too far apart."""
    trace = decision.trace["merge"]["trace"]
    return Decimal(next(entry["values"]["lowest"] for entry in trace if entry["code"] == "spread_too_wide"))


def _left(held: Round) -> list[Any]:
    return _standing(held, "at_branch")


def _standing(held: Round, standing: str) -> list[Any]:
    return [one for one in with_standing(Decision.objects.filter(round=held)) if standing_of(one) == standing]
