"""Changes in the life of households: proposed, confirmed on each side, carried out by the database in one transaction.

What a change does and who may confirm it is kept by ``acc.settle_household_event`` (``customers/sql/life.sql``); the pure rules it is
compared with stand in ``customers.domain.household_life``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction

from config.lib import audit, clock
from customers.domain import household_life as life
from customers.domain import names
from customers.domain.economics import Problem
from customers.domain.household_life import Change, Home
from customers.domain.identity import check_id, check_phone
from customers.models import Business, Household, HouseholdEvent, MoveRequest, Person, PersonToken, Unit
from customers.selectors.entities import HOMES
from customers.selectors.life import home_of, household_named
from customers.services import identity
from grids.access import Grid

State = HouseholdEvent.State


class LifeProblemsError(Exception):
    """The proposal is not complete or not possible; ``problems`` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class LifeRefusedError(Exception):
    """The step is refused as things stand; ``code`` says why (``customers.domain.life_words``). Nothing was changed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def reviewed(household: Household, change: Change, *, number: str = "") -> tuple[Change, Home, dict[str, Any]]:
    """Return a change with its household found, the household as it stands, and what will follow; raises LifeProblemsError.

    ``number`` is the household number on the receiving side, in the grid ``change.to_grid``.
    """
    home = home_of(household)
    if change.kind in life.RECEIVING and change.kind != "move" and change.to_grid is not None and number:
        found = household_named(change.to_grid, number)
        to_home, surname = found or (None, "")
        change = replace(change, to_home=to_home, completes=to_home is not None and not surname)
    problems = life.check(change, home, today=clock.today())
    if problems:
        raise LifeProblemsError(problems)
    return change, home, life.effects(change, home)


def propose(
    *, staff: Any, post_id: int | None, household: Household, change: Change, number: str = ""
) -> HouseholdEvent:
    """Propose a change; what needs no second person is carried out at once."""
    change, _home, told = reviewed(household, change, number=number)
    return _store(staff, post_id, household, change, told)


def move_entity(
    *, staff: Any, post_id: int | None, place: Business | Unit, to_grid: Grid, on: date, reason: str
) -> HouseholdEvent:
    """Propose that a business or unit moves to another grid; both sides confirm, as for a household."""
    change = Change(kind="move", on=on, reason=reason, to_grid=to_grid.pk)
    problems = life.check(change, home_of(place), today=clock.today())
    if to_grid.kind not in HOMES[place.subject.kind]:
        problems.append(Problem("grid", "grid_kind"))
    if problems:
        raise LifeProblemsError(problems)
    return _store(staff, post_id, place, change, {"subject": place.subject.kind})


def correct_person(
    *, staff: Any, post_id: int | None, household: Household, person: Person, reason: str, typed: Mapping[str, Any]
) -> HouseholdEvent:
    """Correct name, sex, birth date or phone of a member at once, with a reason; the former values stay in the history."""
    changed, problems = _corrections(person, typed)
    if not reason.strip():
        problems.append(Problem("reason", "reason_missing"))
    if not problems and not changed:
        problems.append(Problem("", "nothing_changed"))
    if problems:
        raise LifeProblemsError(problems)
    with transaction.atomic():
        change = Change(kind="identity", on=clock.today(), reason=reason, person=person.pk)
        event = _store(staff, post_id, household, change, {"fields": sorted(changed)})
        phone = changed.pop("phone", None)
        if changed:
            for field, value in changed.items():
                setattr(person, field, value)
            if "name" in changed:
                person.sort_key = names.sort_key(person.name)
                _retoken(person)
            person.save(update_fields=[*changed, "sort_key"])
        if phone is not None:
            identity.correct_phone(staff=staff, post_id=post_id, person=person, phone=phone)
    return event


def correct_number(
    *, staff: Any, post_id: int | None, household: Household, person: Person, reason: str, id_number: str
) -> HouseholdEvent:
    """Propose another ID number for a member; the branch manager confirms. It waits under the person's own data key."""
    read = check_id(id_number, today=clock.today(), sex=None)
    problems = [Problem("id_number", "id_wrong")] if not read.number or read.errors else []
    if not reason.strip():
        problems.append(Problem("reason", "reason_missing"))
    if problems:
        raise LifeProblemsError(problems)
    with transaction.atomic():
        sealed = identity.seal_number(person, read.number)
        change = Change(kind="identity", on=clock.today(), reason=reason, person=person.pk)
        return _store(staff, post_id, household, change, {"fields": ["id_number"]}, sealed)


