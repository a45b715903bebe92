"""The auditor's pages: planning with the size in sight, one draw, blind forms, what a URL lets out, conclusions and files."""

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers.models import Evidence, Household, Person
from grids.models import Post, PostKind
from reporting.domain.quarters import Quarter
from reporting.models import Conclusion, Inspection, SampleItem, SamplePlan
from reporting.services import samples
from tests.reporting.sampling import (
    another_auditor,
    auditing,
    drawn_plan,
    inspect_all,
    make_files,
    make_plan,
    release_rules,
    tails_of,
    truth,
)
from tests.world import SINCE, World

Clients = Callable[..., Client]


def page(client: Client, name: str, *arguments: int, query: str = "", status: int = 200) -> str:
    answer = client.get(reverse(f"reporting:{name}", args=arguments) + query)
    assert answer.status_code == status
    return answer.content.decode()


def plan_data(world: World, **changes: object) -> dict[str, object]:
    data: dict[str, object] = {
        "title": "第四季度抽查",
        "quarter": str(Quarter.containing(clock.today())),
        "confidence_pct": "95",
        "tolerable_pct": "20",
        "expected_pct": "5",
        "auditors": [world.kang.pk],
    }
    return data | changes


def filled(item: SampleItem, **changes: str) -> dict[str, str]:
    """A form that agrees with the file."""
    data = {
        "method": "visit",
        "found_on": clock.today().isoformat(),
        "finding": "met",
        "came": "yes",
        "members": "3",
        "land": "0",
        "gross_income": "70,000",
        "liabilities": "3万",
        "note": "",
    }
    return data | tails_of(item.subject_id) | changes


