"""Conclusions of samples, and the command that draws: what stands whatever comes after (Semantics, section 7)."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config.lib import clock
from customers.models import Profile, ProfileCheck, Visit
from grids.models import Post
from reporting.domain import sampling
from reporting.models import Conclusion, SampleItem, SamplePlan
from reporting.selectors import samples as selectors
from reporting.services import samples
from reporting.services.samples import AlreadyDoneError, Refused
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
)
from tests.world import World

# --- Conclude ---------------------------------------------------------------------------------------------------------


def test_accepted_up_to_the_planned_number_and_not_beyond(world: World) -> None:
    make_files(world, world.liu, 30)
    make_files(world, world.zhao, 10, collector=world.fang)
    good, bad = drawn_plan(world, seed="a"), drawn_plan(world, seed="b")
    inspect_all(world, good, wrong=good.acceptance_number)
    inspect_all(world, bad, wrong=bad.acceptance_number + 1)

    with auditing(world.kang) as post:
        accepted = samples.conclude(staff=world.kang, post=post, plan=good)
        rejected = samples.conclude(staff=world.kang, post=post, plan=bad)

    assert (accepted.is_accepted, rejected.is_accepted) == (True, False)
    assert accepted.document["sentence"]["zh"].endswith("可容忍 20 %：通过验收。")
    assert rejected.document["sentence"]["en"].endswith("not accepted.")
    document = rejected.document
    assert len(document["returned"]) == bad.acceptance_number + 1
    assert document["fields"] == {"gross_income": bad.acceptance_number + 1}
    assert document["classes"] == {"economics": bad.acceptance_number + 1}
    assert {one["collector"] for one in document["returned"]} <= {"陈立", "方圆"}
    assert sum(one["drawn"] for one in document["strata"]) == bad.sample_size
    limit = sampling.upper_limit(
        population=40, inspected=bad.sample_size, found=bad.acceptance_number + 1, confidence="0.95"
    )
    assert document["limit"] == str(limit)
    good.refresh_from_db()
    assert good.state == SamplePlan.State.CONCLUDED
    with auditing(world.kang) as post, pytest.raises(AlreadyDoneError):
        samples.conclude(staff=world.kang, post=post, plan=good)
    with auditing(world.kang), refused():
        sql("update reporting_conclusion set is_accepted = true")


def test_no_conclusion_before_every_item_is_inspected_nor_one_that_does_not_follow(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    with auditing(world.kang) as post, pytest.raises(Refused, match="还有"):
        samples.conclude(staff=world.kang, post=post, plan=plan)

    inspect_all(world, plan, wrong=2)
    with auditing(world.kang), refused():
        Conclusion.objects.create(
            plan=plan, found=0, is_accepted=True, upper_limit_ratio=0, document={}, concluded_by=world.kang
        )


def test_a_conclusion_stands_whatever_the_files_become(world: World) -> None:
    make_files(world, world.liu, 10)
    plan = drawn_plan(world)
    inspect_all(world, plan, wrong=1)
    with auditing(world.kang) as post:
        before = samples.conclude(staff=world.kang, post=post, plan=plan).document
    item = SampleItem.objects.get(pk=before["returned"][0]["item"])
    make_file(item.subject.household, collector=world.chen, checker=world.deng, number=2)

    with auditing(world.kang) as post:
        assert Conclusion.objects.get(plan=plan).document == before
        [row] = selectors.returned_of(post, before["returned"])
    assert (row.collector, row.household.number) == ("陈立", item.subject.household.number)


# --- Command ----------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> dict:
    out = StringIO()
    call_command("draw_sample", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_draw_sample_draws_once_and_repeats(world: World) -> None:
    make_files(world, world.liu, 12)
    plan = make_plan(world)

    first = run("--plan", str(plan.number), "--seed", "s1")
    again = run("--plan", str(plan.number), "--seed", "s1")

    assert (first["ok"], first["is_new"], first["identical"]) == (True, True, True)
    assert {**first, "is_new": False} == again
    assert first["drawn"] == list(
        SampleItem.objects.filter(plan=plan).order_by("order").values_list("subject_id", flat=True)
    )
    with pytest.raises(CommandError):
        run("--plan", str(plan.number), "--seed", "s2")
    with pytest.raises(CommandError):
        run("--plan", "999")


def test_draw_sample_acts_under_an_auditors_rights(world: World) -> None:
    make_files(world, world.liu, 12)
    plan = make_plan(world)
    Post.objects.filter(staff=world.kang).update(to_on=clock.today() - timedelta(days=0))

    with pytest.raises(CommandError):
        run("--plan", str(plan.number))
    with pytest.raises(CommandError):
        run("--plan", str(plan.number), "--as", "chen")
    another_auditor(world)
    assert run("--plan", str(plan.number), "--as", "kong")["population"] == 12


def test_nothing_of_a_draw_changes_the_customers(world: World) -> None:
    make_files(world, world.liu, 6)
    before = (Profile.objects.count(), Visit.objects.count(), ProfileCheck.objects.count())
    plan = drawn_plan(world)
    inspect_all(world, plan)

    assert (Profile.objects.count(), Visit.objects.count(), ProfileCheck.objects.count()) == before
    with auditing(world.kang):
        for text in ("insert into customers_visit default values", "update customers_household set address = 'x'"):
            with refused():
                sql(text)
