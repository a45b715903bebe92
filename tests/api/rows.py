"""One row of every noun of the API in Liu Village, and any number of them, written as the owner of the database."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from config.lib import clock, releases
from config.lib.models import JobRun, Release, StoredFile
from config.lib.weeks import Week
from credit.models import Application, Decision, DecisionStep, LineResult, LineRun, Round, Sheet
from customers.domain import economics
from customers.models import (
    Business,
    Consent,
    Household,
    HouseholdEvent,
    ListEntry,
    Profile,
    ProfileCheck,
    RosterImport,
    Unit,
    Visit,
)
from customers.services.facts import keep_facts
from grids.models import Branch, Grid, Staff
from reporting.models import ReportRow, SamplePlan, WeeklyReport
from tests.credit.files import canonical
from tests.customers.builders import make_business, make_household, make_unit
from tests.forms import SHIPPED
from tests.world import SINCE, World

SCHEMES = Path(settings.BASE_DIR) / "credit" / "schemes"

_places: dict[str, int] = {}


def _next(name: str) -> int:
    _places[name] = _places.get(name, 0) + 1
    return _places[name]


def _place(home: Household) -> dict[str, Any]:
    return {"institution": home.institution, "grid": home.grid, "recorded_grid": home.grid, "subject_id": home.pk}


def household(world: World, grid: Grid | None = None) -> Household:
    """A household with three members."""
    return make_household(grid or world.liu, f"A{_next('household'):05d}")


def business(world: World) -> Business:
    """A shop in Liu Village."""
    return make_business(world.liu, f"小卖部{_next('business')}")


def unit(world: World) -> Unit:
    """A school in Liu Village."""
    return make_unit(world.liu, f"小学{_next('unit')}")


def consent(world: World, home: Household | None = None) -> Consent:
    """What a household agreed to on a visit of Chen."""
    seen = visit(world, home)
    return Consent.objects.create(
        institution_id=seen.institution_id,
        grid_id=seen.grid_id,
        recorded_grid_id=seen.grid_id,
        subject_id=seen.subject_id,
        visit=seen,
        notice_version=1,
        scopes=["collection"],
        how="spoken",
        given_at=seen.device_at,
        taken_by=world.chen,
    )


def visit(world: World, home: Household | None = None) -> Visit:
    """A visit of Chen."""
    home = home or household(world)
    at = clock.now()
    return Visit.objects.create(
        **_place(home),
        client_uuid=uuid4(),
        content_hash="",
        campaign=world.campaign,
        lead=world.chen,
        outcome="interviewed",
        device_at=at,
        received_at=at,
        needs=[{"kind": "production_loan", "amount": "30000.00"}],
    )


def profile(world: World, home: Household | None = None) -> Profile:
    """A submitted revision."""
    home = home or household(world)
    clean = canonical(home)
    made = visit(world, home)
    written = Profile.objects.create(
        **_place(home),
        visit=made,
        number=Profile.objects.filter(subject_id=home.pk).count() + 1,
        document=clean,
        document_hash=economics.digest(clean),
        collector=world.chen,
        submitted_at=made.received_at,
    )
    keep_facts(written, None)
    return written


def check(world: World) -> ProfileCheck:
    """Deng's verdict on a file of Chen."""
    made = profile(world)
    return ProfileCheck.objects.create(
        institution=made.institution,
        grid=made.grid,
        recorded_grid=made.grid,
        subject=made.subject,
        profile=made,
        checker=world.deng,
        verdict="accepted",
        remarks=[{"path": "", "text": "已核对"}],
        checked_at=clock.now(),
    )


def list_entry(world: World) -> ListEntry:
    """A proposal of Chen."""
    return ListEntry.objects.create(
        **_place(household(world)), colour="grey", reason="overdue", proposed_by=world.chen, proposed_at=clock.now()
    )


def household_event(world: World) -> HouseholdEvent:
    """A household of Liu Village that is to leave, proposed by Chen."""
    return HouseholdEvent.objects.create(
        **_place(household(world)), kind="leave", on=clock.today(), reason="全家迁出", effects={"why": "moved"},
        needs_giving=True, needs_receiving=False, proposed_by=world.chen, proposed_at=clock.now(),
    )  # fmt: skip


