"""Plan, draw, blind re-entry: what the services and the database make of them (Semantics, section 7)."""

import hashlib
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from config.lib import clock
from config.lib.models import AuditEvent
from customers.models import Person, Profile
from grids.models import Post, PostKind, Staff
from reporting.domain import sampling
from reporting.domain.inspection import Finding
from reporting.domain.quarters import Quarter
from reporting.domain.redraw import redraw
from reporting.models import Conclusion, Inspection, InspectionResult, SampleItem, SamplePlan, SampleUnit
from reporting.selectors import samples as selectors
from reporting.services import samples
from reporting.services.samples import AlreadyDoneError, Refused
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import make_household
from tests.reporting.sampling import (
    another_auditor,
    auditing,
    drawn_plan,
    inspect_all,
    make_file,
    make_files,
    make_plan,
    refused,
    sql,
    truth,
)
from tests.world import SINCE, World


def subjects(plan: SamplePlan) -> set[int]:
    return set(SampleUnit.objects.filter(plan=plan).values_list("subject_id", flat=True))


# --- Population -------------------------------------------------------------------------------------------------------


def test_population_is_each_subject_once_with_its_newest_accepted_file_of_the_quarter(world: World) -> None:
    quarter = Quarter.containing(clock.today())
    kept, twice, returned, waiting, earlier = (make_household(world.liu, f"{at:04d}") for at in range(5))
    people = {"collector": world.chen, "checker": world.deng}
    make_file(kept, **people)
    make_file(twice, **people)
    newest = make_file(twice, number=2, **people)
    make_file(returned, verdict="returned", **people)
    make_file(waiting, verdict="", **people)
    before = clock.now().replace(year=quarter.previous.year, month=quarter.previous.first_day.month, day=20)
    make_file(earlier, at=before, **people)

    plan = drawn_plan(world)

    assert subjects(plan) == {kept.pk, twice.pk}
    assert SampleUnit.objects.get(plan=plan, subject=twice.pk).profile_id == newest.pk
    assert subjects(drawn_plan(world, quarter=str(quarter.previous))) == {earlier.pk}


def test_own_work_of_every_named_auditor_is_left_out_whoever_draws(world: World) -> None:
    kong = another_auditor(world)
    files = make_files(world, world.liu, 6)
    led, joined, collected, checked = (make_household(world.liu, f"9{at}") for at in range(4))
    make_file(led, collector=world.kang, checker=world.deng)
    make_file(joined, collector=world.chen, partner=kong, checker=world.deng)
    make_file(collected, collector=kong, checker=world.deng)
    make_file(checked, collector=world.chen, checker=world.kang)

    plan = drawn_plan(world, world.kang, kong)

    assert subjects(plan) == {profile.subject_id for profile in files}
    assert plan.excluded == {"own_work": 4, "kin": 0}
    # Named alone, Kong's work is Kang's to inspect, although it is hidden from nobody now.
    assert subjects(drawn_plan(world, world.kang)) == subjects(plan) | {joined.pk, collected.pk}


def test_files_hidden_by_an_open_sample_are_in_the_next_population_all_the_same(world: World) -> None:
    make_files(world, world.liu, 12)
    first = drawn_plan(world)

    assert subjects(drawn_plan(world)) == subjects(first)


def test_strata_are_the_branches_and_a_plan_may_be_limited_to_some(world: World) -> None:
    make_files(world, world.liu, 20)
    make_files(world, world.zhao, 10, collector=world.fang)

    plan = drawn_plan(world)
    strata = selectors.strata_of(plan)

    assert [(one.name, one.size) for one in strata] == [("城东支行", 20), ("城西支行", 10)]
    assert sum(one.drawn for one in strata) == plan.sample_size
    west = drawn_plan(world, branches=[world.west.pk])
    assert [(one.name, one.size) for one in selectors.strata_of(west)] == [("城西支行", 10)]
    assert subjects(drawn_plan(world, branches=[world.head_office.pk])) == subjects(plan)


# --- Draw -------------------------------------------------------------------------------------------------------------


def test_size_shown_before_the_draw_is_the_size_drawn(world: World) -> None:
    make_files(world, world.liu, 30)
    make_file(make_household(world.liu, "own"), collector=world.kang, checker=world.deng)
    plan = make_plan(world)

    with auditing(world.kang):
        before = selectors.outlook_of(plan)
    with auditing(world.kang) as post:
        drawn = samples.draw(staff=world.kang, post=post, plan=plan)

    wanted = sampling.plan_size(30, confidence="0.95", tolerable="0.20", expected="0.05")
    assert before.size == wanted
    assert before.own == 1
    assert (drawn.population_size, drawn.sample_size, drawn.acceptance_number) == (
        30,
        wanted.inspected,
        wanted.accepted,
    )
    assert len(drawn.seed) == 32


