"""The form of a row of the access matrix: one URL name, the posts it admits, how to call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grids.models import PostKind
from tests.world import World

ALL_POSTS = frozenset(PostKind.values)
EVERYBODY = frozenset({*ALL_POSTS, ""})
"""Also those who did not sign in."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """``posts`` get ``status``; every other post 404; who is not signed in is sent to the sign-in (``EVERYBODY``: not).

    ``kwargs`` makes the URL's arguments in the world, in the rows of Chen's village unless the page needs others.
    ``data`` is what a POST sends; a status of None means any below 500 but 404 (the page's own test knows better).
    """

    posts: frozenset[str] = frozenset()
    kwargs: Callable[[World], dict[str, Any]] | None = None
    method: str = "get"
    data: dict[str, Any] | None = None
    status: int | None = 200
    query: str = ""
