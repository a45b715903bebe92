"""Settings: production refuses what is not real, a wrong value names its variable, one door to the environment, one time zone."""

import ast
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from config import env
from config.lib import clock
from config.schedule import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(b"k" * 32).decode()
PRODUCTION = {
    "GEDANG_MODE": "production",
    "DATABASE_URL": "postgresql://gedang_owner@db/gedang",
    "REDIS_URL": "redis://broker/0",
    "SECRET_KEY": "s" * 50,
    "FIELD_KEYS": f"1:{KEY}",
    "INDEX_KEYS": f"1:{KEY}",
    "DRAFT_KEY": KEY,
    "ALLOWED_HOSTS": "gedang.bank.example",
}
REQUIRED = sorted(name for name, variable in env.VARIABLES.items() if variable.required_in_production)


def start(variables: dict[str, str], show: str = "MODE") -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with nothing in its environment but these variables."""
    return subprocess.run(
        [sys.executable, "-c", f"from config import settings; print(repr((settings.{show})))"],
        env={"PATH": os.environ["PATH"], **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(variables: dict[str, str]) -> str:
    """Return the one line with which the start is refused."""
    done = start(variables)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


# --- Production ---------------------------------------------------------------------------------------------------------


def test_production_starts_with_everything_given() -> None:
    done = start(PRODUCTION)
    assert (done.returncode, done.stdout.strip()) == (0, "'production'"), done.stderr
    assert set(REQUIRED) == set(PRODUCTION) - {"GEDANG_MODE"}


@pytest.mark.parametrize("name", REQUIRED)
def test_production_refuses_to_start_without(name: str) -> None:
    line = refusal({key: value for key, value in PRODUCTION.items() if key != name})
    assert line.startswith(f"{name} must be set in production: ")
    assert refusal(PRODUCTION | {name: ""}) == line


@pytest.mark.parametrize("hosts", ["*", "gedang.bank.example,*"])
def test_production_refuses_any_host(hosts: str) -> None:
    assert refusal(PRODUCTION | {"ALLOWED_HOSTS": hosts}).startswith("ALLOWED_HOSTS must name the hosts")


def test_production_refuses_a_moved_clock() -> None:
    assert refusal(PRODUCTION | {"CLOCK_OFFSET_SECONDS": "60"}) == "CLOCK_OFFSET_SECONDS must not be set in production"


def test_production_never_shows_its_insides() -> None:
    assert start(PRODUCTION, "DEBUG").stdout.strip() == "False"
    assert start({"GEDANG_MODE": "demo"}, "DEBUG").stdout.strip() == "False"


def test_behind_tls_cookies_are_secure() -> None:
    shown = "SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0"
    assert start(PRODUCTION | {"BEHIND_TLS": "true"}, shown).stdout.strip() == "(True, True, True, True)"


# --- Values -------------------------------------------------------------------------------------------------------------


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.write_text("from a file\n")
    given = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}
    assert start(given | {"SECRET_KEY_FILE": str(file)}, "SECRET_KEY").stdout.strip() == "'from a file'"
    both = PRODUCTION | {"SECRET_KEY_FILE": str(file)}
    assert start(both, "SECRET_KEY").stdout.strip() == repr("s" * 50)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}
    line = refusal(given | {"SECRET_KEY_FILE": str(tmp_path / "none")})
    assert line == f"SECRET_KEY_FILE={tmp_path / 'none'}: No such file or directory"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GEDANG_MODE", "live"),
        ("PROCESS_ROLE", "admin"),
        ("UPLOAD_LIMIT_MB", "many"),
        ("BEHIND_TLS", "perhaps"),
        ("SESSION_HOURS", "ten"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    assert refusal({"GEDANG_MODE": "dev", name: value}).startswith(f"{name}=")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIELD_KEYS", "1:short"),
        ("FIELD_KEYS", f"0:{KEY}"),
        ("INDEX_KEYS", f"x:{KEY}"),
        ("DRAFT_KEY", "bm90IDMyIGJ5dGVz"),
        ("DRAFT_KEY", "not-a-key"),
    ],
)
def test_a_malformed_secret_is_named_and_not_repeated(name: str, value: str) -> None:
    line = refusal({"GEDANG_MODE": "dev", name: value})
    assert line.startswith(f"{name} is malformed")
    assert value not in line


@pytest.mark.parametrize("name", env.VARIABLES)
def test_every_variable_says_what_it_means_and_reads_its_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = env.VARIABLES[name]
    monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv(f"{name}_FILE", raising=False)
    assert len(variable.meaning) > 10
    variable.read()


# --- One door to the environment ------------------------------------------------------------------------------------------


def _reads_environment(tree: ast.AST) -> bool:
    """Whether a module reads os.environ or os.getenv; naming the settings module for Django is no reading."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"):
            parent = next((one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.value is node), None)
            if parent is None or parent.attr != "setdefault":
                return True
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {"environ", "getenv"} & {n.name for n in node.names}
        ):
            return True
    return False


