"""Drafts of parameters for the tests: the weekly quotas, drafted by Mo or Ning."""

from datetime import date
from typing import Any

from config.lib import releases
from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts
from config.lib.parameters.kinds import ParameterKind, find
from grids.models import Staff
from tests.conftest import acting_as
from tests.world import World


def kind_named(code: str) -> ParameterKind:
    """A registered kind."""
    kind = find(code)
    assert kind is not None
    return kind


KIND = kind_named("visit_quotas")
QUOTAS: dict[str, Any] = {"officer": {"days_per_week": 4, "households_per_week": 40}}


def document(days: int) -> dict[str, Any]:
    return {"officer": {**QUOTAS["officer"], "days_per_week": days}}


def first_version(world: World) -> Release:
    return releases.publish(
        institution_id=world.bank.pk,
        kind=KIND.code,
        document=QUOTAS,
        effective_on=date(2026, 1, 1),
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
        note="首版",
    )


def begun(world: World, by: Staff, days: int = 5, effective_on: date | None = None) -> ParameterDraft:
    with acting_as(by):
        draft = drafts.begin(by=by, post_id=None, kind=KIND)
        return drafts.save(
            by=by,
            post_id=None,
            draft=draft,
            document=document(days),
            note="年底加快",
            effective_on=effective_on,
            seen=1,
        )


def submitted(world: World, by: Staff, days: int = 5, effective_on: date | None = None) -> ParameterDraft:
    draft = begun(world, by, days, effective_on)
    with acting_as(by):
        return drafts.submit(by=by, post_id=None, draft=draft)


def release(draft: ParameterDraft, by: Staff) -> Release:
    with acting_as(by):
        return drafts.release(by=by, post_id=None, draft=draft)
