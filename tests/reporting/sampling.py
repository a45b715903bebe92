"""Files to sample: households visited, filed and checked, and a plan over them, written as the owner of the database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from config.lib import clock, releases
from config.lib.models import Release
from customers.domain import economics
from customers.domain.form import read
from customers.models import Household, Profile, ProfileCheck, Visit
from customers.services.facts import keep_facts
from grids.models import Grid, Post, PostKind, Staff
from reporting.domain.inspection import Finding
from reporting.domain.quarters import Quarter
from reporting.models import Inspection, KinDeclaration, SampleItem, SamplePlan
from reporting.services import kin, samples, targeted
from reporting.services.samples import Entry
from tests.conftest import acting_as
from tests.customers.builders import document, make_household
from tests.forms import FARM
from tests.world import SINCE, World

RULES = json.loads(Path("reporting/parameters/audit_rules.json").read_text("utf-8"))


def release_rules(world: World) -> Release:
    """Release the rules the product comes with, signed by two."""
    return releases.publish(
        institution_id=world.bank.pk,
        kind="audit_rules",
        document=RULES,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def another_auditor(world: World, number: str = "kong", name: str = "孔明") -> Staff:
    """A second auditor of the whole bank."""
    staff, made = Staff.objects.get_or_create(
        number=number, defaults={"name": name, "institution": world.bank, "home_branch": world.head_office}
    )
    if made:
        Post.objects.create(staff=staff, kind=PostKind.AUDITOR, from_on=SINCE)
    return staff


def make_file(
    household: Household,
    *,
    collector: Staff,
    checker: Staff,
    partner: Staff | None = None,
    verdict: str = "accepted",
    at: datetime | None = None,
    number: int = 1,
    **changes: Any,
) -> Profile:
    """Write a visit, its revision and the second officer's verdict."""
    moment = at or clock.now()
    place = {
        "institution_id": household.institution_id,
        "grid_id": household.grid_id,
        "recorded_grid_id": household.grid_id,
        "subject_id": household.pk,
    }
    visit = Visit.objects.create(
        **place,
        client_uuid=uuid4(),
        content_hash="",
        lead=collector,
        partner=partner,
        outcome="interviewed",
        device_at=moment,
        received_at=moment,
    )
    clean, _problems = read(FARM, document(household, **changes), today=moment.date())
    profile = Profile.objects.create(
        **place,
        visit=visit,
        number=number,
        document=clean,
        document_hash=economics.digest(clean),
        collector=collector,
        submitted_at=moment,
    )
    keep_facts(profile, None)
    if verdict:
        ProfileCheck.objects.create(**place, profile=profile, checker=checker, verdict=verdict, checked_at=moment)
    return profile


def make_files(world: World, grid: Grid, count: int, *, first: int = 1, **more: Any) -> list[Profile]:
    """Write filed and checked households of a village."""
    people = {"collector": world.chen, "checker": world.deng} | more
    return [make_file(make_household(grid, f"{at:04d}"), **people) for at in range(first, first + count)]


@contextmanager
def auditing(staff: Staff) -> Any:
    """Act as an auditor under row security; yields his post."""
    with acting_as(staff, PostKind.AUDITOR) as post:
        yield post


def make_plan(world: World, *auditors: Staff, **changes: Any) -> SamplePlan:
    """Plan the running quarter of the whole bank, 95 / 20 / 5, by Kang."""
    rules = release_rules(world)
    fields: dict[str, Any] = {
        "title": "采集质量抽查",
        "quarter": str(Quarter.containing(clock.today())),
        "branches": [],
        "confidence_pct": Decimal(95),
        "tolerable_pct": Decimal(20),
        "expected_pct": Decimal(5),
        "auditors": auditors or (world.kang,),
        "rules": rules,
    }
    with auditing(world.kang) as post:
        return samples.make_plan(staff=world.kang, post=post, **(fields | changes))


def drawn_plan(world: World, *auditors: Staff, seed: str = "2026-lottery", **changes: Any) -> SamplePlan:
    """Plan and draw."""
    plan = make_plan(world, *auditors, **changes)
    with auditing(world.kang) as post:
        return samples.draw(staff=world.kang, post=post, plan=plan, seed=seed)