def test_every_variable_is_read_through_its_declaration() -> None:
    sources = [
        path
        for folder in ("config", "grids", "customers", "credit", "reporting")
        for path in (ROOT / folder).rglob("*.py")
        if "launch" not in path.parts
    ]
    assert len(sources) > 100
    readers = {
        str(path.relative_to(ROOT)) for path in sources if _reads_environment(ast.parse(path.read_text("utf-8")))
    }
    assert readers == {"config/env.py"}


def test_settings_read_declared_variables_only() -> None:
    tree = ast.parse((ROOT / "config" / "settings.py").read_text("utf-8"))
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and isinstance(node.args[0], ast.Constant)
    }
    assert read
    assert read <= set(env.VARIABLES)


# --- Schedule and time ----------------------------------------------------------------------------------------------------


def test_every_periodic_job_is_a_task() -> None:
    from config.celery import app

    app.loader.import_default_modules()
    assert SCHEDULE
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)
    assert app.conf.beat_schedule == SCHEDULE


def test_every_queue_of_a_job_has_a_worker() -> None:
    from config.launch import run
    from config.lib import health, jobs

    consumed = {
        queue
        for program in run._programs()
        for part in program.command
        if part.startswith("--queues=")
        for queue in part.removeprefix("--queues=").split(",")
    }
    of_the_product = [job for job in jobs.REGISTRY.values() if not job.work.__module__.startswith("tests.")]
    assert {job.queue for job in of_the_product} <= consumed
    assert set(health.QUEUES) == consumed


def test_tasks_end_before_the_broker_hands_them_out_again() -> None:
    from config.celery import app

    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]
    assert (app.conf.task_acks_late, app.conf.task_ignore_result) == (True, True)


def test_business_time_is_shanghai_everywhere(db: None) -> None:
    from config.celery import app

    with connection.cursor() as cursor:
        cursor.execute("select current_setting('TimeZone'), now()")
        zone, at = cursor.fetchone()
    assert {settings.TIME_ZONE, str(app.conf.timezone), zone} == {"Asia/Shanghai"}
    assert at.utcoffset() == clock.now().utcoffset()
    assert app.now().utcoffset() == clock.now().utcoffset()


@override_settings(CLOCK_OFFSET_SECONDS=86400)
def test_rehearsals_move_the_clock_for_everybody(db: None) -> None:
    from config.lib.acting import transaction_frame
    from grids.access import act_as
    from grids.models import Institution, Staff

    bank = Institution.objects.create(name="x", short_name="x", county_code="1", county="x")
    staff = Staff.objects.create_user("x", "y", name="x", institution=bank)
    with transaction_frame():
        act_as(staff, None, "test")
        with connection.cursor() as cursor:
            cursor.execute("select acc.today()")
            assert cursor.fetchone()[0] == clock.today()


CLOCKS = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
}


def _reads_clock(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS
        for node in ast.walk(tree)
    )


def test_one_reader_of_the_clock() -> None:
    # Beside it: the doctor, who compares the machine's own clock with the database's, and the demo, which moves the clock
    # into its county's past.
    readers = {
        str(path.relative_to(ROOT))
        for folder in ("config", "grids", "customers", "credit", "reporting")
        for path in (ROOT / folder).rglob("*.py")
        if "launch" not in path.parts and _reads_clock(ast.parse(path.read_text("utf-8")))
    }
    assert readers == {"config/lib/clock.py", "config/lib/diagnosis.py", "reporting/demo/rounds.py"}