def release(world: World, kind: str, document: Any) -> Release:
    """A released document."""
    return releases.publish(
        institution_id=world.bank.pk,
        kind=kind,
        document=document,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def village_round(world: World, stage: str = "closed") -> Round:
    """A round of Liu Village, over unless its stage says otherwise."""
    return Round.objects.create(
        institution=world.bank,
        grid=world.liu,
        name="刘家村",
        owner=world.gao,
        due_on=clock.today() + timedelta(days=7),
        stage=stage,
    )


def sheets(made: Round) -> None:
    """Three paper sheets of a round that is being prepared."""
    people = list(Staff.objects.order_by("pk")[:2])
    for number in (1, 2, 3):
        Sheet.objects.create(
            institution=made.institution,
            grid=made.grid,
            round=made,
            number=number,
            mode="paper",
            assessor_name=f"评{number}",
            typist=people[0],
            confirmer=people[1],
        )


def decision(world: World) -> Decision:
    """A merged decision with the officer's step."""
    home = household(world)
    made = Decision.objects.create(
        **_place(home),
        round=village_round(world),
        outcome="merged",
        merged_amount=Decimal(40000),
        product_cap=Decimal(200000),
        headroom=Decimal(300000),
        proposed_amount=Decimal(40000),
        binding=["merged"],
        trace={"merge": []},
        created_at=clock.now(),
    )
    DecisionStep.objects.create(
        **_place(home),
        decision=made,
        number=1,
        verb="propose",
        amount=Decimal(40000),
        staff=world.chen,
        post_kind="officer",
        taken_at=clock.now(),
    )
    return made


def line_result(world: World) -> LineResult:
    """A published result."""
    run = LineRun.objects.filter(institution=world.bank).first()
    if run is None:
        job = JobRun.objects.create(
            institution=world.bank, kind="compute_lines", key="x", state="done", queued_at=clock.now()
        )
        run = LineRun.objects.create(
            institution=world.bank,
            run=job,
            model=release(world, "credit_model", json.loads((SCHEMES / "s1_hunan.json").read_text("utf-8"))),
            as_of=clock.now(),
            published_at=clock.now(),
            published_by=world.jiang,
        )
    made = profile(world)
    return LineResult.objects.create(
        institution=made.institution,
        grid=made.grid,
        recorded_grid=made.grid,
        subject=made.subject,
        profile=made,
        run=run,
        line=Decimal(20140),
        score=Decimal(78),
        grade_place=1,
        status=0,
        reason_bits=bytes(8),
        inputs_hash=uuid4(),
    )


def report(world: World) -> WeeklyReport:
    """A frozen week with a line of the bank, of the East branch and of Liu Village."""
    week = Week.containing(date(2026, 1, 5) + timedelta(days=7 * _next("week")))
    made = WeeklyReport.objects.create(
        institution=world.bank,
        campaign=world.campaign,
        iso_year=week.year,
        iso_week=week.number,
        starts_on=week.first_day,
        cut_at=week.ends_at,
        frozen_at=week.ends_at,
        rows_hash="0" * 64,
    )
    lines: tuple[tuple[str, Any, Branch | None], ...] = (
        ("total", world.bank, None),
        ("branch", world.east, None),
        ("grid", world.liu, world.east),
    )
    for order, (level, unit, parent) in enumerate(lines, start=1):
        ReportRow.objects.create(
            report=made,
            level=level,
            unit_id=unit.pk,
            parent_id=parent.pk if parent else None,
            name=unit.name,
            roster=405,
            order=order,
        )
    return made


def plan(world: World) -> SamplePlan:
    """A sample plan that is not drawn yet."""
    return SamplePlan.objects.create(
        institution=world.bank,
        number=_next("plan"),
        title="四季度抽查",
        quarter="2026Q4",
        confidence_pct=95,
        tolerable_pct=5,
        expected_pct=1,
        rules=release(world, "audit_rules", {"x": 1}),
        planned_by=world.kang,
    )


def run(world: World, asked_by: Staff | None = None) -> JobRun:
    """A living run Chen asked for."""
    return JobRun.objects.create(
        institution=world.bank,
        kind="test",
        key=f"run-{_next('run')}",
        asked_by=asked_by or world.chen,
        queued_at=clock.now(),
    )


def roster(world: World) -> RosterImport:
    """A roster file of the East branch that was checked."""
    number = _next("roster")
    file = StoredFile.objects.create(
        institution=world.bank,
        kind="roster",
        name="名册.csv",
        content_type="text/csv",
        size=1,
        sha256=f"{number:064d}",
        storage_key=f"roster/{number}",
        stored_by=world.chen,
    )
    return RosterImport.objects.create(
        institution=world.bank,
        branch=world.east,
        file=file,
        file_sha256=file.sha256,
        file_name=file.name,
        source="派出所",
        obtained_on=SINCE,
        state="checked",
        uploaded_by=world.chen,
        summary={"rows": 3, "totals": {"new": 1}, "errors": {}, "warnings": {"id_missing": 1}},
    )


def form(world: World) -> Release:
    """A form in force, under a key of its own."""
    return releases.publish(
        institution_id=world.bank.pk,
        kind="form",
        key=f"form{_next('form')}",
        document=json.loads((SHIPPED / "farm_household.json").read_text("utf-8")),
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def application(world: World) -> Application:
    """An application of a household of Liu Village that Chen received."""
    found = release(world, "application_rules", shipped_rules())
    line_rules = release(world, "round_rules", {"line": {}})
    home = household(world)
    return Application.objects.create(
        **_place(home), channel="counter", mode="model", purpose="planting", amount=Decimal(50000), months=24, rules=found,
        line_rules=line_rules, settings={"line": {"product_cap": "200000"}}, received_by=world.chen, received_at=clock.now(),
        stage_since=clock.now(), due_on=clock.today(), owner=world.chen,
    )  # fmt: skip


def shipped_rules() -> Any:
    """The shipped rules of applications."""
    path = Path(settings.BASE_DIR) / "credit" / "parameters" / "applications.json"
    return json.loads(path.read_text("utf-8"))[0]["document"]
