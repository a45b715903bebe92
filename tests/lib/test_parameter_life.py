"""Every way two managers can go with drafts of a parameter, and two who release at the same moment."""

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config.lib import clock, releases
from config.lib.acting import transaction_frame
from config.lib.models import AuditEvent, History, ParameterDraft, Release
from config.lib.parameters import drafts, shown
from config.lib.parameters.drafts import Refused
from grids.access import act_as, posts_of
from grids.models import Post, Staff
from tests.conftest import acting_as
from tests.lib.parameters import KIND, document, first_version, submitted
from tests.world import World, build

State = ParameterDraft.State

ALLOWED = {
    (None, "draft"),
    ("draft", "submitted"),
    ("draft", "withdrawn"),
    ("submitted", "withdrawn"),
    ("submitted", "returned"),
    ("submitted", "released"),
    ("returned", "submitted"),
    ("returned", "withdrawn"),
}
PEOPLE = st.sampled_from(["mo", "ning"])
DAYS = st.integers(1, 8)


class ParameterLife(RuleBasedStateMachine):
    """Two managers do anything to any draft in any order; the database must only ever hold what the rules allow."""

    world: World

    @initialize()
    def begin_world(self) -> None:
        ParameterDraft.objects.all().delete()
        Release.objects.filter(kind=KIND.code).delete()
        self.seen: dict[int, list[str]] = {}
        self.contents: dict[int, tuple[Any, ...]] = {}
        first_version(self.world)

    def _try(self, person: str, step: Any, **arguments: Any) -> bool:
        by = getattr(self.world, person)
        try:
            with transaction.atomic(), acting_as(by):
                step(by=by, post_id=None, **arguments)
        except Refused:
            return False
        return True

    def _any(self, place: int) -> ParameterDraft:
        found = list(ParameterDraft.objects.order_by("pk"))
        return found[place % len(found)]

    def _has_drafts(self) -> bool:
        return ParameterDraft.objects.exists()

    @rule(person=PEOPLE)
    def begin(self, person: str) -> None:
        assert self._try(person, drafts.begin, kind=KIND)

    @precondition(_has_drafts)
    @rule(person=PEOPLE, place=st.integers(0, 5), days=DAYS, later=st.integers(-1, 2), stale=st.booleans())
    def save(self, person: str, place: int, days: int, later: int, stale: bool) -> None:
        draft = self._any(place)
        done = self._try(
            person,
            drafts.save,
            draft=draft,
            document=document(days),
            note="改",
            effective_on=None if later < 0 else clock.today() + timedelta(days=later),
            seen=draft.revision - stale,
        )
        assert not done or (draft.is_in_hand and draft.drafted_by == getattr(self.world, person) and not stale)

    @precondition(_has_drafts)
    @rule(person=PEOPLE, place=st.integers(0, 5))
    def submit(self, person: str, place: int) -> None:
        draft = self._any(place)
        done = self._try(person, drafts.submit, draft=draft)
        assert not done or (draft.is_in_hand and draft.document["officer"]["days_per_week"] <= 7)

    @precondition(_has_drafts)
    @rule(person=PEOPLE, place=st.integers(0, 5))
    def withdraw(self, person: str, place: int) -> None:
        draft = self._any(place)
        done = self._try(person, drafts.withdraw, draft=draft)
        assert done == (draft.is_open and draft.drafted_by == getattr(self.world, person))

    @precondition(_has_drafts)
    @rule(person=PEOPLE, place=st.integers(0, 5))
    def release(self, person: str, place: int) -> None:
        draft = self._any(place)
        newest = drafts.newest(draft.institution_id, KIND.code, "")
        assert newest is not None
        done = self._try(person, drafts.release, draft=draft)
        may = draft.state == State.SUBMITTED and draft.drafted_by != getattr(self.world, person)
        assert done == (may and draft.base_id == newest.pk)

    @precondition(_has_drafts)
    @rule(person=PEOPLE, place=st.integers(0, 5))
    def send_back(self, person: str, place: int) -> None:
        draft = self._any(place)
        done = self._try(person, drafts.send_back, draft=draft, reason="再看")
        assert done == (draft.state == State.SUBMITTED and draft.drafted_by != getattr(self.world, person))

    @invariant()
    def only_legal_steps_were_taken(self) -> None:
        for draft in ParameterDraft.objects.all():
            way = self.seen.setdefault(draft.pk, [])
            last = way[-1] if way else None
            assert draft.state == last or (last, draft.state) in ALLOWED
            if draft.state != last:
                way.append(draft.state)
            content = (draft.document, draft.note, draft.effective_on)
            if draft.state in (State.SUBMITTED, State.RELEASED, State.WITHDRAWN) and last == State.SUBMITTED:
                assert content == self.contents[draft.pk]
            self.contents[draft.pk] = content

    @invariant()
    def every_version_was_signed_by_two_and_is_its_draft(self) -> None:
        made = list(Release.objects.filter(kind=KIND.code).order_by("version"))
        assert [one.version for one in made] == list(range(1, len(made) + 1))
        assert ParameterDraft.objects.filter(state=State.RELEASED).count() == max(0, len(made) - 1)
        for draft in ParameterDraft.objects.filter(release__isnull=False).select_related("release"):
            assert draft.release is not None
            assert draft.release.document == draft.document
            assert draft.release.drafted_by_id == draft.drafted_by_id != draft.release.released_by_id
            assert draft.release.version == (draft.base.version if draft.base else 0) + 1

    @invariant()
    def one_version_is_in_force_and_the_history_is_complete(self) -> None:
        if made := list(Release.objects.filter(kind=KIND.code)):
            spans = shown.spans_of(self.world.bank.pk, KIND.code, "")
            holding = [pk for pk, span in spans.items() if span.standing == "in_force"]
            assert holding == [releases.in_force(self.world.bank.pk, KIND.code, clock.today()).pk]
            assert set(spans) == {one.pk for one in made}
        for draft in ParameterDraft.objects.all():
            changes = History.objects.filter(table="lib_parameterdraft", row_id=str(draft.pk)).count()
            events = AuditEvent.objects.filter(about="parameter_draft", about_id=str(draft.pk))
            assert events.count() == changes + 1


def test_every_way_two_managers_can_go(world: World) -> None:
    machine = type("Life", (ParameterLife,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


# --- Two at once --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False], ids=["one draft", "two drafts"])
def test_two_who_release_at_once_make_one_release(same: bool) -> None:
    world = build()
    third = Staff.objects.create_user("third", "x", name="三", institution=world.bank, home_branch=world.head_office)
    Post.objects.create(staff=third, kind="parameter_manager", from_on=date(2026, 1, 1))
    first_version(world)
    one = submitted(world, world.mo, 5)
    two = one if same else submitted(world, world.mo, 6)
    gate = Barrier(2)
    outcomes: list[int | str] = []

    def go(by: Staff, draft: ParameterDraft) -> None:
        try:
            gate.wait(10)
            with transaction_frame():
                act_as(by, posts_of(by).first(), "test")
                outcomes.append(drafts.release(by=by, post_id=None, draft=draft).version)
        except Refused as refused:
            outcomes.append(str(refused))
        finally:
            connections.close_all()

    threads = [Thread(target=go, args=pair) for pair in ((world.ning, one), (third, two))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(map(type, outcomes), key=str) == [int, str]
    assert next(outcome for outcome in outcomes if isinstance(outcome, str)).startswith("已由" if same else "起草之后")
    assert list(Release.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
