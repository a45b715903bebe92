"""Make and end contact plans. A plan that goes with a visit is fitted, never refused: it does not stand in the way of the visit."""

from typing import Any

from django.db import transaction

from config.lib import audit, clock
from config.lib.models import Release
from customers.domain import contacts
from customers.domain.contacts import Terms
from customers.domain.economics import Problem
from customers.models import Business, ContactPlan, Household, Unit, Visit
from customers.selectors.contacts import kept_of, rules_of
from customers.selectors.visits import people_of

Place = Household | Business | Unit


class ContactRefusedError(Exception):
    """The plan cannot be kept; ``problems`` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def make(*, staff: Any, post_id: int | None, place: Place, terms: Terms) -> ContactPlan:
    """Agree how a subject is kept in touch with from now on; the newest plan counts. Raises ContactRefusedError."""
    members = {one.pk for one in people_of(place)}
    rules, release = rules_of(place.institution_id, clock.today())
    found = contacts.problems(terms, rules, members=members, today=clock.today())
    if found:
        raise ContactRefusedError(found)
    return _write(staff, post_id, place, contacts.fitted(terms, rules, members=members, today=clock.today()), release)


def make_with_visit(*, staff: Any, post_id: int | None, place: Place, visit: Visit, terms: Terms) -> ContactPlan:
    """Agree it at the end of a visit that found nobody to talk to, as far as it can be kept."""
    members = {one.pk for one in people_of(place)}
    rules, release = rules_of(place.institution_id, clock.today())
    kept = contacts.fitted(terms, rules, members=members, today=clock.today())
    return _write(staff, post_id, place, kept, release, visit)


def _write(
    staff: Any, post_id: int | None, place: Place, terms: Terms, release: Release | None, visit: Visit | None = None
) -> ContactPlan:
    with transaction.atomic():
        plan = ContactPlan.objects.create(
            **_where(place),
            visit=visit,
            why=terms.why,
            way=terms.way,
            contact_id=terms.contact,
            returns_on=terms.returns_on,
            next_on=terms.next_on,
            release=release,
            made_by=staff,
            made_at=clock.now(),
        )
        _record(staff, post_id, "contact_plan_make", plan, why=plan.why, way=plan.way)
    return plan


def end(*, staff: Any, post_id: int | None, place: Place, how: str) -> None:
    """Say that no plan is needed any more: reached, back, or dropped; nothing happens where none is in force."""
    if how not in contacts.ENDS:
        raise ContactRefusedError([Problem("ended", "contact_why_missing")])
    with transaction.atomic():
        standing = kept_of(place.pk, place.institution_id).plan
        if standing is None:
            return
        plan = ContactPlan.objects.create(
            **_where(place), why=standing.why, ended=how, made_by=staff, made_at=clock.now()
        )
        _record(staff, post_id, "contact_plan_end", plan, ended=how)


def _where(place: Place) -> dict[str, Any]:
    return {
        "institution_id": place.institution_id,
        "grid_id": place.grid_id,
        "recorded_grid_id": place.grid_id,
        "subject_id": place.pk,
    }


def _record(staff: Any, post_id: int | None, verb: str, plan: ContactPlan, **detail: str) -> None:
    audit.record(
        staff=staff, verb=verb, about="contact_plan", about_id=plan.pk, detail={"subject": plan.subject_id, **detail}, post_id=post_id
    )  # fmt: skip
