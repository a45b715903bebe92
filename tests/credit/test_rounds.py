"""Rounds: who prepares and starts them, what is frozen, what the pages show."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock
from credit.models import Round, Sheet
from grids.models import Post, Staff
from tests.credit import village as make
from tests.world import World


@pytest.fixture(autouse=True)
def opener(tmp_path: Path) -> Iterator[None]:
    with make.opener_key(tmp_path):
        yield


def test_a_round_from_the_pages(world: World, client_of: Callable[..., Client]) -> None:
    make.publish_rules(world)
    make.household(world.liu, "001")
    gao = client_of(world.gao)
    due = clock.today() + timedelta(days=10)
    answer = gao.post(reverse("credit:round_new"), {"grid": world.liu.pk, "name": "", "due_on": due.isoformat()})
    round = Round.objects.get()
    assert answer["Location"] == reverse("credit:round", args=[round.pk])
    assert gao.get(answer["Location"]).status_code == 200

    page = gao.post(reverse("credit:round_add_own", args=[round.pk]), {"own-name": "王大"})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assessor = Staff.objects.get(name="王大")
    assert assessor.number in page.content.decode()
    assert (assessor.kind, assessor.must_change_password) == ("outside", True)
    held = Post.objects.get(staff=assessor)
    assert (held.kind, held.to_on) == ("assessor", due + timedelta(days=1))

    paper = {"paper-assessor_name": "赵老", "paper-typist": world.chen.pk, "paper-confirmer": world.gao.pk}
    assert gao.post(reverse("credit:round_add_paper", args=[round.pk]), paper).status_code == 302
    same = {**paper, "paper-confirmer": world.chen.pk}
    assert gao.post(reverse("credit:round_add_paper", args=[round.pk]), same).status_code == 422
    assert Sheet.objects.count() == 2
