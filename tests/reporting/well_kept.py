"""A bank in which something of everything happened and every rule of integrity holds."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any

from config.lib import clock, files, jobs
from config.lib.acting import job_frame
from config.lib.models import StoredFile
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from config.lib.weeks import Week
from credit.models import Decision, LineResult, LineRun
from credit.services import applications, decisions, signing
from credit.services.directions import ask
from credit.services.handing import hand_over
from credit.services.lines import publish_run
from customers.domain import names, uscc
from customers.domain.contacts import Terms
from customers.domain.household_life import Change
from customers.models import Household, Person, PersonToken, PlannedVisit, RosterImport
from customers.services import dayplans, life
from customers.services.checks import check_profile
from customers.services.lists import confirm, propose
from customers.services.visits import submit_visit
from grids.models import Digest, Grid, Post, PostKind, Seat, Staff
from grids.services import absences, devices, staff_files, trainings, transfers
from grids.services import staff as people
from reporting.models import SamplePlan
from reporting.services import samples
from reporting.services.weekly import freeze_week
from tests.conftest import acting_as
from tests.credit import applying, coresnapshots, posting, signings, village
from tests.credit import files as lines
from tests.credit.test_populations import frozen
from tests.credit.test_trials import tried
from tests.customers import guarding
from tests.customers.builders import make_business, make_household, make_unit, release_parameters, submission
from tests.reporting.sampling import (
    add_target,
    another_auditor,
    auditing,
    declare_kin,
    inspect_all,
    inspect_one,
    make_plan,
)
from tests.world import SINCE, World


def visited(world: World, number: str) -> Household:
    """A household Chen visited and filed and Deng checked."""
    home = make_household(world.liu, number)
    with acting_as(world.chen) as post:
        stored = submit_visit(
            staff=world.chen, post_id=post.pk if post else None, place=home, submission=submission(home)
        )
    assert stored.profile is not None
    with job_frame(world.deng.pk, "test"):
        check_profile(staff=world.deng, post_id=None, profile=stored.profile, verdict="accepted", remarks=[])
    return home


def computed(world: World) -> LineRun:
    """Lines of the filed households, published by another."""
    lines.release_models(world)
    run = lines.started(world, asked_by=world.mo)
    jobs.drive_run(run.run_id)
    run = LineRun.objects.get(pk=run.pk)
    publish_run(run=run, staff=world.jiang)
    result = LineResult.objects.filter(run=run).select_related("run__model", "run__bases").latest("pk")
    with acting_as(world.chen) as post:
        assert post is not None
        hand_over(by=world.chen, post=post, result=result, language="en")
    return run


def tried_out(world: World) -> None:
    """A frozen population, a trial on it and the check of its directions."""
    frozen(world)
    with acting_as(world.mo):
        check = ask(trial=tried(world, base_income="60000"), staff=world.mo, post_id=None, send=False)
    jobs.drive_run(check.run_id)


def decided(world: World) -> village.Village:
    """A round that was opened, one household of it granted, one granted and withdrawn."""
    made = village.started(world, 3)
    for person in Person.objects.filter(household_id__in=made.households):
        PersonToken.objects.bulk_create(
            PersonToken(institution_id=world.bank.pk, grid_id=person.grid_id, person=person, token=token)
            for token in names.tokens(person.name)
        )
    heads = coresnapshots.number_people(*made.households)
    coresnapshots.in_force(world, coresnapshots.row(next(iter(heads.values())), "J1", outstanding="20000"))
    for place in range(3):
        village.fill(made, place, {subject: village.amount("4") for subject in made.households})
        village.seal(made, place)
    village.open_sheets(made)
    for subject in made.households[:2]:
        decision = Decision.objects.get(subject_id=subject)
        amount = Decimal(40_000)
        with acting_as(world.chen) as post:
            assert post is not None
            decisions.propose(by=world.chen, post=post, decision=decision, amount=amount, seen=0)
        with acting_as(world.gao) as post:
            assert post is not None
            decisions.approve(by=world.gao, post=post, decision=decision, amount=amount, seen=1)
    with acting_as(world.jiang) as post:
        assert post is not None
        last = Decision.objects.get(subject_id=made.households[1])
        decisions.withdraw(by=world.jiang, post=post, decision=last, seen=2, reason="迁出")
    return made


def publicised(world: World, made: village.Village) -> None:
    """The third household is refused; the first is shown, spoken against, and stays as it was."""
    last = Decision.objects.get(subject_id=made.households[2])
    with acting_as(world.chen) as post:
        assert post is not None
        decisions.propose(by=world.chen, post=post, decision=last, amount=Decimal(10_000), seen=0)
    with acting_as(world.gao) as post:
        assert post is not None
        decisions.refuse(by=world.gao, post=post, decision=last, seen=1, reason="收入不稳定")
    posting.release_rules(world)
    posting.consent(world, made.households[0])
    posting.move(world, made.round, "notice")
    notice = posting.confirm(world, posting.prepare(world, made.round))
    posting.settled(world, posting.taken(world, posting.objected(world, notice, made.households[0])), is_upheld=False)


def applied(world: World) -> None:
    """An application that was investigated, proposed and granted, with a document."""
    applying.release_rules(world)
    homes = [visited(world, number) for number in ("A900", "A901")]
    for home in homes:
        home.refresh_from_db()
        applying.agree(world, home)
    application = applying.proposed(world, homes[0])
    add = {"kind": "income", "content": b"%PDF-1.7", "name": "x.pdf"}
    other = applying.receive(world, homes[1])
    applying.act(applications.add_document, world.chen, application=other, **add)
    applying.act(
        decisions.approve,
        world.gao,
        decision=applying.decision_of(application),
        amount=Decimal(10_000),
        seen=1,
        reason="x",
    )
    line_signed(world, homes[0])


def line_signed(world: World, home: Household) -> None:
    """The line of an application put off once, then signed, carded, and drawn by the next snapshot."""
    signings.release_rules(world)
    Household.objects.filter(pk=home.pk, borrower=None).update(borrower=home.head)
    decision = Decision.objects.select_related("subject").get(subject_id=home.pk, application__isnull=False)
    sign = {"decision": decision, "mode": "counter"}
    signings.act(signing.sign, world.chen, **sign, outcome="later", reason="papers", seen=0)
    made = signings.act(signing.sign, world.chen, **sign, outcome="signed", contract="ZY2026-0001", seen=1)
    signings.act(signing.issue_card, world.chen, signing=made)
    who = Household.objects.get(pk=home.pk).borrower_id
    number = coresnapshots.number_people(home.pk, first=500)[who or 0]
    row = coresnapshots.row(number, "ZY2026-0001", outstanding="5000", 整村授信="是")
    coresnapshots.confirm(world, coresnapshots.upload(world, row, correction="补用信"), "核对过")


def changed(world: World, home: Household) -> None:
    """A sudden change, proved by Chen and confirmed by Gao."""
    guarding.release_guard(world)
    guarding.filed(world, home, assets=guarding.house(400000))
    guarding.prove(world, home)
    guarding.settle(world.gao, home)


def listed(world: World, home: Household) -> None:
    """An entry proposed by one and confirmed by another."""
    release_parameters(world)
    entry = propose(
        staff=world.chen, post_id=None, household=home, person=None, colour="grey", reason="overdue", note=""
    )
    confirm(staff=world.gao, post_id=None, entry=entry)


def lived(world: World) -> Household:
    """A household whose grandparents died or founded a household of their own, as Chen proposed and Gao confirmed."""
    family = (
        ("孙一", "head", "M", 1970),
        ("孙二", "son", "M", 1995),
        ("孙三", "father", "M", 1945),
        ("孙四", "mother", "F", 1947),
    )
    home = make_household(world.wang, "L001", family)
    people = {person.relation: person.pk for person in Person.objects.filter(household=home)}
    for change in (
        Change(kind="death", on=clock.today(), reason="病故", person=people["father"]),
        Change(kind="split", on=clock.today(), reason="分家", people=(people["mother"],), head=people["mother"]),
    ):
        with acting_as(world.chen) as post:
            event = life.propose(staff=world.chen, post_id=post.pk if post else None, household=home, change=change)
    with acting_as(world.gao) as post:
        life.confirm(staff=world.gao, post_id=post.pk if post else None, event=event)
    return home


def planned(world: World, home: Household) -> None:
    """A visit the manager put on Chen's day and Chen put off."""
    today = clock.today()
    with acting_as(world.gao) as post:
        dayplans.put(
            staff=world.gao, post_id=post.pk if post else None, officer=world.chen, on=today, subjects=[home.subject],
            reasons={}, release=None,
        )  # fmt: skip
    with acting_as(world.chen) as post:
        row = PlannedVisit.objects.get()
        dayplans.postpone(
            staff=world.chen, post_id=post.pk if post else None, row=row, to=today + timedelta(days=1), reason="下雨"
        )