def _corrections(person: Person, typed: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    changed: dict[str, Any] = {}
    problems = []
    name = names.normalise_name(typed.get("name") or "")
    if name != person.name:
        errors, _warnings = names.check_name(name)
        if errors:
            problems.append(Problem("name", "name_wrong"))
        changed["name"] = name
    if (typed.get("sex") or "") != person.sex:
        changed["sex"] = typed.get("sex") or ""
    born: date | None = typed.get("born_on")
    if born != person.born_on:
        if born is not None and born > clock.today():
            problems.append(Problem("born_on", "born_wrong"))
        changed["born_on"] = born
    if typed.get("phone"):
        found = check_phone(typed["phone"])
        if found.number:
            changed["phone"] = found.number
        else:
            problems.append(Problem("phone", "phone_wrong"))
    return changed, problems


def _retoken(person: Person) -> None:
    PersonToken.objects.filter(person=person).delete()
    PersonToken.objects.bulk_create(
        PersonToken(institution_id=person.institution_id, grid_id=person.grid_id, person=person, token=token)
        for token in names.tokens(person.name)
    )


def _store(
    staff: Any,
    post_id: int | None,
    household: Household | Business | Unit,
    change: Change,
    told: dict[str, Any],
    sealed: bytes | None = None,
) -> HouseholdEvent:
    """Write a checked proposal; settle it when nobody else is needed."""
    receives = change.kind in life.RECEIVING
    try:
        with transaction.atomic():
            event = HouseholdEvent.objects.create(
                institution_id=household.institution_id,
                grid_id=household.grid_id,
                recorded_grid_id=household.grid_id,
                subject_id=household.pk,
                kind=change.kind,
                person_id=change.person,
                to_subject_id=change.to_home if receives and change.kind != "move" else None,
                to_grid_id=change.to_grid if receives else None,
                on=change.on or clock.today(),
                reason=change.reason.strip()[:200],
                effects=told,
                sealed=sealed,
                needs_giving=change.kind in life.GIVING or sealed is not None,
                needs_receiving=receives,
                proposed_by=staff,
                proposed_at=clock.now(),
            )
            _record(staff, post_id, "household_event_propose", event)
            if not event.needs_giving and not event.needs_receiving:
                _settle(event)
    except IntegrityError as error:
        if "one_household_event_waits" in str(error):
            raise LifeRefusedError("waiting") from error
        raise
    return event


def _settle(event: HouseholdEvent) -> str:
    """Let the database confirm and carry out; its refusals come back by their code."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select acc.settle_household_event(%s)", [event.pk])
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        raise refusal(error) from error


def refusal(error: DatabaseError) -> Exception:
    """Return the refusal a procedure raised as ``life:<code>``, or the error itself."""
    _before, found, code = str(error).splitlines()[0].partition("life:")
    return LifeRefusedError(code.strip()) if found else error


def confirm(*, staff: Any, post_id: int | None, event: HouseholdEvent) -> str:
    """Confirm for every side the acting person answers for; returns ``done`` once it is carried out, else ``proposed``."""
    with transaction.atomic():
        state = _settle(event)
        if state == State.DONE and event.sealed is not None:
            person = Person.objects.select_for_update().get(pk=event.person_id or 0)
            try:
                with transaction.atomic():
                    number = identity.unseal_number(person, bytes(event.sealed))
                    identity.correct_id_number(staff=staff, post_id=post_id, person=person, id_number=number)
            except IntegrityError as error:
                raise LifeRefusedError("id_filed") from error
        _record(staff, post_id, "household_event_confirm", event, state=state)
    return state


def refuse(*, staff: Any, post_id: int | None, event: HouseholdEvent, answer: str) -> None:
    """Refuse another person's proposal, with an answer for him."""
    if not answer.strip():
        raise LifeRefusedError("answer")
    _end(staff, post_id, event, State.REFUSED, answer.strip()[:200])


def withdraw(*, staff: Any, post_id: int | None, event: HouseholdEvent) -> None:
    """Take back one's own proposal while it waits."""
    _end(staff, post_id, event, State.WITHDRAWN, "")


def _end(staff: Any, post_id: int | None, event: HouseholdEvent, state: str, answer: str) -> None:
    with transaction.atomic():
        held = HouseholdEvent.objects.filter(pk=event.pk).select_for_update(of=("self",)).get()
        if held.state != State.PROPOSED:
            raise LifeRefusedError("settled")
        if (state == State.WITHDRAWN) != (held.proposed_by_id == staff.pk):
            raise LifeRefusedError("own" if state == State.REFUSED else "unknown")
        held.state, held.ended_by, held.ended_at, held.answer = state, staff, clock.now(), answer
        held.save(update_fields=["state", "ended_by", "ended_at", "answer"])
        _record(staff, post_id, f"household_event_{'refuse' if state == State.REFUSED else 'withdraw'}", held)


def refuse_asked(*, staff: Any, post_id: int | None, request: MoveRequest) -> None:
    """Say no to what a roster asked: the member stays in his household. A later roster may ask again."""
    with transaction.atomic():
        settled = MoveRequest.objects.filter(pk=request.pk, state="open").update(state="refused")
        if not settled:
            raise LifeRefusedError("settled")
        audit.record(
            staff=staff,
            verb="move_request_refuse",
            about="move_request",
            about_id=request.pk,
            detail={"person": request.person_id, "to_household": request.to_household_id},
            post_id=post_id,
        )


def _record(staff: Any, post_id: int | None, verb: str, event: HouseholdEvent, **more: str) -> None:
    audit.record(
        staff=staff,
        verb=verb,
        about="household_event",
        about_id=event.pk,
        detail={"household": event.subject_id, "kind": event.kind, **more},
        post_id=post_id,
    )
