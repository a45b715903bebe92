"""Preparing a round: its people, the plan by day, the checklist (七个一), the village summary (村情)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import clock, releases
from config.lib.weeks import is_working_day
from config.lib.working_days import changes_of
from credit.domain.dayplan import MOST_TEAMS, TeamDay, proposed
from credit.models import Round, RoundDay, RoundPerson, RoundTask, SheetSubject, VillageSummary
from credit.services import stages
from grids.access import Post, PostKind, Staff
from grids.selectors.territory import seats_of
from grids.services import Refused

MAY_PREPARE = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
ROLES = tuple(RoundPerson.Role.values)
LONGEST_ANSWER = 2000


def seat_people(round: Round) -> None:
    """Take director and liaison of a new round from the village's seats, where one sits there."""
    found = {one["kind"].code: one["now"] for one in seats_of(round.grid)}
    for role in ROLES:
        if seats := found.get(role):
            person = seats[0].staff
            RoundPerson.objects.create(
                institution_id=round.institution_id,
                grid_id=round.grid_id,
                round=round,
                role=role,
                staff=person,
                name="" if person else seats[0].outside_name,
            )


@transaction.atomic
def name_people(
    *, by: Staff, post: Post, round: Round, owner: Staff, people: Mapping[str, tuple[Staff | None, str]]
) -> None:
    """Name the owner of a round, its director and its liaison: a member of staff, or somebody by name; nobody at all is allowed."""
    round = _open(post, round, (PostKind.BRANCH_MANAGER,))
    if round.owner_id != owner.pk:
        round.owner = owner
        round.save(update_fields=["owner"])
    for role, (staff, name) in people.items():
        rows = RoundPerson.objects.filter(round=round, role=role)
        if staff is None and not name.strip():
            rows.delete()
            continue
        told = {"staff": staff, "name": "" if staff else name.strip()}
        if not rows.update(**told):
            RoundPerson.objects.create(
                institution_id=round.institution_id, grid_id=round.grid_id, round=round, role=role, **told
            )
    stages.record(by, post, "round_people_named", round, owner=owner.pk)


# --- The plan by day ----------------------------------------------------------------------------------------------------


def propose_plan(*, by: Staff, post: Post, round: Round, first: date, teams: int, per_day: int, households: int) -> int:
    """Plan the village by day over the bank's working days, in place of an earlier plan; return how many days it takes."""
    if first < clock.today():
        raise Refused(_("第一天不能早于今天"))
    changes = changes_of(round.institution_id)
    try:
        plan = proposed(
            households=households,
            teams=teams,
            per_day=per_day,
            first=first,
            works=lambda day: is_working_day(day, changes),
        )
    except ValueError as error:
        raise Refused(_("按这些数字排不出计划，请改小组数或每天户数")) from error
    _replace(by, post, round, plan)
    return len({one.on for one in plan})


def save_plan(*, by: Staff, post: Post, round: Round, plan: Iterable[TeamDay]) -> None:
    """Save a plan as a manager changed it: days without households are dropped."""
    wanted = [one for one in plan if one.households]
    if any(one.households > 200 or not 1 <= one.team <= MOST_TEAMS for one in wanted):
        raise Refused(_("一个小组一天最多排 200 户"))
    if len({(one.on, one.team) for one in wanted}) != len(wanted):
        raise Refused(_("同一个小组在同一天排了两次"))
    _replace(by, post, round, wanted)


@transaction.atomic
def _replace(by: Staff, post: Post, round: Round, plan: Iterable[TeamDay]) -> None:
    round = _open(post, round)
    RoundDay.objects.filter(round=round).delete()
    rows = [
        RoundDay(
            institution_id=round.institution_id,
            grid_id=round.grid_id,
            round=round,
            on=one.on,
            team=one.team,
            households=one.households,
        )
        for one in plan
    ]
    RoundDay.objects.bulk_create(rows)
    stages.record(
        by, post, "round_planned", round, days=len({row.on for row in rows}), households=sum(r.households for r in rows)
    )