def kept_in_touch(world: World, home: Household) -> None:
    """A household that is away, with a plan of how it is reached."""
    with acting_as(world.chen) as post:
        submit_visit(
            staff=world.chen, post_id=post.pk if post else None, place=home,
            submission=submission(home, outcome="away", consent="", document=None, contact=Terms(why="away", way="phone")),
        )  # fmt: skip


def imported(world: World) -> RosterImport:
    """A roster that was written, with its sealed original."""
    content = "户号,姓名\n1,刘一\n".encode()
    stored = files.store_sealed(
        content=BytesIO(content),
        name="original.csv",
        kind=StoredFile.Kind.ROSTER,
        institution_id=world.bank.pk,
        stored_by_id=world.chen.pk,
    )
    figures = {"new": 2, "unchanged": 1, "changed": 0, "listed": 0, "left": 0}
    people = {"people_new": 5, "people_unchanged": 2, "people_changed": 1, "people_left": 0, "moves": 0}
    return RosterImport.objects.create(
        institution=world.bank,
        branch=world.east,
        file=stored,
        file_sha256=sha256(content).hexdigest(),
        file_name="original.csv",
        source="乡镇",
        obtained_on=clock.today(),
        state="written",
        uploaded_by=world.chen,
        confirmed_by=world.gao,
        confirmed_at=clock.now(),
        summary={
            "households": 3,
            "people": 8,
            "totals": figures | people,
            "villages": {str(world.liu.pk): figures | people},
        },
    )


