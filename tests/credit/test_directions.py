"""Directions of a model over a whole population: a job whose parts add up to one look at everybody."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import jobs, releases
from config.lib.models import AuditEvent, Release
from credit.domain import population as blocks
from credit.domain.directions import MOST_EXCEPTIONS, kept, together
from credit.domain.model import BoundModel, read_model
from credit.domain.model.batch import compile_model
from credit.domain.monotone import check, directions_of
from credit.models import DirectionCheck, Trial
from credit.selectors import populations
from credit.services import directions as service
from credit.services import populations as freezing
from tests.conftest import acting_as
from tests.credit.files import file, release_models, village
from tests.credit.test_laboratory_pages import text_of
from tests.credit.test_populations import frozen
from tests.credit.test_trials import tried
from tests.customers.builders import make_household
from tests.world import SINCE, World

Clients = Callable[..., Client]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four households, two a chunk: many parts of a small population."""
    for module in (blocks, freezing, service, populations):
        monkeypatch.setattr(module, "BLOCK", 4)
    monkeypatch.setattr(service, "TOGETHER", 2)


@pytest.fixture
def trial(world: World, small_blocks: None) -> Trial:
    """A model that punishes assets, tried on 19 households."""
    release_models(world)
    document = Release.objects.get(kind="credit_model", key="s1").document
    document["combined"]["formula"] = "max(0, 200000 - total_assets / 10)"
    releases.publish(
        institution_id=world.bank.pk, kind="credit_model", key="s1", document=document, effective_on=SINCE,
        drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip
    village(world, 19)
    frozen(world)
    return tried(world)


def _asked(world: World, trial: Trial) -> DirectionCheck:
    with acting_as(world.mo):
        return service.ask(trial=trial, staff=world.mo, post_id=None, send=False)


def test_every_household_is_looked_at_and_parts_add_up(world: World, trial: Trial) -> None:
    asked = _asked(world, trial)

    jobs.drive_run(asked.run_id)

    asked = DirectionCheck.objects.select_related("run").get(pk=asked.pk)
    assert (asked.run.state, asked.looked_at, asked.run.chunks_total) == ("done", 19, 3)
    model = read_model(trial.after["document"])
    program = compile_model(BoundModel(model, {k: Decimal(v) for k, v in trial.after["parameters"].items()}))
    (facts,) = populations.facts_of(trial.population, model)
    whole = {
        one.code: kept(check(program, facts, 19, one, examples=MOST_EXCEPTIONS), 0) for one in directions_of(model)
    }
    for found in (asked.figures, whole):
        for one in found.values():
            one["worst"].sort(key=lambda listed: listed["number"])
    assert asked.figures == whole
    assert whole["assets"]["reversed"] == len(whole["assets"]["worst"]) == 19
    assert AuditEvent.objects.filter(verb="directions_asked", about_id=str(trial.pk)).exists()


def test_parts_keep_the_largest_losses() -> None:
    def part(first: int, *losses: int) -> dict[str, object]:
        worst = [
            {
                "number": first + place,
                "fact": "x",
                "at": "1",
                "to": "2",
                "line_at": str(loss),
                "line_to": "0",
                "zh": "",
                "en": "",
            }
            for place, loss in enumerate(losses)
        ]
        return {"households": 9, "comparisons": 20, "reversed": len(losses), "reversals": len(losses), "worst": worst}

    both = together(together(None, part(1, 5, 3)), part(10, 7, 3, 2))

    assert (both["households"], both["comparisons"], both["reversed"], both["reversals"]) == (18, 40, 5, 5)
    assert [one["number"] for one in both["worst"]] == [10, 1, 2, 11, 12]
    assert len(together(both, part(30, *range(1, 40)))["worst"]) == MOST_EXCEPTIONS


def test_a_manager_asks_follows_and_reads(client_of: Clients, world: World, trial: Trial) -> None:
    client, url = client_of(world.mo), reverse("credit:trial_directions", args=[trial.pk])
    assert "开始核对" in text_of(client.get(url))
    assert client.post(url).status_code == 302
    asked = DirectionCheck.objects.get()
    waiting = client.get(url)
    assert "排队中" in text_of(waiting)
    assert "开始核对" not in text_of(waiting)
    progress = reverse("credit:trial_directions_progress", args=[trial.pk])
    assert "HX-Refresh" not in client.get(progress).headers
    client.post(url)
    assert DirectionCheck.objects.count() == 1  # one at a time
    jobs.drive_run(asked.run_id)
    assert client.get(progress).headers["HX-Refresh"] == "true"
    said = text_of(client.get(url))
    assert "看了 19 户，全部看完" in said
    assert "其中 19 户额度反而降" in said
    assert "核对</button>" not in said


def test_a_cancelled_check_may_be_asked_again(client_of: Clients, world: World, trial: Trial) -> None:
    client, url = client_of(world.mo), reverse("credit:trial_directions", args=[trial.pk])
    client.post(url)
    first = DirectionCheck.objects.get()
    client.post(reverse("lib:job_cancel", args=[first.run_id]))
    jobs.drive_run(first.run_id)
    said = text_of(client.get(url))
    assert "已取消" in said
    assert "重新核对" in said
    assert "资产更多" not in said
    client.post(url)
    jobs.drive_run(DirectionCheck.objects.latest("pk").run_id)
    assert "看了 19 户，全部看完" in text_of(client.get(url))


def test_nobody_signs_for_another_or_writes_what_was_found(world: World, trial: Trial) -> None:
    asked = _asked(world, trial)
    with pytest.raises(DatabaseError), acting_as(world.mo):
        DirectionCheck.objects.filter(pk=asked.pk).update(looked_at=19)


def test_the_page_asks_the_same_for_one_block_and_for_many(
    client_of: Clients, world: World, small_blocks: None
) -> None:
    release_models(world)
    counts = []
    for first, last in ((1, 2), (2, 12)):
        for number in range(first, last):
            file(make_household(world.liu, f"{number:04d}"), world.chen, world.deng)
        frozen(world)
        asked = _asked(world, tried(world))
        jobs.drive_run(asked.run_id)
        client, url = client_of(world.mo), reverse("credit:trial_directions", args=[asked.trial_id])
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert "全部看完" in text_of(client.get(url))
        counts.append(len(queries))
    assert counts[0] == counts[1]