def test_planning_shows_the_size_before_anything_is_saved(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 30)
    release_rules(world)
    client = client_of(world.kang)
    url = reverse("reporting:plan_new")

    fragment = client.get(url, plan_data(world), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert re.findall(r"<dd[^>]*>(\d+) ", fragment) == ["30", "17", "1", "0"]
    assert (
        "没有已复核的档案"
        in client.get(url, plan_data(world, branches=[world.west.pk]), headers={"HX-Request": "true"}).content.decode()
    )
    assert not SamplePlan.objects.exists()

    wrong = client.post(url, plan_data(world, expected_pct="20"))
    assert wrong.status_code == 422
    assert "预期差错率要小于可容忍差错率" in wrong.content.decode()
    saved = client.post(url, plan_data(world))
    plan = SamplePlan.objects.get()
    assert saved["Location"] == reverse("reporting:plan", args=[plan.pk])
    assert (plan.number, plan.state, plan.rules.kind) == (1, "planned", "audit_rules")
    assert "抽取 17 户" in page(client, "plan", plan.pk)


def test_without_released_rules_nothing_can_be_planned(world: World, client_of: Clients) -> None:
    assert "还没有发布审计规则" in page(client_of(world.kang), "plan_new")


def test_two_tabs_draw_once(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 30)
    plan = make_plan(world)
    client, url = client_of(world.kang), reverse("reporting:draw", args=[plan.pk])

    first = client.post(url, {"seed": "lottery-1"}, follow=True)
    second = client.post(url, {"seed": "lottery-2"}, follow=True)

    assert "已抽取 17 户" in first.content.decode()
    assert "已经抽取过" in second.content.decode()
    plan.refresh_from_db()
    assert (plan.seed, plan.drawn_by) == ("lottery-1", world.kang)
    assert SampleItem.objects.filter(plan=plan).count() == 17


def test_a_bad_seed_is_said_where_it_was_typed(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 5)
    plan = make_plan(world)
    answer = client_of(world.kang).post(reverse("reporting:draw", args=[plan.pk]), {"seed": "a b"})
    assert answer.status_code == 422
    assert "种子用" in answer.content.decode()


def test_a_draw_is_verified_and_its_population_downloaded(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 30)
    plan = drawn_plan(world)
    client = client_of(world.kang)

    assert "结果完全相同" in page(client, "verify", plan.pk)
    answer = client.get(reverse("reporting:population", args=[plan.pk]))
    assert hashlib.sha256(answer.content).hexdigest() == plan.population_hash
    assert "刘建国" not in answer.content.decode()
    assert AuditEvent.objects.filter(verb="export_population", about_id=str(plan.pk)).count() == 1
    assert b"def redraw" in client.get(reverse("reporting:redraw")).content
    page(client, "population", make_plan(world).pk, status=404)


def test_the_form_knows_nothing_of_the_file_and_no_url_lets_it_out(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 6)
    plan = drawn_plan(world)
    item = plan.items.order_by("order").first()
    head = Person.objects.get(household_id=item.subject_id, relation="head")
    client = client_of(world.kang)

    text = page(client, "inspection", item.pk)
    assert "刘建国" in text
    household = client.get(reverse("customers:household", args=[item.subject_id])).content.decode()
    for shown in (text, household, page(client, "inspection_list"), page(client, "plan", plan.pk)):
        for secret in (
            "70,000",
            "70000",
            "7.00",
            "52,000",
            "5.20",
            "王秀英",
            tails_of(item.subject_id)["phone_tail"] + "<",
        ):
            assert secret not in shown
    for field in ("id_number", "phone"):
        assert client.post(reverse("customers:reveal", args=[head.pk, field])).status_code == 404

    by_tail = reverse("search") + f"?q={tails_of(item.subject_id)['phone_tail']}"
    link = reverse("customers:household", args=[item.subject_id])
    assert link not in client.get(by_tail).content.decode()

    client.post(reverse("reporting:inspection", args=[item.pk]), filled(item))
    assert link in client.get(by_tail).content.decode()
    after = client.get(reverse("customers:household", args=[item.subject_id])).content.decode()
    assert "王秀英" in after
    assert client.post(reverse("customers:reveal", args=[head.pk, "phone"])).status_code == 200


def test_saving_leads_to_the_comparison_and_a_second_save_changes_nothing(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 6)
    plan = drawn_plan(world)
    right, wrong = plan.items.order_by("order")[:2]
    client = client_of(world.kang)

    agreed = client.post(reverse("reporting:inspection", args=[right.pk]), filled(right), follow=True).content.decode()
    assert "与档案相符" in agreed
    url = reverse("reporting:inspection", args=[wrong.pk])
    differs = client.post(url, filled(wrong, gross_income="100000", members="4"), follow=True).content.decode()
    assert "家庭年收入相差 42.9 %，超过 20 %" in differs
    assert "家庭人口：档案 3 人，核实 4 人" in differs
    again = client.post(url, filled(wrong), follow=True).content.decode()
    assert "第一次的记录有效" in again
    assert Inspection.objects.get(item=wrong).result.is_deviation


def test_a_colleague_who_was_first_is_named(world: World, client_of: Clients) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 6)
    plan = drawn_plan(world, world.kang, kong)
    item = plan.items.first()
    client_of(world.kang).post(reverse("reporting:inspection", args=[item.pk]), filled(item))

    answer = client_of(kong).post(
        reverse("reporting:inspection", args=[item.pk]), filled(item, members="9"), follow=True
    )

    assert "这户已由康健检查" in answer.content.decode()
    assert not Inspection.objects.get(item=item).result.is_deviation


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"members": ""}, "见到户内成员时必填"),
        ({"id_tail": "12"}, "请填后四位"),
        ({"gross_income": "很多"}, "请填数字"),
        ({"found_on": "2099-01-01"}, "不能晚于今天"),
        ({"found_on": "2020-01-01"}, "不能早于列入抽查之日"),
        ({"finding": "stranger"}, "请在备注里写明经过"),
        ({"note": "身份证 370685197503050010"}, "不写身份证号和手机号"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_kept(
    world: World, client_of: Clients, changes: dict[str, str], said: str
) -> None:
    make_files(world, world.liu, 4)
    item = drawn_plan(world).items.first()

    answer = client_of(world.kang).post(reverse("reporting:inspection", args=[item.pk]), filled(item, **changes))

    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert 'value="3万"' in text
    assert not Inspection.objects.exists()


def test_who_is_not_named_and_who_audits_a_branch_gets_no_form(world: World, client_of: Clients) -> None:
    kong = another_auditor(world)
    make_files(world, world.liu, 6)
    plan = drawn_plan(world)
    item = plan.items.first()

    assert "由被指名的审计人员检查" in page(client_of(kong), "inspection", item.pk)
    refused = client_of(kong).post(reverse("reporting:inspection", args=[item.pk]), filled(item))
    assert refused.status_code == 422
    Post.objects.filter(staff=kong).update(branch=world.east)
    client = client_of(kong)
    for name in ("plan_list", "inspection_list", "conclusion_list"):
        assert "抽查由全行审计岗进行" in page(client, name)
    page(client, "plan_new", status=404)
    page(client, "plan", plan.pk, status=404)
    page(client, "inspection", item.pk, status=404)
    assert client.post(reverse("reporting:draw", args=[plan.pk])).status_code == 404


def test_a_conclusion_on_page_and_paper_in_both_languages(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 20)
    make_files(world, world.zhao, 10, collector=world.fang)
    plan = drawn_plan(world)
    client = client_of(world.kang)
    early = client.post(reverse("reporting:conclude", args=[plan.pk]))
    assert early.status_code == 422
    inspect_all(world, plan, wrong=2)

    answer = client.post(reverse("reporting:conclude", args=[plan.pk]), follow=True).content.decode()
    assert "不予通过" in answer
    assert "家庭年收入相差 50 %，超过 20 %" in answer
    assert "未通过：除上列档案外" in answer
    client.post(reverse("reporting:conclude", args=[plan.pk]))
    assert Conclusion.objects.count() == 1
    assert Conclusion.objects.get().document["sentence"]["zh"] in page(client, "conclusion_list")

    for language in ("zh-hans", "en"):
        client.post(reverse("set_language"), {"language": language})
        paper = client.get(reverse("reporting:conclusion_pdf", args=[plan.pk]))
        assert paper.content.startswith(b"%PDF")
        assert paper.content == client.get(reverse("reporting:conclusion_pdf", args=[plan.pk])).content
    assert Conclusion.objects.get().document["sentence"]["en"] in page(client, "conclusion", plan.pk)


def test_a_new_draw_is_planned_from_the_old_one_with_a_reason(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 6)
    plan = drawn_plan(world)
    client = client_of(world.kang)
    url = reverse("reporting:plan_new") + f"?replaces={plan.pk}"

    assert f"替代第 {plan.number} 号计划" in client.get(url).content.decode()
    assert client.post(url, plan_data(world)).status_code == 422
    client.post(url, plan_data(world, reason="支行范围选错"))

    new = SamplePlan.objects.get(replaces=plan)
    assert new.replaces_reason == "支行范围选错"
    assert f"已由第 {new.number} 号计划替代" in page(client, "plan", plan.pk)
    assert client.get(reverse("reporting:plan_new") + "?replaces=999999").status_code == 404


def count(client: Client, url: str) -> int:
    client.get(url)  # what is read once a process
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_twenty(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 1)
    first = drawn_plan(world)
    inspect_all(world, first)
    with auditing(world.kang) as post:
        samples.conclude(staff=world.kang, post=post, plan=first)
    inspect_all(world, drawn_plan(world))
    one = drawn_plan(world)
    client = client_of(world.kang)
    urls = [
        reverse("reporting:plan_list"),
        reverse("reporting:inspection_list"),
        reverse("reporting:inspection_list") + "?state=done",
        reverse("reporting:conclusion_list"),
    ]
    few = [count(client, url) for url in urls]
    plan_page = count(client, reverse("reporting:plan", args=[one.pk]))

    make_files(world, world.liu, 39, first=2)
    for at in range(20):
        more = drawn_plan(world, seed=f"s{at}", tolerable_pct=Decimal(50))
        if at < 19:
            inspect_all(world, more, wrong=1)
            with auditing(world.kang) as post:
                samples.conclude(staff=world.kang, post=post, plan=more)
    big = drawn_plan(world)
    for item in big.items.select_related("plan__rules")[:3]:
        with auditing(world.kang) as post:
            samples.inspect(staff=world.kang, post=post, item=item, entry=truth(item))

    assert [count(client, url) for url in urls] == few
    assert count(client, reverse("reporting:plan", args=[big.pk])) == plan_page


def test_a_household_under_inspection_says_so_to_its_auditor(world: World, client_of: Clients) -> None:
    make_files(world, world.liu, 4)
    item = drawn_plan(world).items.first()
    home = Household.objects.get(pk=item.subject_id)

    text = client_of(world.kang).get(reverse("customers:household", args=[home.pk])).content.decode()
    assert "档案暂不显示" in text
    assert not Evidence.objects.exists()
    assert (
        "档案暂不显示" not in client_of(world.chen).get(reverse("customers:household", args=[home.pk])).content.decode()
    )


def test_posts_but_the_auditor_get_404(world: World, client_of: Clients) -> None:
    plan = make_plan(world)
    for person in (world.chen, world.gao, world.jiang, world.an, world.lin):
        client = client_of(person)
        page(client, "plan_list", status=404)
        page(client, "plan", plan.pk, status=404)
    assert not Post.objects.filter(kind=PostKind.AUDITOR, from_on__lt=SINCE).exists()