def audited(world: World, near: Household) -> SamplePlan:
    """A plan with kin of its auditors declared before the draw and after, and a targeted household, inspected and concluded."""
    kong = another_auditor(world)
    plan = make_plan(world, world.kang, kong)
    declare_kin(world.kang, plan, near.pk)
    with auditing(world.kang) as post:
        samples.draw(staff=world.kang, post=post, plan=plan, seed="well-kept")
    late = plan.items.order_by("order").first()
    assert late is not None
    declare_kin(world.kang, plan, late.subject_id)
    inspect_one(kong, late)
    # The kin's household may be looked at for a reason, by the other auditor.
    inspect_one(kong, add_target(world.kang, plan, near.pk), gross_income=Decimal(35000))
    inspect_all(world, plan)
    with auditing(world.kang) as post:
        samples.conclude(staff=world.kang, post=post, plan=plan)
    plan.refresh_from_db()
    return plan


def signed(world: World) -> None:
    """A parameter drafted by one and released by another."""
    kind = find("visit_quotas")
    assert kind is not None
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind)
        asked = {"officer": {"days_per_week": 5, "households_per_week": 45}}
        drafts.save(by=world.mo, post_id=None, draft=draft, document=asked, note="加快", effective_on=None, seen=1)
        drafts.submit(by=world.mo, post_id=None, draft=draft)
    with acting_as(world.ning):
        drafts.release(by=world.ning, post_id=None, draft=draft)


