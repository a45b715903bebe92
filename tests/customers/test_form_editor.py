"""The editor of collection forms: a draft typed part by part, faults beside their place, what is released protected."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib.models import ParameterDraft, Release
from customers.domain.form import read_form
from tests.customers.builders import release_parameters
from tests.customers.form_drafts import begun, field_of, path_of, section_of
from tests.world import World

ClientOf = Callable[..., Client]
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


@pytest.fixture
def mo(world: World, client_of: ClientOf) -> Client:
    release_parameters(world)
    return client_of(world.mo)


def sent_by(html: str) -> dict[str, list[str]]:
    """What a browser would send of the editor as it stands."""
    form = html[html.index('id="editor"') :]
    found: dict[str, list[str]] = {}
    for text in _INPUT.findall(form):
        given = dict(_ATTRIBUTE.findall(text))
        if "name" not in given or given.get("type") == "file":
            continue
        if given.get("type") in ("checkbox", "radio") and not text.rstrip().endswith("checked"):
            continue
        found.setdefault(given["name"], []).append(unescape(given.get("value", "on")))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = [unescape(chosen[1]) if chosen else ""]
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, flags=re.DOTALL):
        found[name] = [unescape(body)]
    return found


def editor(draft: ParameterDraft) -> str:
    return reverse("customers:form_edit", args=[draft.pk])


def part(draft: ParameterDraft, path: str) -> str:
    return f"{reverse('customers:form_part', args=[draft.pk])}?at={path}"


def press(client: Client, url: str, do: str, **changes: Any) -> Any:
    """Open a page of the editor, type the changes and press a button."""
    page = client.get(url)
    assert page.status_code == 200, page
    return client.post(url, sent_by(page.content.decode()) | changes | {"do": do})


def again(draft: ParameterDraft) -> Any:
    draft.refresh_from_db()
    return draft.document


# --- Every page of every shipped form says nothing by itself ---------------------------------------------------------------


@pytest.mark.parametrize("key", ["farm_household", "cooperative"])
def test_saving_a_page_as_it_stands_changes_nothing(world: World, mo: Client, key: str) -> None:
    draft = begun(world, key=key)
    document = draft.document
    paths = [f"steps.{place}" for place in range(len(document["steps"]))]
    for place, section in enumerate(document["sections"]):
        paths.append(f"sections.{place}")
        paths += [f"sections.{place}.fields.{at}" for at in range(len(section["fields"]))]
    for path in paths:
        answer = press(mo, part(draft, path), "save")
        assert answer.status_code == 302, path
    press(mo, editor(draft), "save")
    assert again(draft) == document


def test_the_form_is_read_as_tables(world: World, mo: Client) -> None:
    text = mo.get(editor(begun(world))).content.decode()
    for said in (
        "财产负债",
        "可变现价值",
        "不超过现值",
        "农村房屋、城镇房产",
        "固定",
        "用到它：合计、额度模型",
        "户主、借款人及其配偶须有",
    ):
        assert said in text


# --- One step at a time -------------------------------------------------------------------------------------------------------


def test_a_field_is_added_named_and_given_options(world: World, mo: Client) -> None:
    draft = begun(world)
    place = path_of(draft.document, "needs")
    made = press(mo, editor(draft), f"add_field:{place}")
    url = made["Location"]
    assert "at=" in url

    refused = press(mo, url, "save", type="choice")
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "中文和英文名称都要写" in text
    assert "选择题至少要有一个选项" in text
    assert "草稿已保存" in text

    with_row = press(mo, url, "add:options", zh="用途", en="purpose", code="use", type="choice").content.decode()
    assert 'value="用途"' in with_row
    sent = sent_by(with_row)
    row = {"options.0.code": "seed", "options.0.zh": "买种子", "options.0.en": "seed", "options.0.common": "on"}
    assert mo.post(url, sent | row | {"do": "save"}).status_code == 302
    assert field_of(again(draft), "needs", "use") == {
        "code": "use",
        "type": "choice",
        "zh": "用途",
        "en": "purpose",
        "options": [{"code": "seed", "zh": "买种子", "en": "seed", "common": True}],
    }
    assert read_form(draft.document)[1] == []


def test_parts_move_within_their_step(world: World, mo: Client) -> None:
    draft = begun(world)
    press(mo, editor(draft), f"up:{path_of(draft.document, 'liabilities')}")
    codes = [one["code"] for one in again(draft)["sections"] if one["step"] == "property"]
    assert codes[:2] == ["liabilities", "assets"]
    press(mo, editor(draft), f"down:{path_of(draft.document, 'assets', 'kind')}")
    assert [one["code"] for one in section_of(again(draft), "assets")["fields"]][:2] == ["current", "kind"]


def test_what_is_released_is_retired_and_comes_back(world: World, mo: Client) -> None:
    draft = begun(world)
    path = path_of(draft.document, "assets", "original")
    text = mo.get(editor(draft)).content.decode()
    assert f'value="retire:{path}"' in text
    assert f'value="remove:{path}"' not in text

    press(mo, editor(draft), f"retire:{path}")
    assert field_of(again(draft), "assets", "original")["retired"] is True
    asked = read_form(draft.document)[0].by_code["assets"]
    assert "original" not in asked.by_code
    press(mo, editor(draft), f"restore:{path}")
    assert "retired" not in field_of(again(draft), "assets", "original")


def test_deleting_what_files_carry_is_a_fault_beside_its_section(world: World, mo: Client) -> None:
    draft = begun(world)
    press(mo, editor(draft), f"remove:{path_of(draft.document, 'needs', 'wanted_on')}")  # as a page of yesterday would
    text = mo.get(editor(draft)).content.decode()
    assert "有 1 处需要改" in text
    at = text.index("已经发布，档案里可能填过：请停用，不要删去")
    assert text.rindex("<h3>", 0, at) == text.index(
        "<h3>", text.index(f'id="part-{path_of(draft.document, "needs").replace(".", "-")}"')
    )


def test_what_has_a_fixed_meaning_is_protected(world: World, mo: Client) -> None:
    draft = begun(world)
    text = mo.get(editor(draft)).content.decode()
    fixed = [
        path_of(draft.document, "members"),
        path_of(draft.document, "borrowing", "borrower"),
        path_of(draft.document, "assets", "current"),
        path_of(draft.document, "income", "gross"),
    ]
    for path in fixed:
        assert f'value="retire:{path}"' not in text
        assert f'value="remove:{path}"' not in text
    assert 'name="type"' not in mo.get(part(draft, fixed[2])).content.decode()


def test_options_are_retired_not_removed(world: World, mo: Client) -> None:
    draft = begun(world)
    url = part(draft, path_of(draft.document, "assets", "kind"))
    text = mo.get(url).content.decode()
    assert 'value="remove:options:0"' not in text
    assert press(mo, url, "save", **{"options.0.retired": "on"}).status_code == 302
    assert field_of(again(draft), "assets", "kind")["options"][0]["retired"] is True


def test_a_condition_is_chosen_from_what_is_asked_before(world: World, mo: Client) -> None:
    draft = begun(world)
    url = part(draft, path_of(draft.document, "liabilities", "due_on"))
    listed = press(mo, url, "refresh", **{"shown_if.field": "kind"}).content.decode()
    assert "民间借款" in listed
    sent = sent_by(listed) | {"shown_if.field": "kind", "shown_if.is": ["private", "own_bank"], "do": "save"}
    assert mo.post(url, sent).status_code == 302
    assert field_of(again(draft), "liabilities", "due_on")["shown_if"] == {
        "field": "kind",
        "is": ["own_bank", "private"],
    }
    assert "只在 向谁借 = 本行借款、民间借款" in mo.get(editor(draft)).content.decode()


def test_limits_that_cannot_be_are_said_beside_their_field(world: World, mo: Client) -> None:
    draft = begun(world)
    url = part(draft, path_of(draft.document, "assets", "quantity"))
    answer = press(mo, url, "save", least="9", most="三", places="二")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="三"' in text
    assert text.index("“三”不是数字") > text.index('value="三"')
    assert text.index("应为整数") > text.index('value="二"')
    press(mo, url, "save", least="9", most="3", places="2")
    assert "下限高于上限" in mo.get(url).content.decode()


# --- Nothing typed is lost -----------------------------------------------------------------------------------------------------


def test_a_button_of_the_page_keeps_what_was_typed_beside_it(world: World, mo: Client) -> None:
    draft = begun(world)
    press(mo, editor(draft), "add_step", note="按年终要求", zh="农户采集表（新）")
    draft.refresh_from_db()
    assert (draft.note, draft.document["zh"]) == ("按年终要求", "农户采集表（新）")


@pytest.mark.parametrize(
    ("name", "value", "says"), [("effective_on", "2020-01-01", "只能是今天或以后"), ("note", "字" * 501, "最多 500")]
)
def test_a_refused_day_keeps_the_rest(world: World, mo: Client, name: str, value: str, says: str) -> None:
    draft = begun(world)
    answer = press(mo, editor(draft), "save", **{"zh": "改了名", name: value})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert 'value="改了名"' in text
    assert value in text


def test_another_window_is_not_overwritten_unseen(world: World, mo: Client) -> None:
    draft = begun(world)
    path = path_of(draft.document, "assets", "note")
    url = part(draft, path)
    stale = sent_by(mo.get(url).content.decode()) | {"zh": "备注", "do": "save"}
    press(mo, editor(draft), f"up:{path}")
    refused = mo.post(url, stale)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "另一个窗口" in text
    assert 'value="备注"' in text

    moved = path_of(again(draft), "assets", "note")
    assert moved != path
    assert f'action="?at={moved}"' in text
    assert mo.post(part(draft, moved), sent_by(text) | {"do": "save"}).status_code == 302
    assert field_of(again(draft), "assets", "note")["zh"] == "备注"


def test_a_new_form_begins_from_one_in_force(world: World, mo: Client) -> None:
    draft = begun(world, key="orchard")
    text = mo.get(editor(draft)).content.decode()
    assert "从现有的表开始" in text
    farm = Release.objects.get(kind="form", key="farm_household")
    press(mo, editor(draft), f"copy:{farm.pk}")
    assert again(draft) == farm.document
    assert f'value="remove:{path_of(draft.document, "needs")}"' in mo.get(editor(draft)).content.decode()


def test_a_document_is_pasted_and_checked(world: World, mo: Client) -> None:
    draft = begun(world)
    answer = press(
        mo, editor(draft), "json", json='{"zh": 1, "sections": [7, {"fields": "x", "code": []}], "steps": {}}'
    )
    assert answer.status_code == 302
    text = mo.get(editor(draft)).content.decode()
    assert "处需要改" in text
    assert press(mo, editor(draft), "json", json="{").status_code == 422


def test_only_who_drafted_edits_and_only_forms_open_here(world: World, mo: Client, client_of: ClientOf) -> None:
    draft = begun(world)
    ning = client_of(world.ning)
    assert ning.get(editor(draft)).status_code == 302
    assert ning.post(part(draft, "steps.0"), {"do": "save", "zh": "改", "seen": "1"}).status_code == 302
    assert again(draft)["steps"][0]["zh"] == "家庭"
    assert mo.get(part(draft, "sections.99")).status_code == 302
    assert mo.get(reverse("lib:draft_edit", args=[draft.pk]))["Location"] == editor(draft)
    other = ParameterDraft.objects.create(institution=world.bank, kind="visit_quotas", document={}, drafted_by=world.mo)
    assert mo.get(editor(other)).status_code == 404


# --- Preview --------------------------------------------------------------------------------------------------------------------


def test_the_preview_is_the_visit_page_and_sends_nothing(world: World, mo: Client) -> None:
    def change(document: dict[str, Any]) -> None:
        section_of(document, "needs")["fields"].append(
            {"code": "urgent", "type": "yes_no", "zh": "急用", "en": "urgent"}
        )
        field_of(document, "assessment", "judgement")["retired"] = True

    draft = begun(world, change)
    url = reverse("customers:form_sheet", args=[draft.pk])
    answer = mo.get(url)
    html = answer.content.decode()
    assert answer.status_code == 200
    for said in ("急用", "甲（示例）", "预览", "现值", "户主"):
        assert said in html
    for sends in ('method="post"', "csrfmiddlewaretoken", 'type="submit"', "data-draft", "data-latitude", "综合评价"):
        assert sends not in html[html.index("<main") : html.index("</main>")]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert mo.post(url).status_code == 405

    text = mo.get(reverse("customers:form_preview", args=[draft.pk])).content.decode()
    assert "增加 项目 急用（urgent）" in text
    assert "额度模型" in text
    assert "完整档案须有" in text
    assert "劳动能力（户主、借款人及其配偶）" in text


@pytest.mark.parametrize(
    "key", ["large_grower", "individual_business", "family_farm", "cooperative", "leading_enterprise"]
)
def test_every_form_has_a_preview_in_both_languages(world: World, mo: Client, key: str) -> None:
    draft = begun(world, key=key)
    for language in ("zh-hans", "en"):
        mo.cookies["gedang_language"] = language
        for name in ("form_sheet", "form_preview"):
            assert mo.get(reverse(f"customers:{name}", args=[draft.pk])).status_code == 200


# --- Cost -------------------------------------------------------------------------------------------------------------------------


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_a_long_form_costs_what_a_short_one_costs(world: World, mo: Client) -> None:
    draft = begun(world)
    pages = [editor(draft), part(draft, "sections.3"), reverse("customers:form_preview", args=[draft.pk])]
    short = [_queries(mo, url) for url in pages]
    for number in range(20):
        section_of(draft.document, "needs")["fields"].append(
            {"code": f"more_{number}", "type": "text", "zh": f"其他{number}", "en": f"other {number}"}
        )
    draft.save()
    assert [_queries(mo, url) for url in pages] == short
    assert max(short) <= 17