def test_draw_follows_the_stated_order_and_an_outsider_repeats_it_from_the_file(world: World) -> None:
    make_files(world, world.liu, 25)
    make_files(world, world.zhao, 15, collector=world.fang)
    plan = drawn_plan(world, seed="2026Q4-lottery")

    content = sampling.population_csv(selectors.population_of(plan))
    digest, _quotas, drawn = redraw(content, "2026Q4-lottery", plan.sample_size)

    assert hashlib.sha256(content).hexdigest() == digest == plan.population_hash
    items = list(SampleItem.objects.filter(plan=plan).order_by("order"))
    assert [item.subject_id for item in items] == drawn
    first = items[0]
    assert first.draw_hash == hashlib.sha256(f"2026Q4-lottery:{first.subject_id}".encode()).hexdigest()
    assert [item.draw_hash for item in items] == sorted(item.draw_hash for item in items)


def test_a_plan_is_drawn_once(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world, seed="one")

    with auditing(world.kang) as post, pytest.raises(AlreadyDoneError):
        samples.draw(staff=world.kang, post=post, plan=plan, seed="two")

    plan.refresh_from_db()
    assert plan.seed == "one"
    assert SampleItem.objects.filter(plan=plan).count() == plan.sample_size
    assert AuditEvent.objects.filter(verb="sample_drawn").count() == 1


def race(*runs: Callable[[], Any]) -> list[Any]:
    """Run functions at once, each on a connection of its own; return what each gave or raised."""
    gate, answers = threading.Barrier(len(runs)), {}

    def run(place: int) -> None:
        try:
            gate.wait()
            answers[place] = runs[place]()
        except Refused as refusal:
            answers[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answers[place] for place in range(len(runs))]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_draw_inspect_and_conclude_once() -> None:
    world = world_module.build()
    kong = another_auditor(world)
    make_files(world, world.liu, 1)
    plan = make_plan(world, world.kang, kong)

    def as_auditor(person: Staff, step: Callable[..., Any], **more: Any) -> Callable[[], Any]:
        def run() -> Any:
            with auditing(person) as post:
                return step(staff=person, post=post, **more)

        return run

    draws = race(as_auditor(world.kang, samples.draw, plan=plan), as_auditor(kong, samples.draw, plan=plan))
    assert sorted(type(one).__name__ for one in draws) == ["AlreadyDoneError", "SamplePlan"]
    item = SampleItem.objects.select_related("plan__rules").get()

    found = race(
        as_auditor(world.kang, samples.inspect, item=item, entry=truth(item)),
        as_auditor(kong, samples.inspect, item=item, entry=truth(item)),
    )
    assert sorted(type(one).__name__ for one in found) == ["AlreadyDoneError", "InspectionResult"]

    ends = race(as_auditor(world.kang, samples.conclude, plan=plan), as_auditor(kong, samples.conclude, plan=plan))
    assert sorted(type(one).__name__ for one in ends) == ["AlreadyDoneError", "Conclusion"]
    assert (SampleUnit.objects.count(), Inspection.objects.count(), Conclusion.objects.count()) == (1, 1, 1)
    assert selectors.repeat(SamplePlan.objects.get()).is_identical


def test_an_empty_population_is_not_drawn(world: World) -> None:
    plan = make_plan(world)

    with auditing(world.kang) as post, pytest.raises(Refused):
        samples.draw(staff=world.kang, post=post, plan=plan)

    plan.refresh_from_db()
    assert plan.state == SamplePlan.State.PLANNED


def test_a_new_draw_is_a_new_plan_with_a_reason_and_ends_the_old_one(world: World) -> None:
    make_files(world, world.liu, 10)
    first = drawn_plan(world)
    with pytest.raises(Refused):
        make_plan(world, replaces=first)

    second = make_plan(world, replaces=first, reason="支行范围选错")
    with pytest.raises(Refused):
        make_plan(world, replaces=first, reason="再来一次")
    assert (second.number, second.replaces_id) == (first.number + 1, first.pk)

    with auditing(world.kang) as post:
        samples.draw(staff=world.kang, post=post, plan=second)
    item = SampleItem.objects.filter(plan=first).select_related("plan__rules").first()
    with auditing(world.kang) as post, pytest.raises(Refused):
        samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))
    with auditing(world.kang) as post, pytest.raises(Refused):
        samples.conclude(staff=world.kang, post=post, plan=first)


def test_a_census_where_no_smaller_sample_will_do(world: World) -> None:
    make_files(world, world.liu, 4)

    plan = drawn_plan(world)
    inspect_all(world, plan, wrong=1)

    assert (plan.sample_size, plan.acceptance_number) == (4, 0)
    with auditing(world.kang) as post:
        conclusion = samples.conclude(staff=world.kang, post=post, plan=plan)
    assert not conclusion.is_accepted
    assert (
        conclusion.document["sentence"]["zh"] == "全部 4 户逐户检查，差错 1 户，差错率 25.0 %，可容忍 20 %：不予通过。"
    )