def staffed(world: World) -> None:
    """A file of staff that one administrator sent and another confirmed."""
    bo = Staff.objects.create_user("bo", None, name="薄云", institution=world.bank, home_branch=world.head_office)
    held = Post.objects.create(staff=bo, kind=PostKind.ADMINISTRATOR, from_on=SINCE)
    content = BytesIO("工号,姓名,所在机构,岗位\nE9001,许诺,城西支行,客户经理".encode())
    file = staff_files.upload(by=world.an, post=world.an.posts.get(), content=content, name="x.csv")
    staff_files.confirm(file=file, by=bo, post=held)
    here = Grid.objects.create(
        institution=world.bank, branch=world.west, kind=Grid.Kind.VILLAGE, name="孙家村", division_code="370685002299"
    )
    Seat.objects.create(grid=here, kind=world.manager_seat, staff=world.fang, from_on=SINCE)
    new = Staff.objects.get(number="E9001")
    change = transfers.propose(
        by=world.an, post=world.an.posts.get(), staff=world.fang, kind="hand_over", to_branch=None, on=clock.today(),
        reason="x", successors={here.pk: new.pk},
    )  # fmt: skip
    assert transfers.confirm(transfer=change, by=world.he, post=world.he.posts.get()) == "done"
    absences.record(
        by=world.he, post=world.he.posts.get(), staff=world.fang, deputy=new, from_on=clock.today(),
        to_on=clock.today() + timedelta(days=3), reason="x",
    )  # fmt: skip
    equipped(world)


def equipped(world: World) -> None:
    """A device that was commissioned, used for a token, and lost; a mail that was sent; a training that was attended."""
    administrator = world.an.posts.get()
    session = trainings.announce(
        by=world.an, post=administrator, branch=None, title="x", kind="start", on=clock.today(), place="x", trainer="x",
        hours=Decimal(2), has_test=True,
    )  # fmt: skip
    trainings.invite(training=session, by=world.an, post=administrator, staff_ids=[world.fang.pk])
    for passed, reason in ((False, ""), (True, "补考")):
        said = trainings.Said(staff_id=world.fang.pk, state="attended", passed=passed, reason=reason)
        trainings.note(training=session, by=world.an, post=administrator, said=[said])
    device = devices.register(
        by=world.an, post=administrator, asset_number="P-1", kind="phone", model="x", serial="SN12345678"
    )
    held, code = devices.issue(device=device, staff=world.fang, by=world.an, post=administrator)
    held, _mark = devices.commission(staff=world.fang, code=code)
    people.create_token(staff=world.fang, post=world.fang.posts.get(), name="x", scope="read", days=30, device=held)
    devices.report_lost(issue=held, by=world.fang, post=None)
    at = clock.now()
    Digest.objects.create(staff=world.he, on=at.date(), kind="daily", state="sent", claimed_at=at, settled_at=at)


def build(world: World) -> dict[str, Any]:
    """Write all of it; return what the tests name."""
    release_parameters(world)
    signed(world)
    homes = [visited(world, f"W{number:03d}") for number in range(1, 5)]
    run = computed(world)
    tried_out(world)
    changed(world, homes[2])
    made = decided(world)
    publicised(world, made)
    applied(world)
    listed(world, homes[3])
    make_business(world.liu, uscc=uscc.make(prefix="92", division="370685", sequence=1), phone="15412345678")
    make_unit(world.liu)
    lived(world)
    staffed(world)
    planned(world, homes[0])
    kept_in_touch(world, homes[1])
    roster = imported(world)
    files.store(
        content=b"report",
        name="report.txt",
        content_type="text/plain",
        kind=StoredFile.Kind.REPORT,
        institution_id=world.bank.pk,
        stored_by_id=world.chen.pk,
    )
    week = Week.containing(clock.now())
    with job_frame(None, "test"):
        for one in (week, week.next):
            freeze_week(campaign_id=world.campaign.pk, week=one, at=one.freezes_at + timedelta(hours=1))
    plan = audited(world, homes[0])
    return {"homes": homes, "run": run, "village": made, "roster": roster, "plan": plan}
