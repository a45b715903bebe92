"""The editor of models: parts as tables, errors at their cells, nothing typed lost, two windows, a new model without code."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import releases
from config.lib.models import AuditEvent, ParameterDraft, Release
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from credit.domain.model import read_model
from tests.conftest import acting_as
from tests.credit.files import release_models
from tests.credit.test_laboratory_pages import own_draft, text_of
from tests.domain.test_model_form import sent_of
from tests.world import SINCE, World

Clients = Callable[..., Client]


@pytest.fixture
def draft(world: World) -> ParameterDraft:
    release_models(world)
    return own_draft(world)


def edit(pk: int, part: str) -> str:
    return f"{reverse('credit:model_edit', args=[pk])}?part={part}"


def sent(draft: ParameterDraft, part: str, **changes: str) -> dict[str, Any]:
    typed: dict[str, Any] = {**sent_of(part, draft.document), "seen": str(draft.revision), "do": "save"}
    return typed | changes


def test_the_common_editor_leads_to_the_tables(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    answer = client_of(world.mo).get(reverse("lib:draft_edit", args=[draft.pk]))
    assert answer.headers["Location"] == reverse("credit:model_edit", args=[draft.pk])


@pytest.mark.parametrize("part", ["about", "inputs", "parameters", "derived", "scorecard", "grade", "lines", "reasons"])
def test_a_part_sent_back_untouched_changes_nothing(
    client_of: Clients, world: World, draft: ParameterDraft, part: str
) -> None:
    before = draft.document
    client = client_of(world.mo)
    assert client.get(edit(draft.pk, part)).status_code == 200
    assert client.post(edit(draft.pk, part), sent(draft, part)).status_code == 302
    draft.refresh_from_db()
    assert draft.document == before
    assert draft.revision == 1


def test_points_of_a_band_are_changed_and_kept(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    name = "scorecard.items.0.bands.rows.1.value"
    answer = client_of(world.mo).post(edit(draft.pk, "scorecard"), sent(draft, "scorecard", **{name: "7"}))
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.document["scorecard"]["items"][0]["bands"]["rows"][1]["value"] == "7"
    assert draft.revision == 2


def test_faults_stand_at_their_cells_and_the_draft_is_kept_with_them(
    client_of: Clients, world: World, draft: ParameterDraft
) -> None:
    changes = {"scorecard.items.0.bands.rows.1.value": "八", "scorecard.items.3.bands.rows.0.lower": "2"}
    answer = client_of(world.mo).post(edit(draft.pk, "scorecard"), sent(draft, "scorecard", **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    slot = re.search(
        r'<span class="model-slot" id="s-f-scorecard-items-0-bands-rows-1-value">(.*?)</span></span>', page
    )
    assert slot
    assert "“八”写法不对" in slot[1]
    assert 'value="八"' in page
    assert "草稿已保存，这里还有 1 处要改" in text_of(answer)
    draft.refresh_from_db()
    assert draft.document["scorecard"]["items"][3]["bands"]["rows"][0]["from"] == "2"


def test_the_check_while_typing_saves_nothing(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.mo)
    url = f"{reverse('credit:model_check', args=[draft.pk])}?part=lines"
    answer = client.post(url, sent(draft, "lines", **{"lines.0.formula": "total_assets +"}))
    page = answer.content.decode()
    assert 'id="s-f-lines-0-formula" hx-swap-oob="true"' in page
    assert "公式第" in page
    fine = client.post(url, sent(draft, "lines", **{"lines.0.formula": "total_assets * v1"})).content.decode()
    assert "model-error" not in fine
    assert "财产总值 × " in fine
    draft.refresh_from_db()
    assert draft.revision == 1


def test_rows_are_arranged_without_saving(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.mo)
    typed = sent(draft, "scorecard", **{"do": "add:scorecard.items.0.bands.rows", "scorecard.items.1.label.zh": "劳力"})
    page = client.post(edit(draft.pk, "scorecard"), typed).content.decode()
    assert 'name="scorecard.items.0.bands.rows.3.value"' in page
    assert 'value="劳力"' in page
    draft.refresh_from_db()
    assert draft.revision == 1


def test_pressed_twice_it_is_saved_once(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client, typed = client_of(world.mo), sent(draft, "about", **{"title.zh": "新标题"})
    answers = [client.post(edit(draft.pk, "about"), typed) for _press in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    draft.refresh_from_db()
    assert draft.revision == 2
    assert AuditEvent.objects.filter(verb="parameter_saved", about_id=str(draft.pk)).count() == 1


def test_another_window_is_not_overwritten_unseen(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.mo)
    client.post(edit(draft.pk, "about"), sent(draft, "about", **{"title.zh": "甲窗"}))
    late = client.post(edit(draft.pk, "about"), sent(draft, "about", **{"title.zh": "乙窗"}))
    assert late.status_code == 422
    assert "另一个窗口保存过这份草稿" in text_of(late)
    assert 'value="乙窗"' in late.content.decode()
    draft.refresh_from_db()
    assert draft.document["title"]["zh"] == "甲窗"


def test_only_the_drafter_changes_it(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.ning)
    assert client.get(edit(draft.pk, "about")).status_code == 302
    assert client.post(edit(draft.pk, "about"), sent(draft, "about", **{"title.zh": "别人"})).status_code == 302
    assert client.post(f"{reverse('credit:model_check', args=[draft.pk])}?part=about").status_code == 404
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_new_model_begins_blank_or_as_a_copy_and_reads(client_of: Clients, world: World) -> None:
    release_models(world)
    client, kind = client_of(world.mo), find("credit_model")
    assert kind is not None
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind, key="t1")
    assert "照 S1 第 1 版" in text_of(client.get(reverse("credit:model_edit", args=[draft.pk])))
    s1 = Release.objects.get(kind="credit_model", key="s1")
    client.post(edit(draft.pk, "json"), {"do": f"copy:{s1.pk}", "seen": "1"})
    draft.refresh_from_db()
    assert draft.document == {**s1.document, "code": "T1"}
    client.post(edit(draft.pk, "json"), {"do": "blank", "seen": "2"})
    draft.refresh_from_db()
    assert read_model(draft.document).code == "T1"
    typed = sent(draft, "derived", do="add:derived")
    page = client.post(edit(draft.pk, "derived"), typed).content.decode()
    assert 'name="derived.0.how"' in page
    assert '<option value="ticks">' in page


def test_json_is_pasted_and_what_is_no_json_is_kept(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.mo)
    broken = client.post(edit(draft.pk, "json"), {"do": "save", "seen": "1", "json": '{"code": '})
    assert broken.status_code == 422
    assert "{&quot;code&quot;: " in broken.content.decode()
    document = {**draft.document, "title": {"zh": "贴上的", "en": "pasted"}}
    client.post(edit(draft.pk, "json"), {"do": "save", "seen": "1", "json": json.dumps(document)})
    draft.refresh_from_db()
    assert draft.document["title"]["zh"] == "贴上的"


def test_the_note_and_the_day_are_kept(client_of: Clients, world: World, draft: ParameterDraft) -> None:
    client = client_of(world.mo)
    wrong = client.post(
        edit(draft.pk, "release"), {"do": "save", "seen": "1", "note": "依据", "effective_on": "2020-01-01"}
    )
    assert wrong.status_code == 422
    client.post(edit(draft.pk, "release"), {"do": "save", "seen": "1", "note": "县联社通知", "effective_on": ""})
    draft.refresh_from_db()
    assert draft.note == "县联社通知"


# --- From a shipped scheme ----------------------------------------------------------------------------------------------

SHIPPED = {
    "s1_hunan": 0, "s2_ningyuan_lanshan": 0, "s6_grade_asset_income": 0,
    "s9_five_elements": 8, "s10_four_levels": 1, "s16_five_levels": 6,
}  # fmt: skip


def _begun(world: World, key: str) -> ParameterDraft:
    kind = find("credit_model")
    assert kind is not None
    with acting_as(world.mo):
        return drafts.begin(by=world.mo, post_id=None, kind=kind, key=key)


def test_every_shipped_scheme_is_offered_with_what_it_lacks(client_of: Clients, world: World) -> None:
    draft = _begun(world, "mine")
    client = client_of(world.mo)
    answer = client.get(edit(draft.pk, "json"))
    assert [(one["name"], len(one["unknown"])) for one in answer.context["schemes"]] == list(SHIPPED.items())
    said = text_of(answer)
    assert said.count("不完整 · 不能发布") == 3
    assert "四个等级的评定标准没有公布" in said
    client.post(reverse("set_language"), {"language": "en"})
    assert "how the four levels are told apart was not published" in text_of(client.get(edit(draft.pk, "json")))


@pytest.mark.parametrize(("name", "unknown"), SHIPPED.items())
def test_a_draft_is_begun_from_any_and_an_incomplete_one_is_never_released(
    client_of: Clients, world: World, name: str, unknown: int
) -> None:
    draft = _begun(world, "mine")
    client = client_of(world.mo)
    begun = client.post(edit(draft.pk, "json"), {"do": f"scheme:{name}", "seen": str(draft.revision)})
    assert begun.status_code == 302
    draft.refresh_from_db()
    assert draft.document["code"] == "MINE"
    assert len(read_model(draft.document).unknown) == unknown
    page = text_of(client.get(reverse("credit:model", args=["draft", draft.pk])))
    assert ("不完整 · 不能发布" in page) is (unknown > 0)

    client.post(
        edit(draft.pk, "release"), {"note": "首版", "effective_on": "", "do": "save", "seen": str(draft.revision)}
    )
    client.post(reverse("lib:draft_submit", args=[draft.pk]))
    draft.refresh_from_db()
    assert draft.note == "首版"
    assert draft.state == ("draft" if unknown else "submitted")
    if unknown:
        with pytest.raises(IntegrityError, match="release_has_no_unknown_part"), transaction.atomic():
            releases.publish(
                institution_id=world.bank.pk, kind="credit_model", key="mine", document=draft.document,
                effective_on=SINCE, drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
            )  # fmt: skip


def test_a_scheme_nobody_ships_is_not_opened(client_of: Clients, world: World) -> None:
    draft = _begun(world, "mine")
    for name in ("../parameters/lines", "blank/model", ""):
        answer = client_of(world.mo).post(edit(draft.pk, "json"), {"do": f"scheme:{name}", "seen": str(draft.revision)})
        assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.document == {}
