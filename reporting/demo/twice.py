"""People filed twice in the demo county: what the nightly sweep finds, a merge that waits, one that stands and one that was undone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from config.lib.acting import job_frame
from customers import access
from customers.domain import names
from customers.domain.identity import make_phone
from customers.models import Person, PersonMerge, PersonToken, SimilarCase
from customers.services import duplicates, identity
from customers.services.sweep import sweep
from grids.models import Grid, Staff
from reporting.demo.changes import Village, in_person, of_village, quiet_villages
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import clock_at

# Numbers of the demo's people count up from nothing; these are far away from them.
SHARED_PHONE, FAMILY_PHONE = 90_000_001, 90_000_002


def write(organisation: Organisation, villages: Sequence[Grid], now: datetime) -> dict[str, int]:
    """File some people twice, sweep once, and decide some of what was found; returns the open cases by kind."""
    here = quiet_villages(organisation, villages)[0]
    near = next(grid for grid in villages if grid.branch_id == here.grid.branch_id and grid.pk != here.grid.pk)
    there = of_village(organisation, near)
    _one_phone(here, 3, SHARED_PHONE, now)
    _one_phone(here, 2, FAMILY_PHONE, now)
    pairs = [_filed_again(here, there) for _ in range(4)]
    _filed_again(here, here, keeps_birth=False)
    with clock_at((now - timedelta(days=2)).replace(hour=2, minute=30)), job_frame(None, "demo"):
        found = sweep(organisation.bank.pk)
    manager, deputy = organisation.managers[here.grid.branch_id], organisation.deputies[here.grid.branch_id]
    # Left alone; waiting for the manager; standing; undone.
    waiting, standing, undone = pairs[1:]
    _ask(deputy, *waiting, now - timedelta(hours=20))
    _merge(manager, deputy, *standing, now - timedelta(hours=26))
    merge = _merge(deputy, manager, *undone, now - timedelta(hours=30))
    for step, who, hours, more in (
        (duplicates.ask_undo, manager, 24, {"reason": "核对身份证，是同名同日生的两个人"}),
        (duplicates.confirm_undo, deputy, 22, {}),
    ):
        _step(step, who, merge, now - timedelta(hours=hours), **more)
    case = SimilarCase.objects.filter(kind="phone", size=2, members__grid=here.grid).order_by("pk").first()
    if case is not None:
        with in_person(manager, now - timedelta(hours=21)) as post:
            found_case = access.open_similar_case(post, case.pk)
            duplicates.different(
                staff=manager, post_id=post.pk, case=found_case, reason="父子两户共用一部手机，已电话核实"
            )
    return found


def _one_phone(here: Village, households: int, sequence: int, now: datetime) -> None:
    for _ in range(households):
        _home, people = here.take(lambda members: len(members) >= 3)
        with in_person(here.officer, now - timedelta(days=3)) as post:
            person = Person.objects.get(pk=people[1].pk)
            identity.correct_phone(staff=here.officer, post_id=post.pk, person=person, phone=make_phone(sequence))


def _filed_again(here: Village, there: Village, *, keeps_birth: bool = True) -> tuple[Person, Person]:
    """File the child of one household in another one, as well, without an ID number; returns (filed again, filed before)."""
    _home, people = here.take(lambda members: any(one.relation in ("son", "daughter") for one in members))
    kept = next(one for one in people if one.relation in ("son", "daughter"))
    other, _people = there.take(lambda members: len(members) >= 3)
    born: date | None = kept.born_on if keeps_birth else None
    uuid: UUID = uuid5(kept.uuid, "filed again")
    again = Person.objects.create(
        institution_id=other.institution_id,
        grid_id=other.grid_id,
        household=other,
        uuid=uuid,
        name=kept.name,
        sort_key=names.sort_key(kept.name),
        relation=Person.Relation.OTHER,
        sex=kept.sex,
        born_on=born,
    )
    PersonToken.objects.bulk_create(
        PersonToken(institution_id=again.institution_id, grid_id=again.grid_id, person=again, token=token)
        for token in names.tokens(again.name)
    )
    return again, kept


def _ask(by: Staff, again: Person, kept: Person, at: datetime) -> PersonMerge:
    case = SimilarCase.objects.get(kind="name_birth", members__person=again)
    with in_person(by, at) as post:
        return duplicates.ask_merge(
            staff=by,
            post_id=post.pk,
            case=access.open_similar_case(post, case.pk),
            gone=access.open_person(post, again.pk),
            kept=access.open_person(post, kept.pk),
            reason="同一个人，父母户和现住户各登记了一次",
        )


def _merge(asks: Staff, confirms: Staff, again: Person, kept: Person, at: datetime) -> PersonMerge:
    merge = _ask(asks, again, kept, at)
    _step(duplicates.confirm_merge, confirms, merge, at + timedelta(hours=2))
    return merge


def _step(step: Any, who: Staff, merge: PersonMerge, at: datetime, **more: str) -> None:
    with in_person(who, at) as post:
        step(staff=who, post_id=post.pk, merge=access.open_person_merge(post, merge.pk), **more)
