"""Fixtures every test may ask for: the world, a browser-like client of a person, acting as a person in the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import hypothesis
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from config.lib.acting import transaction_frame
from grids.access import act_as, posts_of
from grids.models import Post, Staff
from tests import world as world_module
from tests.world import World

# A busy machine draws slowly and answers late: neither says anything about the code under test.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Begin every test in the first language: a page asked for in English before leaves its language to the thread."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def world(db: None) -> World:
    """The named people and places (see ``tests.world``)."""
    return world_module.build()


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """Return a signed-in client of a person; ``htmx=True`` asks for fragments."""

    def make(staff: Staff, **headers: str) -> Client:
        client = Client(headers=headers or None)
        client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@contextmanager
def acting_as(staff: Staff, kind: str | None = None) -> Iterator[Post | None]:
    """Act as a person under row security, as a request of his would; at the end the owner's rights are back."""
    post = posts_of(staff).filter(**({"kind": kind} if kind else {})).first()
    with transaction_frame():
        act_as(staff, post, "test")
        yield post


@pytest.fixture
def acting() -> Callable[..., AbstractContextManager[Post | None]]:
    """``with acting(world.chen): ...`` runs its body under that person's row security."""
    return acting_as
