"""The doctor sees what is wrong, says what to do, and fails when something fails."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from config.lib import clock, diagnosis, drift, health, releases
from config.lib.diagnosis import QUESTIONS, Answer
from config.lib.weeks import Week
from credit.selectors import diagnosis as of_credit
from customers.selectors import diagnosis as of_customers
from grids.models import Institution
from reporting.selectors import diagnosis as of_reporting
from tests.credit.coresnapshots import release_limits
from tests.credit.files import release_models
from tests.credit.village import publish_rules
from tests.customers.builders import release_day_plan, release_parameters
from tests.customers.effective import release_rules
from tests.customers.guarding import release_guard
from tests.world import World

Planted = Callable[[str], None]


@pytest.fixture
def sql(db: None) -> Planted:
    def run(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    return run


def states(answers: Any) -> list[str]:
    return [answer.state for answer in answers]


def ask(name: str) -> list[Answer]:
    return list(QUESTIONS[name]())


# --- Drift --------------------------------------------------------------------------------------------------------------


def test_a_migrated_database_is_as_declared(db: None) -> None:
    assert drift.guards_out_of_force() == []
    assert drift.roles_otherwise() == []
    assert drift.loose_functions() == []
    with connection.cursor() as cursor:
        cursor.execute("select to_regnamespace(%s)", [drift.PROBE])
        assert cursor.fetchone() == (None,), "the probe leaves nothing behind"


@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ("drop policy scoped on customers_household", "customers_household: policy scoped is missing"),
        (
            "create policy wide on customers_household for select to gedang_web using (true)",
            "customers_household: policy wide is not declared",
        ),
        (
            "alter policy scoped on customers_household using (true)",
            "customers_household: policy scoped is not as declared",
        ),
        (
            "alter table customers_person disable row level security",
            "customers_person: row security is not as declared",
        ),
        ("grant delete on customers_visit to gedang_web", "customers_visit: rights of gedang_web is not as declared"),
        (
            "grant select (blob) on credit_sealedsheet to gedang_web",
            "credit_sealedsheet: rights of gedang_web on blob is not declared",
        ),
        ("grant select on lib_history to public", "lib_history: rights of unknown (OID=0) is not declared"),
        ("drop trigger append_only on customers_visit", "customers_visit: trigger append_only is missing"),
        (
            "alter table customers_visit disable trigger append_only",
            "customers_visit: trigger append_only is not as declared",
        ),
    ],
)
def test_what_was_changed_by_hand_is_named(sql: Planted, planted: str, seen: str) -> None:
    sql(planted)
    assert drift.guards_out_of_force() == [seen]
    answer = ask("guards")[0]
    assert (answer.state, answer.found) == ("fail", seen)
    assert answer.remedy


def test_a_function_with_more_rights_than_its_caller_is_named(sql: Planted) -> None:
    sql("create function acc.leak() returns int language sql security definer as 'select 1'")
    assert drift.loose_functions() == ["acc.leak()"]


def test_a_role_with_other_attributes_is_named(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drift, "ROLES", {**drift.ROLES, "gedang_web": (True, True, False, False), "gedang_x": (True,) * 4}
    )
    monkeypatch.setattr(drift, "MEMBERSHIPS", {**drift.MEMBERSHIPS, ("gedang_web", "gedang_worker"): (False, True)})
    assert drift.roles_otherwise() == [
        "gedang_web: other attributes",
        "gedang_x: missing",
        "gedang_web as member of gedang_worker: missing",
    ]


# --- Answers ------------------------------------------------------------------------------------------------------------


def test_time_is_shanghai_everywhere_and_a_moved_clock_is_told(db: None) -> None:
    assert states(ask("time")) == ["ok", "ok"]
    with override_settings(CLOCK_OFFSET_SECONDS=3600):
        assert states(ask("time")) == ["ok", "ok", "warn"]
    with connection.cursor() as cursor:
        cursor.execute("set local time zone 'UTC'")
    assert ask("time")[0].state == "fail"


def test_a_broker_that_is_away(settings: Any) -> None:
    assert states(ask("broker")) == ["ok"]
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert states(ask("broker")) == ["fail"]


@pytest.mark.parametrize(
    ("queues", "state", "found"),
    [
        ({}, "fail", "default; batch; opening"),
        ({"worker@gedang": ("default", "batch")}, "fail", "opening"),
        ({"worker@gedang": ("default", "batch"), "opener@gedang": ("opening",)}, "ok", "opener@gedang、worker@gedang"),
    ],
)
def test_every_queue_has_a_worker(
    monkeypatch: pytest.MonkeyPatch, queues: dict[str, tuple[str, ...]], state: str, found: str
) -> None:
    class Inspector:
        def active_queues(self) -> dict[str, list[dict[str, str]]] | None:
            return {worker: [{"name": name} for name in names] for worker, names in queues.items()} or None

    monkeypatch.setattr(diagnosis.current_app.control, "inspect", lambda timeout: Inspector())
    assert [(answer.state, answer.found) for answer in ask("workers")] == [(state, found)]


def test_missing_keys_matter_more_in_production(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in diagnosis.KEYS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    assert states(ask("keys")) == ["warn", "ok"]
    settings.PRODUCTION = True
    assert states(ask("keys")) == ["fail", "ok"]

    file = tmp_path / "secret_key"
    file.write_text("x" * 40)
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    file.chmod(0o644)
    assert str(file) in ask("keys")[1].found
    file.chmod(0o600)
    assert states(ask("keys")) == ["fail", "ok"]


def test_the_openers_key_and_who_can_read_it(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    settings.OPENER_KEY_FILE = None
    assert states(ask("opener key")) == ["ok"]
    (tmp_path / "keys").mkdir()
    file = tmp_path / "keys" / "opener_key"
    file.write_text("key")
    file.chmod(0o600)
    shared = ask("opener key")
    assert states(shared) == ["warn"]
    assert "同一系统用户" in shared[0].found
    file.chmod(0o640)
    assert states(ask("opener key")) == ["fail"]


@pytest.mark.parametrize(("free", "state"), [(50, "ok"), (5, "warn"), (1, "fail")])
def test_disk(monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = type("Usage", (), {"free": free * 2**30, "total": 100 * 2**30})
    monkeypatch.setattr(diagnosis.shutil, "disk_usage", lambda _path: usage)
    assert states(ask("disk")) == [state]


def test_media_that_cannot_be_written(
    only: dict[str, diagnosis.Question], db: None, settings: Any, tmp_path: Path
) -> None:
    only["media"] = diagnosis._media
    assert run()[0] == 0
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file"
    assert run()[0] == 1


@pytest.mark.parametrize(
    ("host", "tls", "production", "state"),
    [
        ("127.0.0.1", False, False, "ok"),
        ("0.0.0.0", False, False, "warn"),
        ("0.0.0.0", False, True, "fail"),
        ("0.0.0.0", True, True, "ok"),
    ],
)
def test_transport(
    settings: Any, monkeypatch: pytest.MonkeyPatch, host: str, tls: bool, production: bool, state: str
) -> None:
    monkeypatch.setenv("HOST", host)
    settings.BEHIND_TLS, settings.PRODUCTION = tls, production
    assert states(ask("transport")) == [state]


def test_parameters_in_force(world: World) -> None:
    assert states(of_customers._parameters()) == ["fail", "warn"]
    assert states(of_credit._parameters()) == ["fail", "warn"]
    release_parameters(world)
    release_day_plan(world)
    release_models(world)
    publish_rules(world)
    release_guard(world)
    release_rules(world)
    release_limits(world)
    assert states(of_customers._parameters()) == ["ok", "ok"]
    assert states(of_credit._parameters()) == ["ok", "ok"]
    missing = next(iter(of_reporting._parameters()))
    assert "audit_rules" in missing.found
    assert "release_parameters" in missing.remedy
    assert releases.in_force(world.bank.pk, "round_rules", clock.today())


def test_a_scheduler_that_sleeps_is_seen_by_the_weeks_it_did_not_freeze(world: World) -> None:
    assert states(of_reporting._scheduler()) == ["ok"]
    due = Week.last_to_freeze(clock.now())
    Institution.objects.update(created_at=due.previous.starts_at + timedelta(days=1))
    answer = next(iter(of_reporting._scheduler()))
    assert (answer.state, answer.found.count(";")) == ("fail", 1)


# --- The command --------------------------------------------------------------------------------------------------------


def run() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue().splitlines()[-1])
    return 0, json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> dict[str, diagnosis.Question]:
    """The doctor asks what the test puts here and nothing else."""
    questions: dict[str, diagnosis.Question] = {}
    monkeypatch.setattr(diagnosis, "QUESTIONS", questions)
    return questions


@pytest.mark.parametrize(("worst", "status"), [("ok", 0), ("warn", 0), ("fail", 1)])
def test_the_command_fails_on_a_failure_alone(
    db: None, only: dict[str, diagnosis.Question], worst: Any, status: int
) -> None:
    only["one"] = lambda: [Answer("ok", "fine"), Answer(worst, "found", "do this")]
    code, told = run()
    assert (code, told["ok"]) == (status, status == 0)
    assert told["answers"][-1] == {"name": "one", "state": worst, "found": "found", "remedy": "do this"}


def test_a_question_that_cannot_be_answered_is_a_failure(db: None, only: dict[str, diagnosis.Question]) -> None:
    def away() -> Iterator[Answer]:
        yield Answer("ok", "fine")
        raise OSError("no such host")

    only["one"] = away
    code, told = run()
    assert (code, [answer["state"] for answer in told["answers"]]) == (1, ["ok", "fail"])


def test_everything_is_asked(db: None) -> None:
    _code, told = run()
    asked = {answer["name"] for answer in told["answers"]}
    assert {
        "database", "migrations", "roles", "guards", "time", "broker", "workers", "keys", "opener key", "disk", "media",
        "fonts", "backup", "transport", "opener",
    } <= asked  # fmt: skip
    assert all(answer["remedy"] for answer in told["answers"] if answer["state"] != "ok")
    assert health.QUEUES == ("default", "batch", "opening")
