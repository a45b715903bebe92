"""Drafts of the farm household form for the tests, and editions released by two."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from tests.conftest import acting_as
from tests.forms import SHIPPED
from tests.world import World

Change = Callable[[dict[str, Any]], None]


def farm() -> dict[str, Any]:
    """The shipped document of the farm household form."""
    found: dict[str, Any] = json.loads((SHIPPED / "farm_household.json").read_text("utf-8"))
    return found


def section_of(document: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in document["sections"] if one["code"] == code)


def field_of(document: dict[str, Any], section: str, code: str) -> dict[str, Any]:
    return next(one for one in section_of(document, section)["fields"] if one["code"] == code)


def path_of(document: dict[str, Any], section: str, code: str = "") -> str:
    """The path of a section or of one of its fields."""
    place = next(place for place, one in enumerate(document["sections"]) if one["code"] == section)
    if not code:
        return f"sections.{place}"
    fields = document["sections"][place]["fields"]
    return f"sections.{place}.fields.{next(at for at, one in enumerate(fields) if one['code'] == code)}"


def begun(world: World, change: Change | None = None, key: str = "farm_household") -> ParameterDraft:
    """A draft of Mo with a change made to the newest edition."""
    kind = find("form")
    assert kind is not None
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=kind, key=key)
        if change is None:
            return draft
        document = deepcopy(draft.document)
        change(document)
        return drafts.save(
            by=world.mo, post_id=None, draft=draft, document=document, note="补充一项", effective_on=None, seen=1
        )


def released(world: World, change: Change) -> Release:
    """The next edition, drafted by Mo and released by Ning."""
    draft = begun(world, change)
    with acting_as(world.mo):
        drafts.submit(by=world.mo, post_id=None, draft=draft)
    with acting_as(world.ning):
        return drafts.release(by=world.ning, post_id=None, draft=draft)
