"""Pages of who keeps parameters: what is in force, the editor that loses nothing, comparison, the second person."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, releases
from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts
from tests.conftest import acting_as
from tests.lib.parameters import KIND, begun, document, first_version, kind_named, release, submitted
from tests.world import World

ClientOf = Callable[..., Client]


def page(client: Client, name: str, *arguments: object, **query: str) -> str:
    answer = client.get(reverse(f"lib:{name}", args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, name: str, *arguments: object, **data: Any) -> Any:
    return client.post(reverse(f"lib:{name}", args=arguments), data)


def typed(**changes: Any) -> dict[str, Any]:
    """What the editor of the weekly quotas sends."""
    return {
        "officer.days_per_week": "5",
        "officer.households_per_week": "45",
        "note": "年底加快",
        "effective_on": "",
        "seen": "1",
        "do": "save",
        **changes,
    }


def own(world: World) -> ParameterDraft:
    with acting_as(world.mo):
        return drafts.begin(by=world.mo, post_id=None, kind=KIND)


# --- The whole way through the pages ------------------------------------------------------------------------------------


def test_from_the_list_to_a_version_in_force(world: World, client_of: ClientOf) -> None:
    first_version(world)
    mo, ning = client_of(world.mo), client_of(world.ning)
    assert "每周走访要求" in page(mo, "rules")

    begun_at = post(mo, "draft_begin", kind="visit_quotas")
    draft = ParameterDraft.objects.get()
    assert begun_at["Location"] == reverse("lib:draft_edit", args=[draft.pk])
    assert 'value="40"' in page(mo, "draft_edit", draft.pk)
    saved = post(mo, "draft_edit", draft.pk, **typed())
    assert saved["Location"] == reverse("lib:parameter_draft", args=[draft.pk])
    assert "将 每周走访户数 由 40 户 改为 45 户" in page(mo, "parameter_draft", draft.pk)
    post(mo, "draft_submit", draft.pk)

    assert "莫言" in page(ning, "releases")
    assert "发布这一版" in page(ning, "parameter_draft", draft.pk)
    assert "发布这一版" not in page(mo, "parameter_draft", draft.pk)
    post(ning, "draft_release", draft.pk)

    made = releases.in_force(world.bank.pk, "visit_quotas", clock.today())
    assert (made.version, made.document["officer"]["households_per_week"]) == (2, 45)
    shown = page(ning, "parameter_version", made.pk)
    assert "现行" in shown
    assert "<dd>45 户</dd>" in shown
    assert "将 每周走访户数 由 40 户 改为 45 户" in shown
    history = page(ning, "parameter", "visit_quotas")
    assert "第 2 版" in history
    assert "已被取代" in history
    assert "年底加快" in page(mo, "releases")


def test_what_is_wrong_is_marked_at_once_and_kept(world: World, client_of: ClientOf) -> None:
    draft = own(world)
    answer = post(
        client_of(world.mo),
        "draft_edit",
        draft.pk,
        **typed(**{"officer.days_per_week": "八", "officer.households_per_week": "900"}),
    )

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "有 2 处需要改" in text
    assert (
        text.index("每周有效走访天数")
        < text.index("请填整数")
        < text.index("每周走访户数")
        < text.index("不能大于 500")
    )
    assert 'value="八"' in text
    draft.refresh_from_db()
    assert draft.document["officer"]["days_per_week"] == "八"
    assert "请填整数" in page(client_of(world.mo), "parameter_draft", draft.pk)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"effective_on": "2020-01-01"}, "只能是今天或以后"),
        ({"effective_on": "明天"}, "请写成"),
        ({"note": "字" * 501}, "最多 500"),
        ({"seen": "0"}, "另一个窗口"),
        ({"do": "json", "json": "{"}, "不是有效的 JSON"),
    ],
)
def test_everything_typed_survives_an_error(
    world: World, client_of: ClientOf, changes: dict[str, str], says: str
) -> None:
    draft = own(world)
    answer = post(client_of(world.mo), "draft_edit", draft.pk, **typed(**changes))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert 'value="45"' in text
    for value in changes.values():
        assert value in text
    draft.refresh_from_db()
    assert draft.revision == 1


def test_saving_again_after_another_window_lets_this_one_stand(world: World, client_of: ClientOf) -> None:
    draft = begun(world, world.mo)
    mo = client_of(world.mo)
    refused = post(mo, "draft_edit", draft.pk, **typed())
    assert 'name="seen" value="2"' in refused.content.decode()

    assert post(mo, "draft_edit", draft.pk, **typed(seen="2")).status_code == 302
    draft.refresh_from_db()
    assert draft.document["officer"]["households_per_week"] == 45


def test_records_are_added_moved_and_removed_without_saving(world: World, client_of: ClientOf) -> None:
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind_named("refuse_reasons"))
    mo = client_of(world.mo)
    sent = {
        "reasons": ["4", "1"],
        "reasons.4.code": "age",
        "reasons.4.zh": "年龄",
        "reasons.1.code": "debts",
        "reasons.1.zh": "欠债",
    }

    def after(step: str) -> str:
        return str(post(mo, "draft_edit", draft.pk, **sent, seen="1", do=step).content.decode())

    assert after("add:reasons").count('name="reasons" value') == 3
    removed = after("remove:reasons:0")
    assert "欠债" in removed
    assert "年龄" not in removed
    moved = after("up:reasons:1")
    assert moved.index("欠债") < moved.index("年龄")
    draft.refresh_from_db()
    assert (draft.document, draft.revision) == ({}, 1)


def test_a_notice_is_edited_paragraph_by_paragraph(world: World, client_of: ClientOf) -> None:
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind_named("consent_notice"))
    sent = {
        "scopes": ["collection", "position"],
        "zh.title": "告知书",
        "zh.paragraphs": ["0", "1"],
        "zh.paragraphs.0": "第一段",
        "zh.paragraphs.1": "第二段",
        "en.title": "Notice",
        "en.paragraphs": ["0"],
        "en.paragraphs.0": "First",
        "note": "首版",
        "seen": "1",
        "do": "save",
    }
    assert post(client_of(world.mo), "draft_edit", draft.pk, **sent).status_code == 302
    draft.refresh_from_db()
    assert draft.document == {
        "scopes": ["collection", "position"],
        "zh": {"title": "告知书", "paragraphs": ["第一段", "第二段"]},
        "en": {"title": "Notice", "paragraphs": ["First"]},
    }


@pytest.mark.parametrize("as_file", [True, False])
def test_a_document_is_pasted_or_uploaded(world: World, client_of: ClientOf, as_file: bool) -> None:
    draft = own(world)
    text = json.dumps(document(6))
    given: dict[str, Any] = {"json": text}
    if as_file:
        given = {"file": BytesIO(text.encode())}
    answer = post(client_of(world.mo), "draft_edit", draft.pk, **typed(do="json"), **given)

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.document == document(6)


def test_a_model_is_checked_by_its_own_reader(world: World, client_of: ClientOf) -> None:
    mo = client_of(world.mo)
    post(mo, "draft_begin", kind="credit_model", key="s9")
    draft = ParameterDraft.objects.get()
    url = reverse("credit:model_edit", args=[draft.pk])
    mo.post(f"{url}?part=json", {"json": '{"format": "gedang-model/1"}', "seen": "1", "do": "save"})

    text = page(mo, "parameter_draft", draft.pk)
    assert "缺少“inputs”" in text
    assert "gedang-model/1" in text


def test_a_document_comes_back_as_a_file(world: World, client_of: ClientOf) -> None:
    made = first_version(world)
    answer = client_of(world.mo).get(reverse("lib:version_file", args=[made.pk]))

    assert json.loads(answer.content) == made.document
    assert "visit_quotas-v1.json" in answer["Content-Disposition"]


def test_a_return_is_told_to_the_drafter(world: World, client_of: ClientOf) -> None:
    draft = submitted(world, world.mo)
    post(client_of(world.ning), "draft_return", draft.pk, reason="户数太多")

    text = page(client_of(world.mo), "parameter_draft", draft.pk)
    assert "户数太多" in text
    assert "继续修改" in text or "提交发布" in text


def test_versions_are_compared_with_any_other(world: World, client_of: ClientOf) -> None:
    first = first_version(world)
    release(submitted(world, world.mo, 5), world.ning)
    last = release(submitted(world, world.mo, 6), world.ning)
    mo = client_of(world.mo)

    assert "由 5 天 改为 6 天" in page(mo, "parameter_version", last.pk)
    assert "由 4 天 改为 6 天" in page(mo, "parameter_version", last.pk, against=str(first.pk))
    other = releases.publish(
        institution_id=world.bank.pk,
        kind="report_rules",
        document={"laggard_below": "1/2", "laggard_limit": 5},
        effective_on=date(2026, 1, 1),
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    assert mo.get(reverse("lib:parameter_version", args=[last.pk]), {"against": other.pk}).status_code == 404


def test_pages_read_in_english(world: World, client_of: ClientOf) -> None:
    world.mo.language = "en"
    world.mo.save()
    first_version(world)
    draft = begun(world, world.mo)
    mo = client_of(world.mo)
    mo.cookies["gedang_language"] = "en"

    text = page(mo, "parameter_draft", draft.pk)
    assert "Effective visit days a week changed from 4 days to 5 days" in text


def test_other_institutions_are_not_there(world: World, client_of: ClientOf) -> None:
    made, draft = first_version(world), begun(world, world.mo)
    institution = type(world.bank)
    bank = institution.objects.create(name="别行", short_name="别行", county_code="1", county="别县")
    world.ning.institution = bank
    world.ning.save()
    ning = client_of(world.ning)

    for name, pk in (
        ("parameter_version", made.pk),
        ("version_file", made.pk),
        ("parameter_draft", draft.pk),
        ("draft_file", draft.pk),
    ):
        assert ning.get(reverse(f"lib:{name}", args=[pk])).status_code == 404


# --- Pages of twenty cost what pages of one cost ------------------------------------------------------------------------


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


@pytest.mark.parametrize("name", ["rules", "models", "releases", "parameter"])
def test_a_full_page_asks_no_more_than_a_short_one(world: World, client_of: ClientOf, name: str) -> None:
    mo = client_of(world.mo)
    url = reverse(f"lib:{name}", args=["credit_model"] if name == "parameter" else []) + (
        "?key=m0" if name == "parameter" else ""
    )
    today = clock.today()

    def fill(start: int, end: int) -> None:
        for number in range(start, end):
            common: dict[str, Any] = {
                "institution_id": world.bank.pk,
                "kind": "credit_model",
                "drafted_by_id": world.mo.pk,
                "released_by_id": world.ning.pk,
            }
            for version, key in ((number + 1, "m0"), (1, f"m{number + 1}")):
                for step, starts in enumerate((today, today + timedelta(days=9))):
                    Release.objects.create(
                        **common,
                        key=key,
                        version=version * 2 + step,
                        document={"n": number},
                        sha256="x",
                        effective_on=starts,
                    )
            for key in ("m0", f"m{number + 1}"):
                ParameterDraft.objects.create(
                    institution_id=world.bank.pk, kind="credit_model", key=key, document={}, drafted_by=world.mo
                )

    fill(0, 1)
    short = _queries(mo, url)
    fill(1, 20)
    assert _queries(mo, url) == short