# --- The checklist ------------------------------------------------------------------------------------------------------


@transaction.atomic
def tick_village(*, by: Staff, post: Post, round: Round, done: Iterable[str]) -> None:
    """Say which points of the village's part are done; one that is taken off is no longer."""
    round = _open(post, round)
    release = releases.in_force(round.institution_id, "round_tasks", clock.today())
    _tick(by, round, release, None, {one["code"] for one in release.document["village"]}, set(done))
    stages.record(by, post, "round_tasks_ticked", round, households=0)


@transaction.atomic
def tick_households(
    *, by: Staff, post: Post, round: Round, shown: Iterable[int], done: Mapping[int, Iterable[str]]
) -> None:
    """Say of the households of one page which points are done at each; others are left as they are."""
    round = _open(post, round)
    release = releases.in_force(round.institution_id, "round_tasks", clock.today())
    codes = {one["code"] for one in release.document["household"]}
    listed = set(SheetSubject.objects.filter(round=round, subject__in=list(shown)).values_list("subject_id", flat=True))
    rows = RoundTask.objects.filter(round=round, subject__in=listed, code__in=codes)
    have = set(rows.values_list("subject_id", "code"))
    want = {(subject, code) for subject in listed for code in done.get(subject, ()) if code in codes}
    for row in rows:
        if (row.subject_id, row.code) not in want:
            row.delete()
    RoundTask.objects.bulk_create(
        [_task(by, round, release, subject, code) for subject, code in sorted(want - have)], batch_size=500
    )
    stages.record(by, post, "round_tasks_ticked", round, households=len(listed))


def _tick(by: Staff, round: Round, release: Any, subject: int | None, codes: set[str], done: set[str]) -> None:
    rows = RoundTask.objects.filter(round=round, subject=subject, code__in=codes)
    have = set(rows.values_list("code", flat=True))
    rows.exclude(code__in=done).delete()
    RoundTask.objects.bulk_create(_task(by, round, release, subject, code) for code in sorted((done & codes) - have))


def _task(by: Staff, round: Round, release: Any, subject: int | None, code: str) -> RoundTask:
    return RoundTask(
        institution_id=round.institution_id,
        grid_id=round.grid_id,
        round=round,
        subject_id=subject,
        code=code,
        checklist=release,
        done_on=clock.today(),
        done_by=by,
    )


# --- The village summary ------------------------------------------------------------------------------------------------


@transaction.atomic
def write_summary(*, by: Staff, post: Post, round: Round, answers: Mapping[str, str]) -> VillageSummary:
    """Write what is known of the village by the questions in force; every saving is an edition of its own."""
    round = _open(post, round)
    release = releases.in_force(round.institution_id, "village_summary", clock.today())
    document: dict[str, Any] = {}
    for question in release.document["questions"]:
        text = answers.get(question["code"], "").strip()[:LONGEST_ANSWER]
        if text and question["kind"] == "whole":
            if not text.isascii() or not text.isdigit() or len(text) > 12:
                raise Refused(_("“%(question)s”请填整数") % {"question": question["zh"]})
            document[question["code"]] = int(text)
        elif text:
            document[question["code"]] = text
    if not document:
        raise Refused(_("还没有填写内容"))
    number = VillageSummary.objects.filter(round=round).count() + 1
    made = VillageSummary.objects.create(
        institution_id=round.institution_id,
        grid_id=round.grid_id,
        round=round,
        number=number,
        form=release,
        document=document,
        written_by=by,
    )
    stages.record(by, post, "round_summary_written", round, number=number)
    return made


def _open(post: Post, round: Round, kinds: Iterable[str] = MAY_PREPARE) -> Round:
    round = stages.locked(round)
    if post.kind not in kinds:
        raise Refused(_("由客户经理或支行行长办理"))
    if round.stage == Round.Stage.CLOSED:
        raise Refused(_("这一轮已结束"))
    return round
