"""The laboratory for who keeps parameters: a model as tables, one invented household tried."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from credit.models import LineResult
from tests.conftest import acting_as
from tests.credit.files import release_models
from tests.world import World

Clients = Callable[..., Client]
HOME = {
    "fact.persons": "4",
    "fact.labour": "2",
    "fact.total_assets": "300000",
    "fact.net_assets": "250000",
    "fact.realisable_assets": "90000",
    "fact.net_income": "60000",
    "fact.shares": "5000",
    "fact.record": "normal",
    "fact.judgement": "excellent",
    "parameter.base_assets": "200000",
    "parameter.base_net_assets": "150000",
    "parameter.base_realisable": "80000",
    "parameter.base_income": "40000",
    "do": "try",
}


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def version(world: World) -> Release:
    release_models(world)
    return Release.objects.get(kind="credit_model", key="s1")


def own_draft(world: World, document: Any = None) -> ParameterDraft:
    kind = find("credit_model")
    assert kind is not None
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind, key="s1")
        if document is None:
            return draft
        return drafts.save(
            by=world.mo, post_id=None, draft=draft, document=document, note="试", effective_on=None, seen=1
        )


def address(name: str, sort: str, pk: int) -> str:
    return reverse(f"credit:{name}", args=[sort, pk])


def test_a_version_is_read_as_tables_in_both_languages(client_of: Clients, world: World, version: Release) -> None:
    client = client_of(world.mo)
    said = text_of(client.get(address("model", "version", version.pk)))
    assert "湖南省农村信用社农户信用等级测评" in said
    assert "不低于 2，且低于 3" in said
    assert "家庭成员，人数" in said
    client.post(reverse("set_language"), {"language": "en"})
    said = text_of(client.get(address("model", "version", version.pk)))
    assert "2 or more and below 3" in said
    assert "members of the household, counted" in said


def test_a_household_is_tried_with_every_step(client_of: Clients, world: World, version: Release) -> None:
    answer = client_of(world.mo).post(address("model_try", "version", version.pk), HOME)
    said = text_of(answer)
    assert answer.status_code == 200
    assert "模型额度为 24,950 元" in said
    assert "所在档次" in answer.content.decode()
    assert not LineResult.objects.exists()


def test_a_refused_line_still_goes_by_its_own_name(client_of: Clients, world: World, version: Release) -> None:
    poor = {"fact.persons": "1", "fact.labour": "0", "fact.net_income": "0", "fact.judgement": "poor"}
    said = text_of(client_of(world.mo).post(address("model_try", "version", version.pk), HOME | poor))
    assert "信用等级为四级，不授信" in said
    assert "0.00 万元 小额信用最高额度" in said.replace("0.00万元", "0.00 万元")


def test_parameters_come_from_the_county_and_may_be_typed_over(
    client_of: Clients, world: World, version: Release
) -> None:
    client, url = client_of(world.mo), address("model_try", "version", version.pk)
    assert 'value="200000"' in client.get(url).content.decode()
    dearer = text_of(client.post(url, HOME | {"parameter.base_income": "100000"}))
    assert "24,950" not in dearer
    assert "模型额度为" in dearer
    back = client.post(url, HOME | {"parameter.base_income": "7", "do": "county", "county": world.bank.county_code})
    assert 'value="40000"' in back.content.decode()


def test_what_cannot_be_read_is_marked_and_kept(client_of: Clients, world: World, version: Release) -> None:
    answer = client_of(world.mo).post(
        address("model_try", "version", version.pk),
        HOME | {"fact.persons": "四口", "fact.breaches.days_overdue": "40", "fact.breaches.measure": "dunned"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="四口"' in page
    assert 'value="40"' in page
    assert "有 4 处读不了" in text_of(answer)


def test_a_missing_fact_is_answered_as_the_model_answers_it(client_of: Clients, world: World, version: Release) -> None:
    answer = client_of(world.mo).post(address("model_try", "version", version.pk), HOME | {"fact.persons": ""})
    assert "没有填写家庭人口" in text_of(answer)


def test_a_draft_with_faults_names_them_and_is_not_tried(client_of: Clients, world: World, version: Release) -> None:
    document = {**version.document, "combined": {"label": {"zh": "合成", "en": "combined"}, "formula": "unheard_of"}}
    draft = own_draft(world, document)
    client = client_of(world.mo)
    assert "没有定义“unheard_of”" in text_of(client.get(address("model", "draft", draft.pk)))
    assert "改好以后才能试算" in text_of(client.get(address("model_try", "draft", draft.pk)))


def test_other_kinds_and_other_sorts_are_not_there(client_of: Clients, world: World, version: Release) -> None:
    client = client_of(world.mo)
    bases = Release.objects.get(kind="county_bases")
    assert client.get(address("model", "version", bases.pk)).status_code == 404
    assert client.get(address("model", "other", version.pk)).status_code == 404


def test_the_pages_of_versions_and_drafts_lead_here(client_of: Clients, world: World, version: Release) -> None:
    client = client_of(world.mo)
    page = client.get(reverse("lib:parameter_version", args=[version.pk])).content.decode()
    assert address("model", "version", version.pk) in page
    draft = own_draft(world)
    page = client.get(reverse("lib:parameter_draft", args=[draft.pk])).content.decode()
    assert address("model", "draft", draft.pk) in page
