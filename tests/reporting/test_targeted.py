"""The targeted part of a plan: added by hand for a reason, inspected blind, apart from every figure of the draw."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib.models import AuditEvent
from customers.models import Profile
from reporting.models import Conclusion, SampleItem, SamplePlan, SampleUnit
from reporting.selectors import conclusions, targeted
from reporting.selectors import samples as selectors
from reporting.services import samples
from reporting.services.samples import AlreadyDoneError, Refused
from tests.conftest import acting_as
from tests.customers.builders import make_household
from tests.reporting.sampling import (
    add_target,
    another_auditor,
    auditing,
    declare_kin,
    drawn_plan,
    inspect_all,
    inspect_one,
    make_file,
    make_files,
    make_plan,
    refused,
    sql,
)
from tests.world import World

Clients = Callable[..., Client]
HALF = Decimal(35000)


def undrawn(plan: SamplePlan) -> list[int]:
    """Subjects of the population that were not drawn."""
    rest = SampleUnit.objects.filter(plan=plan).exclude(subject__in=plan.items.values("subject"))
    return list(rest.order_by("subject_id").values_list("subject_id", flat=True))


def figures(plan: SamplePlan) -> dict[str, object]:
    plan.refresh_from_db()
    kept = ("population_size", "population_hash", "sample_size", "acceptance_number", "excluded", "seed")
    return {name: getattr(plan, name) for name in kept}


# --- Apart ------------------------------------------------------------------------------------------------------------


def test_the_targeted_part_moves_no_figure_of_the_draw_nor_of_the_conclusion(world: World) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    before = figures(plan)
    first, second, third, *_ = undrawn(plan)
    items = [add_target(world.kang, plan, subject) for subject in (first, second, third)]
    inspect_one(world.kang, items[0], gross_income=HALF)
    inspect_one(world.kang, items[1])

    assert selectors.progress_of([plan.pk]) == {}
    assert [(one.size, one.drawn, one.inspected, one.found) for one in selectors.strata_of(plan)] == [
        (40, plan.sample_size, 0, 0)
    ]
    with auditing(world.kang) as post, pytest.raises(Refused, match=f"还有 {plan.sample_size} 户"):
        samples.conclude(staff=world.kang, post=post, plan=plan)
    inspect_all(world, plan)
    with auditing(world.kang) as post:
        conclusion = samples.conclude(staff=world.kang, post=post, plan=plan)

    assert figures(plan) == before
    assert selectors.repeat(plan).is_identical
    assert (conclusion.found, conclusion.is_accepted) == (0, True)
    document = conclusion.document
    assert (document["returned"], document["classes"], document["fields"]) == ([], {}, {})
    part = document["targeted"]
    assert (part["chosen"], part["inspected"], part["found"]) == (3, 2, 1)
    assert [one["item"] for one in part["returned"]] == [items[0].pk]
    assert part["returned"][0]["collector"] == "陈立"


def test_an_unexamined_targeted_household_is_no_longer_hidden_after_the_conclusion(world: World) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    subject = undrawn(plan)[0]
    with auditing(world.kang):
        assert Profile.objects.filter(subject_id=subject).exists()
    item = add_target(world.kang, plan, subject)
    with auditing(world.kang):
        assert not Profile.objects.filter(subject_id=subject).exists(), "the file of a household to inspect is blind"
    inspect_all(world, plan)
    with auditing(world.kang) as post:
        samples.conclude(staff=world.kang, post=post, plan=plan)

    with auditing(world.kang):
        assert Profile.objects.filter(subject_id=subject).exists()
    with pytest.raises(Refused, match="不在检查中"):
        inspect_one(world.kang, item)
    with pytest.raises(Refused, match="不在检查中"):
        add_target(world.kang, plan, undrawn(plan)[0])


def test_what_cannot_be_added(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    drawn = plan.items.get(order=3)
    unchecked = make_household(world.liu, "unchecked")
    make_file(unchecked, collector=world.chen, checker=world.deng, verdict="")
    spare = undrawn(plan)[0]

    with pytest.raises(AlreadyDoneError, match="是第 3 户"):
        add_target(world.kang, plan, drawn.subject_id)
    with pytest.raises(Refused, match="没有复核通过的档案"):
        add_target(world.kang, plan, unchecked.pk)
    with pytest.raises(Refused, match="为什么"):
        add_target(world.kang, plan, spare, reason=" ")
    with pytest.raises(Refused, match="身份证"):
        add_target(world.kang, plan, spare, reason="手机 13800000000")
    with pytest.raises(Refused, match="没有被指名"):
        add_target(kong, plan, spare)
    with pytest.raises(Refused, match="不在检查中"):
        add_target(world.kang, make_plan(world), spare)
    add_target(world.kang, plan, spare)
    with pytest.raises(AlreadyDoneError, match="已经在重点抽查里"):
        add_target(world.kang, plan, spare)
    assert AuditEvent.objects.filter(verb="sample_targeted").count() == 1


def test_any_household_with_an_accepted_file_may_be_looked_at_by_who_is_not_kin(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 6)
    outside = make_household(world.zhao, "z1")
    make_file(outside, collector=world.fang, checker=world.deng)
    newest = make_file(outside, collector=world.fang, checker=world.deng, number=2)
    make_file(outside, collector=world.fang, checker=world.deng, number=3, verdict="returned")
    plan = drawn_plan(world, world.kang, kong, branches=[world.east.pk])

    item = add_target(kong, plan, outside.pk)
    declare_kin(world.kang, plan, outside.pk)

    assert (item.profile_id, item.stratum) == (newest.pk, str(world.west.pk))
    with pytest.raises(Refused, match="亲属"):
        inspect_one(world.kang, item)
    inspect_one(kong, item)
    assert targeted.count_of(plan) == targeted.TargetedCount(1, 1, 0)


# --- The database -----------------------------------------------------------------------------------------------------

ADD = (
    'insert into reporting_sampleitem (plan_id, subject_id, profile_id, stratum, "order", draw_hash, is_targeted, reason, '
    "added_by_id, added_at, institution_id, grid_id, recorded_grid_id) select %(plan)s, unit.subject_id, "
    "coalesce(%(profile)s, unit.profile_id), unit.stratum, %(order)s, %(hash)s, %(targeted)s, %(reason)s, %(by)s, now(), "
    "unit.institution_id, unit.grid_id, unit.grid_id from reporting_sampleunit as unit where unit.subject_id = %(subject)s limit 1"
)


@pytest.mark.parametrize("role", ["gedang_web_all", "gedang_worker"])
def test_the_database_keeps_the_parts_apart_whatever_the_role_tries(world: World, role: str) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 40)
    plan, planned = drawn_plan(world), make_plan(world)
    drawn, spare = plan.items.first(), undrawn(plan)[0]
    returned = make_file(
        make_household(world.liu, "back"), collector=world.chen, checker=world.deng, verdict="returned"
    )
    right = {
        "plan": plan.pk, "subject": spare, "profile": None, "order": None, "hash": "", "targeted": True, "reason": "风险",
        "by": world.kang.pk,
    }  # fmt: skip
    cheats: list[dict[str, object]] = [
        {"targeted": False, "order": 900, "reason": "", "by": None},  # into the sample after the draw
        {"order": 900},  # with a place among the drawn
        {"hash": "0" * 64},
        {"reason": ""},
        {"by": None},
        {"by": kong.pk},  # in the name of one who is not named, or of another
        {"plan": planned.pk},  # before the draw
        {"subject": drawn.subject_id},  # drawn already
        {"profile": returned.pk},  # another file
    ]
    with auditing(world.kang):
        sql(f"set local role {role}")
        for cheat in cheats:
            with refused():
                sql(ADD, right | cheat)
        sql(ADD, right)
        with refused():
            sql("update reporting_sampleitem set is_targeted = false where is_targeted")
        with refused():
            sql("delete from reporting_sampleitem where is_targeted")
    inspect_all(world, plan)
    inspect_one(world.kang, SampleItem.objects.get(is_targeted=True), gross_income=HALF)
    with auditing(world.kang), refused():
        # The deviation of the targeted part is not one of the sample's.
        Conclusion.objects.create(
            plan=plan, found=1, is_accepted=True, upper_limit_ratio=0, document={}, concluded_by=world.kang
        )


def test_the_file_to_compare_with_is_told_to_the_whole_auditor_alone(world: World) -> None:
    [profile] = make_files(world, world.liu, 1)
    text = "select profile_id from acc.file_to_target(%s)"
    with auditing(world.kang):
        assert sql(text, [profile.subject_id]) == [(profile.pk,)]
    with acting_as(world.jiang):
        assert sql(text, [profile.subject_id]) == []
    with acting_as(world.chen), refused():
        sql(text, [profile.subject_id])


# --- Pages ------------------------------------------------------------------------------------------------------------


def url(name: str, *arguments: int) -> str:
    return reverse(f"reporting:{name}", args=arguments)


def test_a_household_is_searched_added_inspected_and_reported_apart(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    subject, other = undrawn(plan)[:2]
    number = SampleUnit.objects.get(plan=plan, subject=subject).subject.household.number
    client, page = client_of(world.kang), url("targeted", plan.pk)

    assert f"pick={subject}" in client.get(f"{page}?q={number}").content.decode()
    assert client.post(page, {"pick": subject, "reason": ""}).status_code == 422
    told = client.post(page, {"pick": subject, "reason": "收入明显高于本村"}, follow=True).content.decode()
    assert "已加入重点抽查" in told
    assert "收入明显高于本村" in told
    item = SampleItem.objects.get(is_targeted=True)
    form = client.get(url("inspection", item.pk)).content.decode()
    assert "收入明显高于本村" in form
    assert "70,000" not in form
    drawn = plan.items.filter(is_targeted=False).first()
    again = client.post(page, {"pick": drawn.subject_id, "reason": "x"}, follow=True).content.decode()
    assert "已被抽中" in again
    assert client.post(page, {"pick": "999999", "reason": "x"}).status_code == 404

    parts = {
        part: client.get(f"{url('inspection_list')}?plan={plan.pk}&part={part}").content.decode()
        for part in ("random", "targeted", "")
    }
    link = url("inspection", item.pk)
    assert [link in parts[part] for part in ("random", "targeted", "")] == [False, True, True]
    assert client.get(url("inspection", item.pk)).status_code == 200

    add_target(world.kang, plan, other)
    inspect_one(world.kang, item, gross_income=HALF)
    inspect_all(world, plan)
    assert "重点抽查还有 1 户没有检查" in client.get(url("plan", plan.pk)).content.decode()
    concluded = client.post(url("conclude", plan.pk), follow=True).content.decode()
    assert "重点抽查 2 户，检查 1 户，有差错 1 户" in concluded
    assert "没有差错，没有要退回的档案" in concluded
    assert "家庭年收入相差 50 %" in concluded
    assert client.get(page).status_code == 200
    assert client.post(page, {"pick": undrawn(plan)[0], "reason": "x"}).status_code == 404


def test_paper_reports_the_targeted_part_apart_in_both_languages(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    inspect_one(world.kang, add_target(world.kang, plan, undrawn(plan)[0]), gross_income=HALF)
    inspect_all(world, plan)
    with auditing(world.kang) as post:
        conclusion = samples.conclude(staff=world.kang, post=post, plan=plan)
        data = conclusions.paper_of(post, Conclusion.objects.select_related("plan__institution", "concluded_by").get())

    assert data["apart"].startswith("重点抽查 1 户，检查 1 户，有差错 1 户")
    assert [len(table["rows"]) for table in data["apart_tables"]] == [1]
    assert {"name": "剔除亲属", "value": "0 户"} in data["facts"]
    assert "重点" not in conclusion.document["sentence"]["zh"]
    client = client_of(world.kang)
    for language in ("zh-hans", "en"):
        client.post(reverse("set_language"), {"language": language})
        assert client.get(url("conclusion_pdf", plan.pk)).content.startswith(b"%PDF")


def test_a_conclusion_of_before_reads_as_before(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 4)
    plan = drawn_plan(world)
    inspect_all(world, plan)
    with auditing(world.kang) as post:
        samples.conclude(staff=world.kang, post=post, plan=plan)
    done = Conclusion.objects.get()
    Conclusion.objects.update(document={name: value for name, value in done.document.items() if name != "targeted"})
    text = client_of(world.kang).get(url("conclusion", plan.pk)).content.decode()
    assert "重点抽查（另行报告）" not in text


def test_the_page_is_for_drawn_plans_and_adding_for_the_named(world: World, client_of: Clients) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    subject = undrawn(plan)[0]
    assert client_of(world.kang).get(url("targeted", make_plan(world).pk)).status_code == 404
    assert "加一户" not in client_of(kong).get(url("targeted", plan.pk)).content.decode()
    assert client_of(kong).post(url("targeted", plan.pk), {"pick": subject, "reason": "x"}).status_code == 404
    assert not SampleItem.objects.filter(is_targeted=True).exists()


def count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_twenty(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 60)
    plan, client = drawn_plan(world), client_of(world.kang)
    spare = undrawn(plan)
    inspect_one(world.kang, add_target(world.kang, plan, spare[0]))
    pages = [
        url("targeted", plan.pk),
        url("plan", plan.pk),
        f"{url('inspection_list')}?plan={plan.pk}&part=targeted",
    ]
    few = [count(client, page) for page in pages]

    for subject in spare[1:20]:
        add_target(world.kang, plan, subject)

    assert [count(client, page) for page in pages] == few
