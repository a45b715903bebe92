"""Programs with tokens, as they call the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from grids.access import posts_of
from grids.models import Staff
from grids.services import staff as staff_service
from tests.world import World


class Program:
    """A program with the token of one post."""

    def __init__(self, text: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {text}", "Accept": "application/json"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, content: Any = None, **more: Any) -> Any:
        body = content if isinstance(content, (str, bytes)) else json.dumps(content)
        sent = {"data": body, "content_type": "application/json", **more}
        return self.client.post(f"/api/v1/{path}", headers=self.headers, **sent)


@pytest.fixture
def program_of(world: World) -> Callable[..., Program]:
    """Return a program of a person; ``scope="write"`` may write."""

    def make(person: Staff, scope: str = "read") -> Program:
        _token, text = staff_service.create_token(
            staff=person, post=posts_of(person).get(), name="核心系统", scope=scope, days=30
        )
        return Program(text)

    return make
