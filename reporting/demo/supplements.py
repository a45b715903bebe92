"""Supplements of the demo county: one is being assessed, one was opened and merged into its round."""

from datetime import datetime, timedelta

from config.lib import clock, jobs
from credit.models import Round, SheetSubject
from credit.selectors.supplements import waiting_for_opinions
from credit.services import opening, rounds, sheets, supplement
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import Assessors, acting, clock_at


def hold(organisation: Organisation, assessors: Assessors, morning: datetime) -> int:
    """Begin a supplement in two of the villages being decided where households wait for opinions; return how many."""
    deciding = Round.objects.filter(stage=Round.Stage.DECIDE, parent__isnull=True).select_related("grid").order_by("pk")
    held = [round for round in deciding if waiting_for_opinions(round)][:2]
    for place, round in enumerate(held):
        _hold(organisation, assessors, round, morning - timedelta(days=1), is_opened=place == 1)
    return len(held)


def _hold(organisation: Organisation, assessors: Assessors, parent: Round, asked: datetime, *, is_opened: bool) -> None:
    manager = organisation.managers[parent.grid.branch_id]
    typist, confirmer = organisation.officers[parent.grid.branch_id][:2]
    with clock_at(asked), acting(manager) as post:
        round = supplement.ask(
            by=manager,
            post=post,
            parent=parent,
            subjects=list(waiting_for_opinions(parent)),
            due_on=clock.today() + timedelta(days=6),
            because="意见不够或相差太大，请邻村两位熟悉情况的人再评",
        )
        papers = [
            rounds.add_paper_sheet(
                by=manager, post=post, round=round, assessor_name=assessors.name(), typist=typist, confirmer=confirmer
            )
            for _ in range(2)
        ]
        rounds.start_round(by=manager, post=post, round=round)
    subjects = sorted(SheetSubject.objects.filter(round=round).values_list("subject_id", flat=True))
    with clock_at(asked + timedelta(hours=6)):
        for sheet, answers in zip(papers if is_opened else papers[:1], assessors.answers(subjects), strict=False):
            sheet.refresh_from_db()
            with acting(typist) as post:
                for subject, answer in answers.items():
                    sheets.save_cell(sheet=sheet, subject_id=subject, version=0, answer=answer)
                note = "演示数据，没有纸质原件"
                sheets.hand_over(by=typist, post=post, sheet=sheet, blanks_are_unknown=True, note=note)
            sheet.refresh_from_db()
            with acting(confirmer) as post:
                sheets.seal(by=confirmer, post=post, sheet=sheet, blanks_are_unknown=True)
    if not is_opened:
        return
    approver = organisation.approvers[0]
    with clock_at(asked + timedelta(hours=8)):
        with acting(manager) as post:
            opening.ask(by=manager, post=post, round=round)
        with acting(approver) as post:
            run = opening.second(by=approver, post=post, round=round)
        jobs.drive_run(run.pk)
    run.refresh_from_db()
    if run.state != run.State.DONE:
        raise RuntimeError(f"opening of {round} ended as {run.state}: {run.error}")
