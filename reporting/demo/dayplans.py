"""Plans of some officers of the demo county: of today, put by the manager and by themselves, and of their last day of visits."""

from datetime import date, datetime, time
from typing import Any

from config.lib import releases
from config.lib.clock import SHANGHAI
from customers.domain import dayplan
from customers.models import PlannedVisit, Visit
from customers.selectors import dayplans
from grids.models import Grid, Staff
from reporting.demo.organisation import Organisation

PUT, VISITED, VILLAGE = 3, 4, 6
BRANCHES = 3


def build(people: Organisation, now: datetime) -> int:
    """Write the plans; returns how many lines. What was done of them follows from the visits that stand."""
    today = now.astimezone(SHANGHAI).date()
    lines = 0
    for branch in people.branches[:BRANCHES]:
        for officer in people.officers[branch.pk]:
            lines += _officer(people, people.managers[branch.pk], officer, today)
    return lines


def _officer(people: Organisation, manager: Staff, officer: Staff, today: date) -> int:
    """A line put off from the last day of visits to today, three more and a village of the manager's for today, and what was visited."""
    mine = [pk for pk, one in people.officer_of.items() if one == officer]
    grids = list(Grid.objects.filter(pk__in=mine).defer("boundary").order_by("pk"))
    release = releases.in_force(people.bank.pk, dayplans.KIND, today)
    weights = dayplan.Weights.read(release.document)
    best = dayplan.ordered(dayplans.facts_of(people.bank.pk, grids).candidates, weights, on=today)[: PUT + 1]
    before = datetime.combine(today, time(), SHANGHAI)
    visits = list(Visit.objects.filter(lead=officer, device_at__lt=before).order_by("-device_at", "pk")[:VISITED])
    if len(best) <= PUT or not visits:
        return 0
    last = visits[0].device_at.astimezone(SHANGHAI).date()

    def line(on: date, position: int, put_by: Staff, **fields: Any) -> PlannedVisit:
        at = datetime.combine(on, time(7, 40), SHANGHAI)
        fields.setdefault("accepted_at", at if put_by == officer or on < today else None)
        return PlannedVisit(
            institution=people.bank, officer=officer, on=on, position=position, put_by=put_by, put_at=at, **fields
        )

    def place(one: Any) -> dict[str, Any]:
        return {
            "grid_id": one.grid_id,
            "recorded_grid_id": one.grid_id,
            "subject_id": one.subject_id,
        }

    put_off = line(
        last,
        VISITED + 1,
        manager,
        **place(best[PUT].candidate),
        postponed_to=today,
        postponed_at=datetime.combine(last, time(17), SHANGHAI),
        reason="下雨，路不好走",
    )
    done = {(visit.device_at.astimezone(SHANGHAI).date(), visit.subject_id): visit for visit in visits}
    rows = [
        line(on, position, manager, **place(visit)) for position, ((on, _pk), visit) in enumerate(done.items(), start=1)
    ]
    rows += [
        line(
            today,
            position,
            manager,
            **place(one.candidate),
            release=release,
            reasons=[reason.stored() for reason in one.reasons],
            note="" if position > 1 else "先看这一户",
        )
        for position, one in enumerate(best[:PUT], start=1)
    ]
    village = best[0].candidate.grid_id
    rows.append(line(today, PUT + 1, manager, grid_id=village, recorded_grid_id=village, wanted=VILLAGE))
    PlannedVisit.objects.bulk_create([put_off, *rows])
    follower = line(today, PUT + 2, officer, **place(best[PUT].candidate), follows=put_off)
    PlannedVisit.objects.bulk_create([follower])
    return len(rows) + 2
