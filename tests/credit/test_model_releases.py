"""A model on its way to release: told apart in words, never released with a part unknown, advice beside a sound one."""

import copy
import json
from pathlib import Path

import pytest
from django.urls import reverse

from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from tests.conftest import acting_as
from tests.credit.files import release_models
from tests.credit.test_laboratory_pages import Clients, address, own_draft, text_of
from tests.world import World

SCHEMES = Path(__file__).parents[2] / "credit" / "schemes"


@pytest.fixture
def version(world: World) -> Release:
    release_models(world)
    return Release.objects.get(kind="credit_model", key="s1")


def drafted(world: World, key: str, scheme: str) -> ParameterDraft:
    kind = find("credit_model")
    assert kind is not None
    document = json.loads((SCHEMES / scheme).read_text(encoding="utf-8"))
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind, key=key)
        return drafts.save(
            by=world.mo, post_id=None, draft=draft, document=document, note="试", effective_on=None, seen=1
        )


def test_a_changed_band_is_told_in_one_sentence(client_of: Clients, world: World, version: Release) -> None:
    document = copy.deepcopy(version.document)
    document["scorecard"]["items"][6]["bands"]["rows"][0]["value"] = "14"
    draft = own_draft(world, document)
    client, url = client_of(world.mo), reverse("lib:parameter_draft", args=[draft.pk])
    assert "评分表：上年纯收入：将 高于 1.5 由 15 分 改为 14 分" in text_of(client.get(url))
    client.post(reverse("set_language"), {"language": "en"})
    assert "Scorecard: last year&#x27;s net income: above 1.5 changed from 15 points to 14 points" in text_of(
        client.get(url)
    )


def test_a_change_of_order_alone_is_still_told(client_of: Clients, world: World, version: Release) -> None:
    document = copy.deepcopy(version.document)
    document["reasons"].reverse()
    draft = own_draft(world, document)
    assert "顺序" in text_of(client_of(world.mo).get(reverse("lib:parameter_draft", args=[draft.pk])))


def test_an_incomplete_model_is_shown_and_never_released(client_of: Clients, world: World, version: Release) -> None:
    draft = drafted(world, "s9", "s9_five_elements.json")
    client = client_of(world.mo)
    assert "尚未查明：AAA 级的授信额度没有公布" in text_of(client.get(address("model", "draft", draft.pk)))
    assert client.get(address("model_try", "draft", draft.pk)).status_code == 200
    said = text_of(client.get(reverse("lib:parameter_draft", args=[draft.pk])))
    assert "不完整的模型只能试算，不能发布" in said
    with acting_as(world.mo), pytest.raises(drafts.Refused):
        drafts.submit(by=world.mo, post_id=None, draft=draft)


def test_what_is_never_used_stands_beside_a_sound_draft(client_of: Clients, world: World, version: Release) -> None:
    document = copy.deepcopy(version.document)
    document["lines"][7]["formula"] = "property_part + income_part + labour_part"
    document["lines"].pop(5)
    document["scorecard"]["items"].pop(5)
    draft = own_draft(world, document)
    said = text_of(client_of(world.mo).get(reverse("lib:parameter_draft", args=[draft.pk])))
    assert "要素“shares”没有用到；可以删去" in said
