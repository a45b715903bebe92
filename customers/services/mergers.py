"""A village that becomes part of another: proposed by the administrator, confirmed for both branches, carried out by the database."""

from datetime import date
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction

from config.lib import audit, clock
from customers.models import GridMerger, HouseholdEvent
from customers.services.life import LifeRefusedError, refusal
from grids.access import Grid

State = HouseholdEvent.State


def propose(*, staff: Any, post_id: int | None, from_grid: Grid, to_grid: Grid, on: date, reason: str) -> GridMerger:
    """Propose that one village becomes part of another; nothing moves before both branch managers confirm."""
    if not reason.strip():
        raise LifeRefusedError("reason_missing")
    if from_grid.pk == to_grid.pk or from_grid.kind != to_grid.kind:
        raise LifeRefusedError("same_village")
    if on > clock.today():
        raise LifeRefusedError("future")
    try:
        with transaction.atomic():
            merger = GridMerger.objects.create(
                institution_id=staff.institution_id,
                from_grid=from_grid,
                to_grid=to_grid,
                on=on,
                reason=reason.strip()[:200],
                proposed_by=staff,
                proposed_at=clock.now(),
            )
    except IntegrityError as error:
        if "one_grid_merger_waits" in str(error):
            raise LifeRefusedError("merger_waits") from error
        raise
    _record(staff, post_id, "grid_merger_propose", merger)
    return merger


def confirm(*, staff: Any, post_id: int | None, merger: GridMerger) -> str:
    """Confirm for every side whose village the manager answers for; returns ``done`` once everything moved."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select acc.settle_grid_merger(%s)", [merger.pk])
            state = str(cursor.fetchone()[0])
            _record(staff, post_id, "grid_merger_confirm", merger, state=state)
    except DatabaseError as error:
        raise refusal(error) from error
    return state


def refuse(*, staff: Any, post_id: int | None, merger: GridMerger, answer: str) -> None:
    """Refuse a merger of one's village, with an answer."""
    if not answer.strip():
        raise LifeRefusedError("answer")
    _end(staff, post_id, merger, State.REFUSED, answer.strip()[:200])


def withdraw(*, staff: Any, post_id: int | None, merger: GridMerger) -> None:
    """Take back one's own proposal while it waits."""
    _end(staff, post_id, merger, State.WITHDRAWN, "")


def _end(staff: Any, post_id: int | None, merger: GridMerger, state: str, answer: str) -> None:
    with transaction.atomic():
        held = GridMerger.objects.select_for_update(of=("self",)).get(pk=merger.pk)
        if held.state != State.PROPOSED:
            raise LifeRefusedError("settled")
        if (state == State.WITHDRAWN) != (held.proposed_by_id == staff.pk):
            raise LifeRefusedError("own" if state == State.REFUSED else "unknown")
        held.state, held.ended_by, held.ended_at, held.answer = state, staff, clock.now(), answer
        held.save(update_fields=["state", "ended_by", "ended_at", "answer"])
        _record(staff, post_id, "grid_merger_refuse" if answer else "grid_merger_withdraw", held)


def _record(staff: Any, post_id: int | None, verb: str, merger: GridMerger, **more: str) -> None:
    audit.record(
        staff=staff,
        verb=verb,
        about="grid_merger",
        about_id=merger.pk,
        detail={"from": merger.from_grid_id, "to": merger.to_grid_id, **more},
        post_id=post_id,
    )