def declare_kin(staff: Staff, plan: SamplePlan, subject_id: int, relation: str = "sibling") -> KinDeclaration:
    """Declare a household as an auditor's kin's, by himself."""
    with auditing(staff) as post:
        return kin.declare(staff=staff, post=post, plan=plan, subject_id=subject_id, relation=relation)


def add_target(staff: Staff, plan: SamplePlan, subject_id: int, reason: str = "多户共用一个手机号") -> SampleItem:
    """Add a household to the targeted part of a drawn plan."""
    with auditing(staff) as post:
        return targeted.add(staff=staff, post=post, plan=plan, subject_id=subject_id, reason=reason)


def inspect_one(staff: Staff, item: SampleItem, **values: Decimal) -> None:
    """Inspect one item; its plan is read with its rules."""
    found = SampleItem.objects.select_related("plan__rules").get(pk=item.pk)
    with auditing(staff) as post:
        samples.inspect(staff=staff, post=post, item=found, entry=truth(found, values=values))


def tails_of(subject_id: int) -> dict[str, str]:
    """The last four characters of the head's numbers, as ``make_household`` gives them: an auditor cannot read them."""
    return dict.fromkeys(("id_tail", "phone_tail"), f"{subject_id * 10 % 10000:04d}")


def truth(item: SampleItem, **changes: Any) -> Entry:
    """What an auditor finds where the file is right."""
    values: dict[str, Any] = {
        "came": True,
        "members": Decimal(3),
        "land": Decimal(0),
        "gross_income": Decimal(70000),
        "liabilities": Decimal(30000),
    }
    fields: dict[str, Any] = {
        "method": "visit",
        "finding": Finding.MET,
        "found_on": date(2026, 11, 20),
        "values": values | changes.pop("values", {}),
        "tails": tails_of(item.subject_id) | changes.pop("tails", {}),
    }
    return Entry(**(fields | changes))


def inspect_all(world: World, plan: SamplePlan, *, wrong: int = 0) -> None:
    """Inspect every drawn item left; in the first ``wrong`` ones the income is found to be half."""
    items = list(
        SampleItem.objects.filter(plan=plan, is_targeted=False).select_related("plan__rules").order_by("order")
    )
    for at, item in enumerate(items):
        if Inspection.objects.filter(item=item).exists():
            continue
        entry = truth(item, values={"gross_income": Decimal(35000)} if at < wrong else {})
        with auditing(world.kang) as post:
            samples.inspect(staff=world.kang, post=post, item=item, entry=entry)


def sql(text: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run SQL on the test's connection, whatever role it acts under."""
    with connection.cursor() as cursor:
        cursor.execute(text, arguments)
        return list(cursor.fetchall()) if cursor.description else []


def a_plan(world: World) -> SamplePlan:
    """The one plan of a world, not drawn."""
    return SamplePlan.objects.order_by("pk").first() or make_plan(world)


def a_drawn_plan(world: World) -> SamplePlan:
    """The one plan of a world, drawn over a single household."""
    drawn = SamplePlan.objects.exclude(state=SamplePlan.State.PLANNED).order_by("pk").first()
    if drawn is None:
        make_files(world, world.liu, 1, first=9001)
        drawn = drawn_plan(world)
    return drawn


def a_concluded_plan(world: World) -> SamplePlan:
    """The one plan of a world, concluded."""
    plan = a_drawn_plan(world)
    if plan.state == SamplePlan.State.DRAWN:
        inspect_all(world, plan)
        with auditing(world.kang) as post:
            samples.conclude(staff=world.kang, post=post, plan=plan)
    return plan


def a_declaration(world: World) -> KinDeclaration:
    """A standing declaration of Kang's for a plan that is not drawn."""
    found = KinDeclaration.objects.filter(withdrawn_at=None, plan__state="planned").first()
    if found is None:
        home = make_household(world.liu, f"K{KinDeclaration.objects.count()}")
        found = declare_kin(world.kang, a_plan(world), home.pk)
    return found


@contextmanager
def refused() -> Iterator[None]:
    """Expect the database to refuse what is done inside."""
    with pytest.raises(DatabaseError), transaction.atomic():
        yield