def test_a_repeated_draw_is_identical_and_tells_when_it_is_not(world: World) -> None:
    make_files(world, world.liu, 12)
    plan = drawn_plan(world)
    assert selectors.repeat(plan).is_identical

    # The owner alone can change a frozen population; the proof shows it.
    gone = SampleUnit.objects.filter(plan=plan).exclude(subject__in=plan.items.values("subject")).first()
    SampleUnit.objects.filter(pk=gone.pk).delete()
    again = selectors.repeat(plan)
    assert not again.is_same_population
    assert not again.is_identical


@pytest.mark.parametrize("who", ["gedang_web_all", "gedang_worker"])
def test_nobody_adds_to_a_draw_or_changes_a_plan(world: World, who: str) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    spare = SampleUnit.objects.filter(plan=plan).exclude(subject__in=plan.items.values("subject")).first()
    add = (
        'insert into reporting_sampleitem (plan_id, subject_id, profile_id, stratum, "order", draw_hash, institution_id, '
        "grid_id, recorded_grid_id) select plan_id, subject_id, profile_id, stratum, 900, '', institution_id, grid_id, grid_id "
        "from reporting_sampleunit where id = %s"
    )
    with auditing(world.kang):
        sql(f"set local role {who}")
        for text, arguments in (
            (add, [spare.pk]),
            ("update reporting_sampleplan set seed = 'x' where id = %s", [plan.pk]),
            ("update reporting_sampleplan set state = 'planned' where id = %s", [plan.pk]),
            ("update reporting_sampleplan set tolerable_pct = 50 where id = %s", [plan.pk]),
            ("update reporting_sampleplan set state = 'concluded' where id = %s", [plan.pk]),
            ("update reporting_sampleitem set subject_id = 1 where plan_id = %s", [plan.pk]),
            ("delete from reporting_sampleunit where plan_id = %s", [plan.pk]),
        ):
            with refused():
                sql(text, arguments)


def test_drawing_is_the_whole_auditors_alone(world: World) -> None:
    make_files(world, world.liu, 5)
    plan = make_plan(world)
    Post.objects.create(staff=world.gao, kind=PostKind.AUDITOR, branch=world.east, from_on=SINCE)

    for person, kind in ((world.jiang, PostKind.APPROVER), (world.gao, PostKind.AUDITOR), (world.chen, None)):
        with acting_as(person, kind), refused():
            sql("select * from acc.freeze_population(%s)", [plan.pk])
    with acting_as(world.jiang):
        assert sql("select * from acc.audit_figures(%s, '{}', '{}', null)", [plan.quarter]) == []


def test_who_holds_another_customer_post_is_not_named(world: World) -> None:
    Post.objects.create(staff=world.kang, kind=PostKind.OFFICER, branch=world.east, from_on=SINCE)

    with pytest.raises(Refused):
        make_plan(world, world.kang)


# --- Blind ------------------------------------------------------------------------------------------------------------

HIDDEN = ("customers_profile", "customers_profilecheck", "customers_visit")


def test_a_drawn_file_is_hidden_by_the_database_until_it_is_inspected(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    item = plan.items.select_related("plan__rules").order_by("order").first()

    def rows_seen() -> dict[str, int]:
        seen = {
            table: sql(f"select count(*) from {table} where subject_id = %s", [item.subject_id])[0][0]
            for table in HIDDEN
        }
        seen["customers_person"] = sql(
            "select count(*) from customers_person where household_id = %s", [item.subject_id]
        )[0][0]
        return seen

    with auditing(world.kang) as post:
        assert set(rows_seen().values()) == {0}
        assert sql("select * from acc.inspected_file(%s)", [item.pk]) == []
        assert sql("select number from customers_household where subject_id = %s", [item.subject_id])
        assert selectors.heads_of([item.pk]) == {item.pk: "刘建国"}
        samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))
        assert set(rows_seen().values()) == {0}, "this request still acts under the scope it began with"
    with auditing(world.kang):
        assert rows_seen() == {
            "customers_profile": 1,
            "customers_profilecheck": 1,
            "customers_visit": 1,
            "customers_person": 3,
        }


def test_an_auditor_who_is_not_named_still_sees_files_but_does_not_inspect(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    item = plan.items.select_related("plan__rules").first()

    with auditing(kong) as post:
        assert Profile.objects.filter(subject_id=item.subject_id).exists()
        with pytest.raises(Refused, match="没有被指名"):
            samples.inspect(staff=kong, post=post, item=item, entry=truth(item))


def test_own_work_is_hidden_from_an_auditor_and_never_his_to_inspect(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    item = plan.items.select_related("plan__rules").first()
    late = make_file(item.subject.household, collector=world.kang, checker=world.deng, number=2)

    with auditing(world.kang) as post:
        assert not Profile.objects.filter(pk=late.pk).exists()
        with pytest.raises(Refused, match="您自己的工作"):
            samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))


