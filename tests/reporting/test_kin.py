"""Kin of the named auditors: declared by themselves, outside the population, never theirs to inspect (Semantics, section 7)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from grids.models import Institution, Post, PostKind, Staff
from reporting.models import Inspection, KinDeclaration, SampleItem, SamplePlan, SampleUnit
from reporting.selectors import kin as selectors
from reporting.selectors import samples as plans
from reporting.services import kin, samples
from reporting.services.samples import AlreadyDoneError, Refused
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import make_household
from tests.reporting.sampling import (
    another_auditor,
    auditing,
    declare_kin,
    drawn_plan,
    inspect_one,
    make_file,
    make_files,
    make_plan,
    refused,
    sql,
    truth,
)
from tests.reporting.test_samples import race
from tests.world import SINCE, World

Clients = Callable[..., Client]


def draw(world: World, plan: SamplePlan, seed: str = "s") -> SamplePlan:
    with auditing(world.kang) as post:
        return samples.draw(staff=world.kang, post=post, plan=plan, seed=seed)


def subjects(plan: SamplePlan) -> set[int]:
    return set(SampleUnit.objects.filter(plan=plan).values_list("subject_id", flat=True))


# --- Population -------------------------------------------------------------------------------------------------------


def test_declared_kin_are_left_out_and_counted_once_under_own_work_before_kin(world: World) -> None:
    kong = another_auditor(world)
    files = [profile.subject_id for profile in make_files(world, world.liu, 8)]
    own = make_household(world.liu, "own")
    make_file(own, collector=world.kang, checker=world.deng)
    outside = make_household(world.liu, "unfiled")
    plan = make_plan(world, world.kang, kong)
    declare_kin(world.kang, plan, files[0])
    declare_kin(kong, plan, files[0])
    declare_kin(kong, plan, files[1])
    declare_kin(kong, plan, own.pk)
    declare_kin(kong, plan, outside.pk)

    with auditing(world.kang):
        before = plans.outlook_of(plan)
        counts = selectors.counts_of(plan, [world.kang, kong])
    drawn = draw(world, plan)

    assert (before.size.population, before.own, before.kin) == (6, 1, 2)
    assert [(one.auditor, one.before, one.late) for one in counts] == [(world.kang, 1, 0), (kong, 4, 0)]
    assert drawn.excluded == {"own_work": 1, "kin": 2}
    assert (drawn.population_size, subjects(drawn)) == (6, set(files[2:]))
    assert plans.repeat(drawn).is_identical
    detail = AuditEvent.objects.get(verb="sample_drawn").detail
    assert detail["excluded"] == drawn.excluded


def test_kin_of_one_plan_are_in_the_population_of_another_until_taken_over(world: World) -> None:
    files = [profile.subject_id for profile in make_files(world, world.liu, 5)]
    first = make_plan(world)
    declare_kin(world.kang, first, files[0], relation="parent")
    draw(world, first)
    second = make_plan(world)

    with auditing(world.kang) as post:
        assert [one.subject_id for one in selectors.earlier_of(post, second)] == [files[0]]
        assert kin.declare_earlier(staff=world.kang, post=post, plan=second) == 1
        assert kin.declare_earlier(staff=world.kang, post=post, plan=second) == 0

    assert KinDeclaration.objects.get(plan=second).relation == "parent"
    assert subjects(draw(world, second)) == set(files[1:])
    with auditing(world.kang) as post, pytest.raises(Refused, match="已经抽取"):
        kin.declare_earlier(staff=world.kang, post=post, plan=second)


def test_a_wrong_declaration_is_taken_back_before_the_draw_and_its_row_stays(world: World) -> None:
    files = [profile.subject_id for profile in make_files(world, world.liu, 5)]
    plan = make_plan(world)
    wrong = declare_kin(world.kang, plan, files[0])
    with auditing(world.kang) as post, pytest.raises(AlreadyDoneError, match="已经申报过"):
        kin.declare(staff=world.kang, post=post, plan=plan, subject_id=files[0], relation="spouse")

    with auditing(world.kang) as post:
        kin.withdraw(staff=world.kang, post=post, declaration=wrong)
    with auditing(world.kang) as post, pytest.raises(AlreadyDoneError, match="已经撤回"):
        kin.withdraw(staff=world.kang, post=post, declaration=wrong)

    assert subjects(draw(world, plan)) == set(files)
    wrong.refresh_from_db()
    assert wrong.withdrawn_at is not None
    assert AuditEvent.objects.filter(verb="kin_withdrawn", about_id=str(wrong.pk)).count() == 1
    with auditing(world.kang):
        # Taken back, it bars nobody.
        assert plans.kin_among(SampleItem.objects.filter(plan=plan), world.kang.pk) == set()


def test_a_remark_holds_no_number_that_identifies(world: World) -> None:
    home = make_household(world.liu, "1")
    plan = make_plan(world)
    with auditing(world.kang) as post, pytest.raises(Refused, match="身份证"):
        kin.declare(staff=world.kang, post=post, plan=plan, subject_id=home.pk, relation="child", note="13800000000")


@pytest.mark.django_db(transaction=True)
def test_a_declaration_and_a_draw_at_once_agree_on_which_was_first() -> None:
    world = world_module.build()
    files = [profile.subject_id for profile in make_files(world, world.liu, 3)]
    plan = make_plan(world)

    def declares() -> KinDeclaration:
        return declare_kin(world.kang, plan, files[0])

    drawn, declared = race(lambda: draw(world, plan), declares)

    assert isinstance(drawn, SamplePlan)
    assert isinstance(declared, KinDeclaration), "all three are drawn, so that a late declaration is allowed"
    assert declared.is_late == (files[0] in subjects(plan))
    assert drawn.excluded["kin"] == int(not declared.is_late)


# --- After the draw ---------------------------------------------------------------------------------------------------


def test_kin_found_after_the_draw_are_inspected_by_another_and_the_draw_stays(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 10)
    plan = drawn_plan(world, world.kang, kong)
    item = plan.items.select_related("plan__rules").first()
    before = (plan.population_hash, plan.sample_size, dict(plan.excluded))

    late = declare_kin(world.kang, plan, item.subject_id)

    assert late.is_late
    with auditing(world.kang) as post, pytest.raises(Refused, match="您已申报这户是亲属"):
        samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))
    with auditing(world.kang) as post:
        following = plans.next_item(post, item)
        assert following is not None
        assert following.pk != item.pk, "the next one is never his kin's"
    with auditing(world.kang) as post, pytest.raises(Refused, match="不能撤回"):
        kin.withdraw(staff=world.kang, post=post, declaration=late)
    inspect_one(kong, item)
    plan.refresh_from_db()
    assert (plan.population_hash, plan.sample_size, plan.excluded) == before
    with auditing(kong):
        assert [(one.before, one.late) for one in selectors.counts_of(plan, [world.kang, kong])] == [(0, 1), (0, 0)]


def test_after_the_draw_only_a_household_left_to_inspect_is_declared(world: World) -> None:
    make_files(world, world.liu, 40)
    plan = drawn_plan(world)
    spare = SampleUnit.objects.filter(plan=plan).exclude(subject__in=plan.items.values("subject")).first()
    done = plan.items.first()
    inspect_one(world.kang, done)

    for subject in (spare.subject_id, done.subject_id):
        with pytest.raises(Refused, match="只能申报待检查的户"):
            declare_kin(world.kang, plan, subject)
    assert not KinDeclaration.objects.exists()


def test_who_is_not_named_declares_nothing(world: World) -> None:
    kong = another_auditor(world)
    home = make_household(world.liu, "1")
    plan = make_plan(world)
    with pytest.raises(Refused, match="没有被指名"):
        declare_kin(kong, plan, home.pk)


# --- The database -----------------------------------------------------------------------------------------------------

DECLARE = (
    "insert into reporting_kindeclaration (plan_id, auditor_id, subject_id, relation, note, is_late, declared_at) "
    "values (%s, %s, %s, 'other', '', false, '2020-01-01')"
)


def test_the_database_keeps_declarations_whatever_the_web_role_tries(world: World) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 40)
    plan = make_plan(world, world.kang, kong)
    home, other = (make_household(world.liu, number) for number in ("k1", "k2"))
    his = declare_kin(kong, plan, home.pk)
    mine = declare_kin(world.kang, plan, other.pk)

    with auditing(world.kang):
        assert sql("select id from reporting_kindeclaration") == [(mine.pk,)], "another's kin are not his to read"
        with refused():  # in another's name
            sql(DECLARE, [plan.pk, kong.pk, other.pk])
        with refused():  # another's declaration, or one changed
            sql("update reporting_kindeclaration set auditor_id = %s where id = %s", [world.kang.pk, his.pk])
        sql("update reporting_kindeclaration set withdrawn_at = now() where id = %s", [his.pk])
        for change in ("relation = 'spouse'", "subject_id = 1", "plan_id = 1", "is_late = true"):
            with refused():
                sql(f"update reporting_kindeclaration set {change} where id = %s", [mine.pk])
        with refused():
            sql("delete from reporting_kindeclaration where id = %s", [mine.pk])
    his.refresh_from_db()
    assert his.withdrawn_at is None

    draw(world, plan)
    item, spare = (
        plan.items.first(),
        SampleUnit.objects.filter(plan=plan).exclude(subject__in=plan.items.values("subject"))[0],
    )
    with auditing(world.kang):
        with refused():
            sql("update reporting_kindeclaration set withdrawn_at = now() where id = %s", [mine.pk])
        with refused():  # nothing leaves the population after the draw
            sql(DECLARE, [plan.pk, world.kang.pk, spare.subject_id])
        # Dated back and called timely, it is what it is.
        sql(DECLARE, [plan.pk, world.kang.pk, item.subject_id])
        assert sql("select is_late from reporting_kindeclaration where subject_id = %s", [item.subject_id]) == [(True,)]
        with refused():
            Inspection.objects.create(
                item=item,
                institution_id=item.institution_id,
                grid_id=item.grid_id,
                recorded_grid_id=item.grid_id,
                auditor=world.kang,
                method="visit",
                finding="met",
                found_on=clock.today(),
                entered={},
            )


def test_a_declaration_taken_back_stays_taken_back(world: World) -> None:
    plan = make_plan(world)
    declared = declare_kin(world.kang, plan, make_household(world.liu, "1").pk)
    with auditing(world.kang) as post:
        kin.withdraw(staff=world.kang, post=post, declaration=declared)
    with auditing(world.kang):
        for value in ("null", "'2020-01-01'"):
            with refused():
                sql(f"update reporting_kindeclaration set withdrawn_at = {value} where id = %s", [declared.pk])


def test_declarations_are_the_auditors_of_the_bank_alone(world: World) -> None:
    plan = make_plan(world)
    home = make_household(world.liu, "1")
    declare_kin(world.kang, plan, home.pk)
    bank = Institution.objects.create(name="另一家农商行", short_name="另一家", county_code="370686", county="栖霞市")
    stranger = Staff.objects.create(number="wai", name="外人", institution=bank, home_branch=world.head_office)
    Post.objects.create(staff=stranger, kind=PostKind.AUDITOR, from_on=SINCE)

    with auditing(stranger):
        assert sql("select * from reporting_kindeclaration") == []
        assert sql("select * from acc.declared_kin(%s)", [plan.pk]) == []
        with refused():
            sql(DECLARE, [plan.pk, stranger.pk, home.pk])
    with acting_as(world.jiang, PostKind.APPROVER):
        assert sql("select * from reporting_kindeclaration") == []
        assert sql("select * from acc.declared_kin(%s)", [plan.pk]) == []
        with refused():
            sql(DECLARE, [plan.pk, world.jiang.pk, home.pk])
    with acting_as(world.chen):
        for text in ("select * from reporting_kindeclaration", f"select * from acc.declared_kin({plan.pk})"):
            with refused():
                sql(text)
    with auditing(world.kang):
        sql("set local role gedang_worker")
        for text in (
            "update reporting_kindeclaration set withdrawn_at = now()",
            "delete from reporting_kindeclaration",
            "truncate reporting_kindeclaration",
        ):
            with refused():
                sql(text)


# --- Pages ------------------------------------------------------------------------------------------------------------


def url(name: str, *arguments: int) -> str:
    return reverse(f"reporting:{name}", args=arguments)


def test_kin_are_searched_chosen_declared_and_taken_back(world: World, client_of: Clients) -> None:
    kong = another_auditor(world)
    files = make_files(world, world.liu, 6)
    plan = make_plan(world, world.kang, kong)
    home = files[2].subject_id
    client, page = client_of(world.kang), url("kin", plan.pk)

    assert f"pick={home}" in client.get(f"{page}?q=0003").content.decode()
    chosen = client.get(f"{page}?q=0003&pick={home}").content.decode()
    assert f'name="pick" value="{home}"' in chosen
    wrong = client.post(page, {"pick": home, "relation": ""})
    assert wrong.status_code == 422
    assert not KinDeclaration.objects.exists()
    told = client.post(page, {"pick": home, "relation": "sibling", "note": "堂弟家"}, follow=True).content.decode()
    assert "已申报，抽取时不进入总体" in told
    assert "堂弟家" in told
    again = client.post(page, {"pick": home, "relation": "sibling"}, follow=True).content.decode()
    assert "这户您已经申报过" in again

    # The planner sees by whom and how many, not which.
    seen = client_of(kong).get(url("plan", plan.pk)).content.decode()
    assert "康健</th>" in seen
    assert "堂弟家" not in client_of(kong).get(page).content.decode()
    declared = KinDeclaration.objects.get()
    assert client_of(kong).post(url("kin_withdraw", plan.pk, declared.pk)).status_code == 404

    back = client.post(url("kin_withdraw", plan.pk, declared.pk), follow=True).content.decode()
    assert "已撤回，记录保留" in back
    client.post(page, {"pick": home, "relation": "sibling"})
    client.post(url("draw", plan.pk), {"seed": "s"})
    assert "已剔除本人工作 0 户、亲属 1 户" in client.get(url("plan", plan.pk)).content.decode()


def test_a_household_of_nobodys_bank_is_not_found(world: World, client_of: Clients) -> None:
    plan = make_plan(world)
    client, page = client_of(world.kang), url("kin", plan.pk)
    for pick in ("999999", "x", "1" * 30):
        assert client.get(f"{page}?pick={pick}").status_code == 404
        assert client.post(page, {"pick": pick, "relation": "other"}).status_code == 404
    assert client.post(page, {"relation": "other"}).status_code == 404
    assert client_of(another_auditor(world)).get(page).status_code == 404


def test_a_drawn_household_is_declared_from_its_form_and_its_form_is_gone(world: World, client_of: Clients) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 6)
    plan = drawn_plan(world, world.kang, kong)
    item = plan.items.order_by("order").first()
    client = client_of(world.kang)
    inspection = url("inspection", item.pk)
    link = f"{url('kin', plan.pk)}?pick={item.subject_id}"

    assert link in client.get(inspection).content.decode()
    assert "抽取后的申报不能撤回" in client.get(link).content.decode()
    told = client.post(
        url("kin", plan.pk), {"pick": item.subject_id, "relation": "child"}, follow=True
    ).content.decode()
    assert "总体和样本不变" in told

    after = client.get(inspection).content.decode()
    assert "您已申报这户是亲属" in after
    assert 'id="inspection-form"' not in after
    assert "本人回避" in client.get(url("inspection_list")).content.decode()
    assert "本人回避" not in client_of(kong).get(url("inspection_list")).content.decode()
    assert 'id="inspection-form"' in client_of(kong).get(inspection).content.decode()


def test_earlier_declarations_are_taken_over_with_one_press(world: World, client_of: Clients) -> None:
    home = make_household(world.liu, "1")
    declare_kin(world.kang, make_plan(world), home.pk)
    plan = make_plan(world)
    client, page = client_of(world.kang), url("kin", plan.pk)

    assert "沿用以前申报的 1 户" in client.get(page).content.decode()
    assert "已沿用 1 户" in client.post(url("kin_earlier", plan.pk), follow=True).content.decode()
    assert "沿用以前申报的" not in client.get(page).content.decode()


def count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_twenty(world: World, client_of: Clients) -> None:
    plan, client = make_plan(world), client_of(world.kang)
    homes = [make_household(world.liu, f"{at:04d}").pk for at in range(21)]
    declare_kin(world.kang, plan, homes[0])
    pages = [url("kin", plan.pk), f"{url('kin', plan.pk)}?q=0001", url("plan", plan.pk)]
    few = [count(client, page) for page in pages]

    for home in homes[1:20]:
        declare_kin(world.kang, plan, home)

    assert [count(client, page) for page in pages] == few
    search = [count(client, f"{url('kin', plan.pk)}?q={text}") for text in ("0001", "00")]
    assert search[0] == search[1]
