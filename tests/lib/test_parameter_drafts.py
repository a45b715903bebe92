"""Drafts of parameters: from one hand to another, in the services and in the database itself."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from config.lib import clock, releases
from config.lib.models import ParameterDraft, Release
from config.lib.parameters import drafts, shown
from config.lib.parameters.drafts import Refused
from tests.conftest import acting_as
from tests.lib.parameters import KIND, begun, document, first_version, kind_named, release, submitted
from tests.world import World

State = ParameterDraft.State

# --- The way of a draft -----------------------------------------------------------------------------------------------


def test_one_drafts_and_submits_another_releases(world: World) -> None:
    first_version(world)
    draft = submitted(world, world.mo)

    made = release(draft, world.ning)

    assert (made.version, made.document, made.note) == (2, document(5), "年底加快")
    assert (made.drafted_by, made.released_by, made.effective_on) == (world.mo, world.ning, clock.today())
    assert made.sha256 == releases.document_hash(made.document)
    assert releases.in_force(world.bank.pk, KIND.code, clock.today()) == made
    draft.refresh_from_db()
    assert (draft.state, draft.release) == (State.RELEASED, made)
    verbs = [event.verb for event in shown.trail(draft)]
    assert verbs == ["parameter_released", "parameter_submitted", "parameter_saved", "parameter_drafted"]


def test_nobody_releases_or_returns_his_own(world: World) -> None:
    draft = submitted(world, world.mo)

    with acting_as(world.mo):
        with pytest.raises(Refused, match="另一位"):
            drafts.release(by=world.mo, post_id=None, draft=draft)
        with pytest.raises(Refused, match="另一位"):
            drafts.send_back(by=world.mo, post_id=None, draft=draft, reason="再想想")
    assert not Release.objects.exists()


def test_a_returned_draft_is_changed_and_submitted_again(world: World) -> None:
    draft = submitted(world, world.mo)
    with acting_as(world.ning):
        with pytest.raises(Refused, match="理由"):
            drafts.send_back(by=world.ning, post_id=None, draft=draft, reason="  ")
        draft = drafts.send_back(by=world.ning, post_id=None, draft=draft, reason="户数也要调")
    assert (draft.state, draft.reason) == (State.RETURNED, "户数也要调")

    with acting_as(world.mo):
        draft = drafts.save(
            by=world.mo, post_id=None, draft=draft, document=document(3), note="改低", effective_on=None, seen=2
        )
        draft = drafts.submit(by=world.mo, post_id=None, draft=draft)
    assert release(draft, world.ning).document == document(3)


def test_a_draft_with_faults_is_kept_and_not_submitted(world: World) -> None:
    draft = begun(world, world.mo, days=9)

    assert draft.document == document(9)
    with acting_as(world.mo), pytest.raises(Refused, match="1 处"):
        drafts.submit(by=world.mo, post_id=None, draft=draft)


def test_a_draft_without_a_note_or_a_change_is_not_submitted(world: World) -> None:
    first_version(world)
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=KIND)
        with pytest.raises(Refused, match="说明"):
            drafts.submit(by=world.mo, post_id=None, draft=draft)
        draft = drafts.save(
            by=world.mo, post_id=None, draft=draft, document=draft.document, note="没有改", effective_on=None, seen=1
        )
        with pytest.raises(Refused, match="相同"):
            drafts.submit(by=world.mo, post_id=None, draft=draft)


def test_two_windows_do_not_overwrite_each_other(world: World) -> None:
    draft = begun(world, world.mo)

    with acting_as(world.mo), pytest.raises(Refused, match="另一个窗口"):
        drafts.save(by=world.mo, post_id=None, draft=draft, document=document(6), note="n", effective_on=None, seen=1)
    draft.refresh_from_db()
    assert draft.document == document(5)


def test_what_takes_effect_later_does_not_hold_before(world: World) -> None:
    first = first_version(world)
    later = clock.today() + timedelta(days=10)

    made = release(submitted(world, world.mo, effective_on=later), world.ning)

    assert releases.in_force(world.bank.pk, KIND.code, clock.today()) == first
    assert releases.in_force(world.bank.pk, KIND.code, later) == made
    standing = {pk: span.standing for pk, span in shown.spans_of(world.bank.pk, KIND.code, "").items()}
    assert standing == {first.pk: "in_force", made.pk: "coming"}


def test_a_day_that_passed_while_waiting_is_refused(world: World) -> None:
    draft = submitted(world, world.mo, effective_on=clock.today())
    ParameterDraft.objects.filter(pk=draft.pk).update(effective_on=clock.today() - timedelta(days=1))

    with acting_as(world.ning), pytest.raises(Refused, match="已经过去"):
        drafts.release(by=world.ning, post_id=None, draft=draft)


def test_a_draft_made_from_an_older_version_is_refused(world: World) -> None:
    first_version(world)
    early, late = submitted(world, world.mo, 5), submitted(world, world.ning, 6)

    assert release(early, world.ning).version == 2
    with acting_as(world.mo), pytest.raises(Refused, match="又发布了第 2 版"):
        drafts.release(by=world.mo, post_id=None, draft=late)


def test_nothing_happens_to_a_settled_draft(world: World) -> None:
    draft = submitted(world, world.mo)
    with acting_as(world.mo):
        drafts.withdraw(by=world.mo, post_id=None, draft=draft)
        for step in (drafts.withdraw, drafts.submit):
            with pytest.raises(Refused):
                step(by=world.mo, post_id=None, draft=draft)
        with pytest.raises(Refused, match="不能再改"):
            drafts.save(by=world.mo, post_id=None, draft=draft, document={}, note="", effective_on=None, seen=2)
    with acting_as(world.ning), pytest.raises(Refused, match="没有等待"):
        drafts.release(by=world.ning, post_id=None, draft=draft)


@pytest.mark.parametrize(
    ("kind", "key", "says"),
    [("visit_quotas", "x", "只有一份"), ("credit_model", "", "模型代码"), ("credit_model", "../s", "字母")],
)
def test_a_key_belongs_to_kinds_with_several_documents(world: World, kind: str, key: str, says: str) -> None:
    with acting_as(world.mo), pytest.raises(Refused, match=says):
        drafts.begin(by=world.mo, post_id=None, kind=kind_named(kind), key=key)


# --- What the database itself refuses -----------------------------------------------------------------------------------

SUBMITTED = "state = 'submitted', submitted_at = now(), sha256 = 'x', note = 'n'"
FORBIDDEN = [
    ("draft", "mo", "update lib_parameterdraft set state = 'released'", "does not go from"),
    ("draft", "mo", "update lib_parameterdraft set document = '[]'", "saved, nothing else"),
    ("draft", "ning", "update lib_parameterdraft set document = '[]', revision = revision + 1", "by who drafts it"),
    ("draft", "ning", f"update lib_parameterdraft set {SUBMITTED}", "content of a draft|who drafted it"),
    ("draft", "chen", "update lib_parameterdraft set document = '[]', revision = revision + 1", "holds that post"),
    ("submitted", "mo", "update lib_parameterdraft set document = '[]', revision = revision + 1", "frozen"),
    ("submitted", "mo", "update lib_parameterdraft set state = 'draft'", "does not go from"),
    ("submitted", "ning", "update lib_parameterdraft set state = 'withdrawn'", "who drafted it"),
    (
        "submitted",
        "mo",
        "update lib_parameterdraft set state = 'released', settled_by_id = drafted_by_id",
        "another person",
    ),
    (
        "submitted",
        "ning",
        "update lib_parameterdraft set state = 'released', settled_by_id = {jiang}",
        "under his own name",
    ),
    (
        "submitted",
        "ning",
        "update lib_parameterdraft set state = 'released', settled_by_id = {ning}, document = '[]'",
        "in hand alone",
    ),
    (
        "submitted",
        "ning",
        "update lib_parameterdraft set state = 'returned', settled_by_id = {ning}, reason = ''",
        "return_has_a_reason",
    ),
    ("submitted", "ning", "update lib_parameterdraft set drafted_by_id = {jiang}", "permission denied"),
    ("submitted", "ning", "update lib_parameterdraft set release_id = 1", "permission denied"),
    ("submitted", "ning", "delete from lib_parameterdraft", "permission denied"),
    ("withdrawn", "mo", "update lib_parameterdraft set state = 'submitted'", "stands"),
    ("released", "ning", "update lib_parameterdraft set reason = 'x'", "stands"),
    ("released", "ning", "update lib_release set note = 'x'", "permission denied"),
    (
        "released",
        "ning",
        "insert into lib_release (institution_id, kind, key, version, document, sha256, effective_on, note, drafted_by_id, released_by_id) "
        "select institution_id, kind, key, 9, document, sha256, effective_on, note, drafted_by_id, released_by_id from lib_release",
        "permission denied",
    ),
]


@pytest.mark.parametrize(("state", "person", "statement", "says"), FORBIDDEN, ids=lambda value: str(value)[:60])
def test_the_database_refuses(world: World, state: str, person: str, statement: str, says: str) -> None:
    draft = begun(world, world.mo) if state == "draft" else submitted(world, world.mo)
    if state == "withdrawn":
        with acting_as(world.mo):
            drafts.withdraw(by=world.mo, post_id=None, draft=draft)
    if state == "released":
        release(draft, world.ning)
    sql = statement.format(jiang=world.jiang.pk, ning=world.ning.pk)
    with (
        pytest.raises(DatabaseError, match=says),
        transaction.atomic(),
        acting_as(getattr(world, person)),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_database_writes_the_release_and_checks_what_the_service_checks(world: World) -> None:
    first_version(world)
    early, late = submitted(world, world.mo, 5), submitted(world, world.ning, 6)
    past = submitted(world, world.mo, 3, clock.today())
    release(early, world.ning)
    ParameterDraft.objects.filter(pk=past.pk).update(
        effective_on=clock.today() - timedelta(days=1), base=Release.objects.get(version=2)
    )
    for draft, by, says in ((late, world.mo, "older version"), (past, world.ning, "today or later")):
        with pytest.raises(DatabaseError, match=says), transaction.atomic(), acting_as(by):
            ParameterDraft.objects.filter(pk=draft.pk).update(state="released", settled_by=by, settled_at=clock.now())


def test_another_institution_sees_no_draft(world: World) -> None:
    draft = begun(world, world.mo)
    with acting_as(world.mo), connection.cursor() as cursor:
        assert ParameterDraft.objects.filter(pk=draft.pk).exists()
        cursor.execute("select set_config('app.institution', '0', true)")
        assert not ParameterDraft.objects.exists()