def test_a_replaced_draw_hides_nothing_more(world: World) -> None:
    make_files(world, world.liu, 40)
    first = drawn_plan(world, seed="first")
    second = make_plan(world, replaces=first, reason="范围选错")
    with auditing(world.kang) as post:
        samples.draw(staff=world.kang, post=post, plan=second, seed="second")

    with auditing(world.kang):
        seen = set(Profile.objects.values_list("subject_id", flat=True))
    assert seen == subjects(first) - set(second.items.values_list("subject_id", flat=True))


# --- Inspect ----------------------------------------------------------------------------------------------------------


def test_what_was_found_is_compared_by_the_rules_and_tails_are_not_kept(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    right, wrong, tail = plan.items.select_related("plan__rules").order_by("order")[:3]

    with auditing(world.kang) as post:
        within = samples.inspect(
            staff=world.kang, post=post, item=right, entry=truth(right, values={"gross_income": Decimal(84000)})
        )
        beyond = samples.inspect(
            staff=world.kang, post=post, item=wrong, entry=truth(wrong, values={"gross_income": Decimal("84000.01")})
        )
        other = samples.inspect(staff=world.kang, post=post, item=tail, entry=truth(tail, tails={"phone_tail": "0000"}))

    assert [within.is_deviation, beyond.is_deviation, other.is_deviation] == [False, True, True]
    assert selectors.deviations_of(selectors.compared_of(wrong)) == [
        "家庭年收入相差 20.1 %，超过 20 %（档案 70,000 元，核实 84,000.01 元）"
    ]
    stored = Inspection.objects.get(item=tail)
    assert set(stored.entered) == {"came", "members", "land", "gross_income", "liabilities"}
    assert within.collector_id == world.chen.pk


def test_an_erased_person_leaves_nothing_to_compare_tails_with(world: World) -> None:
    make_files(world, world.liu, 4)
    plan = drawn_plan(world)
    item = plan.items.select_related("plan__rules").first()
    entry = truth(item)
    Person.objects.filter(household_id=item.subject_id).update(id_tail=None, phone_tail=None, erased_at=clock.now())

    with auditing(world.kang) as post:
        result = samples.inspect(staff=world.kang, post=post, item=item, entry=entry)

    assert not result.is_deviation
    assert [one["outcome"] for one in result.comparison if one["code"].endswith("tail")] == ["not_comparable"] * 2


def test_no_such_household_is_a_deviation_told_with_a_note(world: World) -> None:
    make_files(world, world.liu, 4)
    plan = drawn_plan(world)
    item = plan.items.select_related("plan__rules").first()

    with auditing(world.kang) as post:
        with pytest.raises(Refused, match="备注"):
            samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item, finding=Finding.STRANGER))
        identifying = truth(item, finding=Finding.STRANGER, note="打 13800000000 无人接")
        with pytest.raises(Refused, match="身份证"):
            samples.inspect(staff=world.kang, post=post, item=item, entry=identifying)
        result = samples.inspect(
            staff=world.kang, post=post, item=item, entry=truth(item, finding=Finding.STRANGER, note="村委会称查无此户")
        )

    assert result.is_deviation
    assert Inspection.objects.get(item=item).entered == {}
    assert selectors.deviations_of(selectors.compared_of(item)) == ["查无此户或否认建档"]


def test_an_item_is_inspected_once_by_whoever_comes_first(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 10)
    plan = drawn_plan(world, world.kang, kong)
    item = plan.items.select_related("plan__rules").first()
    with auditing(world.kang) as post:
        samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))

    with auditing(world.kang) as post, pytest.raises(AlreadyDoneError, match="第一次的记录有效"):
        samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))
    with auditing(kong) as post, pytest.raises(AlreadyDoneError, match="康健"):
        samples.inspect(staff=kong, post=post, item=item, entry=truth(item, values={"members": Decimal(9)}))

    assert not InspectionResult.objects.get(inspection__item=item).is_deviation
    with auditing(world.kang), refused():
        sql("update reporting_inspection set note = 'x'")


def test_an_inspection_cannot_be_written_in_anothers_name(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 4)
    plan = drawn_plan(world, world.kang, kong)
    item = plan.items.first()

    with auditing(world.kang), refused():
        Inspection.objects.create(
            item=item,
            institution_id=item.institution_id,
            grid_id=item.grid_id,
            recorded_grid_id=item.grid_id,
            auditor=kong,
            method="visit",
            finding="met",
            found_on=clock.today(),
            entered={},
        )
