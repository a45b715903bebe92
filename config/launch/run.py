"""``make run``: everything on one machine, under one supervisor."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from config.launch import services, supervisor
from config.launch.embedded import Postgres
from config.launch.keys import ensure_keys, key_environment
from config.launch.messages import LaunchError, say
from config.launch.paths import NODE_MODULES, ROOT, UNPUBLISHED, data_directory, fingerprint, run_directory, writable

LOCK_VARIABLE = "GEDANG_OWNER_LOCK"
SOURCES = ("config", "grids", "customers", "credit", "reporting")


def host() -> str:
    return os.environ.get("HOST", "127.0.0.1")


def port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LaunchError(f"PORT={text} is not a port number")
    return int(text)


def address() -> str:
    shown = "127.0.0.1" if host() in ("0.0.0.0", "::", "") else host()
    return f"http://{shown}:{port()}/"


def claim() -> None:
    """Make sure that nothing stands in the way, and hold the lock of this installation across the installation steps."""
    lock = (writable(run_directory()) / "owner.lock").open("a")
    try:
        _claim(lock)
    except BaseException:
        lock.close()
        raise
    os.set_inheritable(lock.fileno(), True)
    os.environ[LOCK_VARIABLE] = str(lock.fileno())
    _keep.append(lock)


def _claim(lock: IO[str]) -> None:
    if not services.take(lock):
        told = services.published()
        if told.get("kind") == "run":
            say(f"already running at {told['address']} (process {told['pid']})")
            raise SystemExit(0)
        if told.get("kind") == "starting":
            say(f"already being started (process {told['pid']})")
            raise SystemExit(0)
        say("waiting for a command that uses the database")
        if not services.take(lock, wait_seconds=600):
            raise LaunchError("a command still uses the database; try again when it is through")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host(), port()))
        except OSError as error:
            raise LaunchError(
                f"port {port()} is not free ({error.strerror}); choose another: make run PORT=8080"
            ) from None
    services.publish("starting", {})


_keep: list[IO[str]] = []  # a lock ends when its file is closed, so it must not be collected


def _hold_claim() -> None:
    """Take over the lock that the first stage left open for us."""
    number = os.environ.pop(LOCK_VARIABLE, "")
    if not number:
        claim()
        number = os.environ.pop(LOCK_VARIABLE)
    os.set_inheritable(int(number), False)


def run() -> int:
    """Start everything, print where it is and who may sign in, watch it until somebody stops us."""
    _hold_claim()
    os.environ.setdefault("GEDANG_MODE", "demo")
    os.environ.setdefault("DATA_DIR", str(data_directory()))
    supervisor.adopt_orphans()
    servers = services.Servers()
    programs: list[supervisor.Program] = []
    status = 0
    with supervisor.stopped_by_signals():
        try:
            if os.environ["GEDANG_MODE"] != "production":
                ensure_keys()
                os.environ.update(key_environment())
            environment = servers.start()
            os.environ.update(environment)
            _prepare(servers.postgres)
            programs += _programs()
            for program in programs:
                program.start()
            logins = _start_logins()
            _wait_until_up(programs)
            services.publish("run", environment, address())
            _greet(logins)
            supervisor.watch(programs)
        except supervisor.Stop:
            say("stopping")
        except LaunchError as error:
            sys.stderr.write(f"gedang: {error}\n")
            status = 1
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            services.notice().unlink(missing_ok=True)
            for program in reversed(programs):
                program.stop()
            servers.stop()
            supervisor.end_descendants()
            say("stopped")
    return status


def _manage(*arguments: str, opener: bool = False) -> None:
    """Run a command of manage.py to its end; turn a failure into one line that names the error and the log."""
    environment = {**os.environ, "PROCESS_ROLE": "owner", **(key_environment(opener=True) if opener else {})}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        log = writable(data_directory() / "log") / f"{arguments[0]}.log"
        log.write_text(done.stdout, "utf-8")
        # The line that names the error, not the arrows that may follow it.
        lines = [line for line in done.stdout.splitlines() if line and not line[0].isspace()] or ["no output"]
        named = [line for line in lines if "Error" in line.split(":")[0]] or lines
        raise LaunchError(f"{arguments[0]} failed: {named[-1]} (all of it: {log})")


def _once(name: str, state: str, *arguments: str, what: str) -> None:
    """Run a command of manage.py unless it ran with this state before."""
    stamp = run_directory() / f"{name}.stamp"
    if stamp.exists() and stamp.read_text("utf-8") == state:
        return
    say(what)
    _manage(*arguments)
    stamp.write_text(state, "utf-8")


def _sources(*patterns: str) -> list[Path]:
    return [
        path for folder in SOURCES for pattern in patterns for path in (ROOT / folder).glob(pattern) if path.is_file()
    ]


def _prepare(cluster: Postgres | None) -> None:
    """Bring database and static files up to the code, side by side; fill the demo county when the database is empty."""
    # Of a server of your own nothing is known, so it is migrated at every start.
    identity = cluster.identity() if cluster else str(time.time())
    # Guards and functions are applied after each migration, from any module: hence every source file counts.
    code = fingerprint([*_sources("**/*.py", "**/*.sql"), ROOT / "requirements.lock"])
    static = fingerprint([*_sources("static/**/*", "assets.py"), ROOT / "package-lock.json"], contents=False)
    node = (NODE_MODULES / ".package-lock.json").stat().st_mtime_ns
    mode = os.environ["GEDANG_MODE"]

    def database() -> None:
        _drop_unfinished_demo(cluster)
        _once("migrate", f"{identity} {code}", "migrate", "--no-input", what="bringing the database up to date")
        if mode in ("dev", "demo") and _is_empty():
            say("filling the demo county")
            unfinished().write_text("")
            _manage("demo", opener=True)
            unfinished().unlink()

    def assets() -> None:
        _once(
            "static",
            f"{static} {node} {mode}",
            "collectstatic",
            "--no-input",
            "--clear",
            *UNPUBLISHED,
            what="collecting static files",
        )

    supervisor.run_steps({"database": database, "assets": assets})


def unfinished() -> Path:
    """Return the mark that says that filling the demo county began."""
    return run_directory() / "demo.unfinished"


def _drop_unfinished_demo(cluster: Postgres | None) -> None:
    """Forget a demo county whose filling was interrupted: half of one would look like lost data."""
    if not unfinished().exists():
        return
    if cluster is None:
        raise LaunchError(
            f"filling the demo county was interrupted; empty that database, remove {unfinished()}, try again"
        )
    say("the demo county was left half filled; starting it afresh")
    cluster.recreate_database()
    (run_directory() / "migrate.stamp").unlink(missing_ok=True)
    unfinished().unlink()


def _is_empty() -> bool:
    """Tell whether nobody works here yet: a county that was entered by hand is never touched."""
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("select not exists (select from grids_staff)")
            return bool(cursor.fetchone()[0])
    finally:
        connection.close()


def _programs() -> list[supervisor.Program]:
    """Return web, workers and scheduler in the order of their start."""
    log = writable(data_directory() / "log")
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "config.celery"]
    worker = [*celery, "worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
    # TERM lets a running chunk finish; QUIT drops it, and the broker hands it out again (acks_late).
    gently = ((signal.SIGTERM, 10), (signal.SIGQUIT, 5))
    return [
        supervisor.Program(
            "worker",
            [*worker, "--queues=default,batch", "--concurrency=2", "--hostname=worker@gedang"],
            {"PROCESS_ROLE": "worker"},
            log / "worker.log",
            gently,
        ),
        supervisor.Program(
            "opener",
            [*worker, "--queues=opening", "--concurrency=1", "--pool=solo", "--hostname=opener@gedang"],
            {"PROCESS_ROLE": "opener", **key_environment(opener=True)},
            log / "opener.log",
            gently,
        ),
        supervisor.Program(
            "scheduler",
            [*celery, "beat", "--loglevel=WARNING", f"--schedule={run_directory() / 'beat'}", "--pidfile="],
            {"PROCESS_ROLE": "worker"},
            log / "scheduler.log",
        ),
        supervisor.Program(
            "web",
            [python, "-m", "gunicorn", "-c", "python:config.launch.gunicorn", "config.wsgi:application"],
            {"PROCESS_ROLE": "web", "HOST": host(), "PORT": str(port())},
            log / "web.log",
        ),
    ]


def _start_logins() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--logins"],
        env={**os.environ, "PROCESS_ROLE": "owner"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _wait_until_up(programs: list[supervisor.Program], seconds: float = 120) -> None:
    """Wait until the health page answers 200: web, database, broker and workers are all there."""
    deadline = time.monotonic() + seconds
    last = "no answer"
    while time.monotonic() < deadline:
        for program in programs:
            if program.process and program.process.poll() is not None:
                raise LaunchError(f"{program.name} did not start; see {program.log}")
        try:
            with urllib.request.urlopen(f"{address()}healthz", timeout=5):
                if _workers_listen():
                    return
                last = "the workers do not listen yet"
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read(200).decode('utf-8', 'replace')}"
        except OSError as error:
            last = str(error)
        time.sleep(0.2)
    raise LaunchError(f"{address()}healthz did not become ready in {seconds:.0f} s: {last}")


def _workers_listen() -> bool:
    """Tell whether worker and opener wait for jobs: each has a blocked pop on the broker then."""
    import redis

    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        return sum(client["cmd"] == "brpop" for client in broker.client_list()) >= 2


def _greet(logins: "subprocess.Popen[str]") -> None:
    output, _ = logins.communicate()
    say(f"格档 Gedang runs at {address()}")
    if output.strip():
        sys.stdout.write(output.rstrip() + "\n")
    if host() not in ("127.0.0.1", "localhost", "::1"):
        sys.stdout.write("Other devices: browsers keep drafts on a phone only over https; put a TLS proxy in front.\n")
    sys.stdout.write("Ctrl-C stops everything.\n")
    sys.stdout.flush()
