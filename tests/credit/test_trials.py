"""Trials on a frozen population: before and after, who moves, the record of who tried what, nobody named."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import releases
from config.lib.models import AuditEvent, Release
from credit.domain.model import read_model
from credit.models import Trial
from credit.selectors import populations, previewing
from credit.selectors.comparing import Side, TrialPage, absent_facts
from credit.selectors.laboratory import Text, counties, released_parameters
from credit.services import populations as drawing_of_populations
from credit.services.trials import try_out
from customers.models import Person
from tests.conftest import acting_as
from tests.credit.files import BASES, release_models, village
from tests.credit.test_laboratory_pages import address, text_of
from tests.credit.test_populations import frozen
from tests.world import SINCE, World

Clients = Callable[..., Client]


def tried(world: World, **parameters: str) -> Trial:
    """A trial of S1 against itself under changed parameters on the newest population, made by Mo."""
    release = Release.objects.filter(kind="credit_model", key="s1").latest("version")
    text = Text(release)
    assert text.model is not None
    with acting_as(world.mo):
        values = released_parameters(text.model, counties(world.bank.pk)[world.bank.county_code])
        changed = {**values, **{name: Decimal(value) for name, value in parameters.items()}}
        population = populations.populations_of(world.mo)[0]
        return try_out(
            population=population,
            before=Side(text, text.model, values),
            after=Side(text, text.model, changed),
            staff=world.mo,
            post_id=None,
        )


@pytest.fixture
def world_with_population(world: World) -> World:
    release_models(world)
    village(world, 6)
    frozen(world)
    return world


def test_an_unchanged_model_moves_nobody(world_with_population: World) -> None:
    figures = tried(world_with_population).figures
    assert figures["whole"]["households"] == 6
    assert figures["whole"]["up"] == figures["whole"]["down"] == 0
    assert figures["risers"] == []
    assert figures["before"] == figures["after"]


def test_a_changed_parameter_says_who_moves_and_by_how_much(world_with_population: World) -> None:
    smallest_shown(world_with_population, 1)
    trial = tried(world_with_population, base_income="60000")
    figures, whole = trial.figures, trial.figures["whole"]
    moved = sum(int(whole[name]) for name in ("up", "down", "gained", "lost"))
    assert moved > 0
    for rows in figures["by"].values():
        assert sum(int(one["households"]) for one in rows) == 6
        assert sum(Decimal(one["after"]) - Decimal(one["before"]) for one in rows) == Decimal(
            figures["after"]["total"]
        ) - Decimal(figures["before"]["total"])
    assert figures["disparity"]["after"][0]["evaluated"] == 6
    assert any(one["kind"] == "item" for one in figures["causes"])


def test_a_manager_compares_and_the_trial_is_kept(client_of: Clients, world_with_population: World) -> None:
    world = world_with_population
    client = client_of(world.mo)
    release = Release.objects.get(kind="credit_model", key="s1")
    url = address("model_compare", "version", release.pk)
    page = client.get(url)
    assert 'value="40000"' in page.content.decode()
    with acting_as(world.mo):
        population = populations.usable(world.mo)[0]
    sent = {f"parameter.{name}": value for name, value in BASES.items()} | {
        "parameter.base_income": "60000",
        "against": f"version-{release.pk}",
        "population": str(population.pk),
    }
    answer = client.post(url, sent)
    assert answer.status_code == 302, text_of(answer)
    trial = Trial.objects.get()
    assert (trial.tried_by, trial.digest) == (world.mo, release.sha256)
    assert AuditEvent.objects.filter(verb="model_tried", about_id=str(trial.pk)).exists()
    said = text_of(client.get(answer.headers["Location"]))
    assert "改了的参数" in said
    assert "60000" in said
    assert "按性别和年龄" in said
    household = text_of(client.get(reverse("credit:trial_household", args=[trial.pk, 1])))
    assert household.count("模型额度为") == 2
    assert client.get(reverse("credit:trial_household", args=[trial.pk, 7])).status_code == 404
    people = [*Person.objects.values_list("name", flat=True)]
    for page_text in (said, household):
        assert not any(name in page_text for name in people)
    wrong = client.post(url, sent | {"parameter.base_income": "很多"})
    assert wrong.status_code == 422
    assert 'value="很多"' in wrong.content.decode()
    assert Trial.objects.count() == 1


def test_a_trial_is_for_ever_and_one_signs_for_himself(world_with_population: World) -> None:
    world = world_with_population
    trial = tried(world)
    with pytest.raises(DatabaseError), acting_as(world.mo), connection.cursor() as cursor:
        cursor.execute("update credit_trial set digest = 'x' where id = %s", [trial.pk])
    with pytest.raises(DatabaseError), acting_as(world.mo):
        Trial.objects.create(
            institution=world.bank,
            population=trial.population,
            version=trial.version,
            digest="",
            before={},
            after={},
            figures={},
            tried_by=world.ning,
        )


def test_the_page_of_a_trial_asks_the_same_whatever_it_holds(client_of: Clients, world_with_population: World) -> None:
    world = world_with_population
    one, many = tried(world), tried(world, base_income="60000", base_assets="900000")
    client = client_of(world.mo)
    counts: list[int] = []
    for trial in (one, many):
        url = reverse("credit:trial", args=[trial.pk])
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_lists_ask_the_same_for_one_trial_and_for_many(client_of: Clients, world_with_population: World) -> None:
    world = world_with_population
    client, url = client_of(world.mo), reverse("credit:populations")
    counts: list[Any] = []
    for _round in range(2):
        tried(world)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
        for _more in range(3):
            tried(world)
    assert counts[0] == counts[1]


def test_the_bins_of_a_chart_count_every_household(world_with_population: World) -> None:
    page = TrialPage(tried(world_with_population, base_income="60000"))
    for series in page.chart["series"]:
        assert sum(series["values"]) == 6
        assert len(series["values"]) == len(page.chart["labels"])


def smallest_shown(world: World, households: int) -> Release:
    """Release how many households a group has at least to be shown."""
    return releases.publish(
        institution_id=world.bank.pk, kind="laboratory", key="", document={"smallest_group": households},
        effective_on=SINCE, drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip


def test_groups_too_small_to_be_shown_are_not(client_of: Clients, world_with_population: World) -> None:
    world = world_with_population
    trial = tried(world)
    assert (trial.rules, trial.figures["smallest"]) == (None, 5)
    rules = smallest_shown(world, 7)
    trial = tried(world)
    assert trial.rules == rules
    page = TrialPage(trial, "age_band")
    assert page.disparity[0]["label"] == "全部"
    assert not page.disparity[0]["is_hidden"]
    assert all(row["is_hidden"] for row in page.disparity[1:])
    assert all(set(one) == {"code"} for rows in trial.figures["by"].values() for one in rows)
    said = text_of(client_of(world.mo).get(reverse("credit:trial", args=[trial.pk])))
    assert "少于 7 户的组不列数字" in said
    assert "少于 7 户，或与这样的组一起不列" in said
    smallest_shown(world, 1)
    assert not any(row["is_hidden"] for row in TrialPage(tried(world)).rows)


def test_a_household_of_a_population_is_tried_by_its_number(client_of: Clients, world_with_population: World) -> None:
    world = world_with_population
    client, release = client_of(world.mo), Release.objects.get(kind="credit_model", key="s1")
    with acting_as(world.mo):
        population = populations.usable(world.mo)[0]
    url = address("model_try", "version", release.pk)
    said = text_of(client.get(f"{url}?population={population.pk}&number=3"))
    assert "模型额度为" in said
    assert not any(name in said for name in Person.objects.values_list("name", flat=True))
    assert "请填 1 到 6 之间的号" in text_of(client.get(f"{url}?population={population.pk}&number=9"))


def test_facts_a_population_does_not_hold_are_named(world_with_population: World) -> None:
    world = world_with_population
    trial = tried(world)
    assert TrialPage(trial).absent == []
    kept = {"name": "land_mu", "label": {"zh": "承包地", "en": "land"}, "type": "money"}
    document = trial.after["document"]
    document["inputs"].append({**kept, "min": "0", "max": "100", "missing": {"default": "0"}})
    assert absent_facts(trial.population, read_model(document)) == ["承包地"]


def test_parameters_are_looked_at_before_a_trial_and_nothing_is_kept(
    client_of: Clients, world_with_population: World
) -> None:
    world = world_with_population
    release = Release.objects.get(kind="credit_model", key="s1")
    with acting_as(world.mo):
        population = populations.usable(world.mo)[0]
    sent = {f"parameter.{name}": value for name, value in BASES.items()} | {
        "against": f"version-{release.pk}",
        "population": str(population.pk),
    }
    client = client_of(world.mo)
    url = address("model_preview", "version", release.pk)
    events = AuditEvent.objects.count()
    same = text_of(client.post(url, sent))
    assert "6 户中升 0 户，降 0 户" in same
    higher = text_of(client.post(url, sent | {"parameter.base_income": "60000"}))
    figures = tried(world, base_income="60000").figures["whole"]
    up, down = (int(figures[one]) + int(figures[other]) for one, other in (("up", "gained"), ("down", "lost")))
    assert up + down > 0
    assert f"6 户中升 {up} 户，降 {down} 户" in higher
    wrong = text_of(client.post(url, sent | {"parameter.base_income": "很多"}))
    assert "纯收入基数：请填数字" in wrong
    assert "户中升" not in wrong
    assert "请选择要比的版本和总体" in text_of(client.post(url, sent | {"population": "0"}))
    assert (Trial.objects.count(), AuditEvent.objects.filter(verb="model_tried").count()) == (1, 1)
    assert AuditEvent.objects.count() == events + 1


def test_of_a_large_population_the_first_households_are_looked_at(
    client_of: Clients, world_with_population: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with_population
    release = Release.objects.get(kind="credit_model", key="s1")
    monkeypatch.setattr(drawing_of_populations, "BLOCK", 4)
    monkeypatch.setattr(previewing, "BLOCK", 4)
    monkeypatch.setattr(previewing, "MOST_BLOCKS", 1)
    population = frozen(world)
    sent = {f"parameter.{name}": value for name, value in BASES.items()} | {
        "against": f"version-{release.pk}",
        "population": str(population.pk),
    }
    said = text_of(client_of(world.mo).post(address("model_preview", "version", release.pk), sent))
    assert "4 户中升 0 户" in said
    assert "只看随机次序里的前 4 户" in said
