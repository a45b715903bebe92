"""The launcher: one supervisor, no process left behind, one clear line for what a person can put right."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from config.launch import install, keys, run, services
from config.launch.embedded import LONGEST_SOCKET_DIRECTORY, Postgres
from config.launch.messages import LaunchError
from config.launch.paths import writable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for name in ("DATABASE_URL", "REDIS_URL", "GEDANG_MODE", run.LOCK_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


def alive(marker: str) -> list[str]:
    """Return the command lines of processes that mention a marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if marker in line:
                found.append(line)
    return found


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


SUPERVISED = """
    import sys, time
    from pathlib import Path
    from config.launch import supervisor
    from config.launch.messages import LaunchError
    directory = Path(sys.argv[1])
    # Ignores TERM until its own child has been told, and leaves a grandchild in a session of its own.
    child = '''
    import os, signal, subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1] + "-grandchild"], start_new_session=True)
    def stop(*_):
        with open(sys.argv[2], "a") as file: file.write(sys.argv[1].rsplit("/")[-1] + " ")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    print("ready", flush=True)
    while True: time.sleep(0.1)
    '''
    import textwrap
    programs = [
        supervisor.Program(name, [sys.executable, "-c", textwrap.dedent(child), str(directory / name), str(directory / "order")],
                           {}, directory / f"{name}.log")
        for name in ("first", "second", "third")
    ]
    supervisor.adopt_orphans()
    with supervisor.stopped_by_signals():
        try:
            for program in programs:
                program.start()
            (directory / "up").touch()
            supervisor.watch(programs)
        except supervisor.Stop:
            pass
        finally:
            for program in reversed(programs):
                program.stop()
            supervisor.end_descendants()
"""


@pytest.fixture
def supervised(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISED), str(tmp_path)], cwd=ROOT, start_new_session=True
    )
    wait_for(
        lambda: all(
            (tmp_path / f"{n}.log").exists() and b"ready" in (tmp_path / f"{n}.log").read_bytes()
            for n in ("first", "second", "third")
        )
    )
    yield process, tmp_path
    process.terminate()  # not killed: it clears what its programs have left
    process.wait(60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_in_reverse_order_and_leaves_no_process(supervised, number):
    process, directory = supervised

    process.send_signal(number)
    process.wait(30)

    assert (directory / "order").read_text().split() == ["third", "second", "first"]
    assert alive(str(directory)) == []


def test_programs_end_with_a_killed_supervisor(supervised):
    process, directory = supervised

    process.kill()
    process.wait()

    wait_for(lambda: not [line for line in alive(str(directory)) if "grandchild" not in line])
    for entry in Path("/proc").iterdir():  # grandchildren in sessions of their own are ours to clear here
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{directory}/".encode() in line and b"-grandchild" in line:
                os.kill(int(entry.name), signal.SIGKILL)


def test_a_program_that_ends_is_started_again(supervised):
    _, directory = supervised
    first = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is(entry, f"{directory}/first ")]

    os.kill(int(first[0].name), signal.SIGKILL)

    wait_for(lambda: (directory / "first.log").read_bytes().count(b"ready") == 2)


def _is(entry: Path, marker: str) -> bool:
    try:
        return marker in (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return False


def test_a_busy_port_is_one_line(data_dir, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        with pytest.raises(LaunchError, match=r"port \d+ is not free .*choose another: make run PORT=8080"):
            run.claim()


def test_a_port_that_is_no_number_is_one_line(data_dir, monkeypatch):
    monkeypatch.setenv("PORT", "eighty")

    with pytest.raises(LaunchError, match="PORT=eighty is not a port number"):
        run.claim()


def test_a_directory_that_cannot_be_written_is_one_line(monkeypatch):
    monkeypatch.setenv("DATA_DIR", "/proc/gedang")

    with pytest.raises(LaunchError, match=r"cannot be written .*set DATA_DIR"):
        writable(Path("/proc/gedang/run"))


def test_a_python_without_venv_is_one_line(monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(install, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))

    with pytest.raises(LaunchError, match=r"has no venv module; install it .*python3-venv"):
        install._create_environment()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("pip", "WARNING: Retrying after connection broken by 'NewConnectionError'"),
        ("npm", "npm error code EAI_AGAIN"),
    ],
)
def test_no_network_is_one_line(program, said):
    process = install._start([sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"])

    with pytest.raises(LaunchError, match=f"{program} cannot reach its package registry"):
        install._finish(process, program)


def test_a_second_run_says_that_one_is_running(data_dir, capsys):
    directory = writable(data_dir / "run")
    with (directory / "owner.lock").open("a") as lock:
        assert services.take(lock)
        services.publish("run", {}, "http://127.0.0.1:8000/")

        with pytest.raises(SystemExit) as ended:
            run.claim()

    assert ended.value.code == 0
    assert "already running at http://127.0.0.1:8000/" in capsys.readouterr().out


def test_commands_share_servers_and_the_last_one_stops_them(data_dir):
    code = textwrap.dedent("""
        import os, subprocess, sys, time
        from config.launch import ensure_services
        with ensure_services():
            import psycopg2
            psycopg2.connect(os.environ["DATABASE_URL"]).close()
            time.sleep(float(sys.argv[1]))
            psycopg2.connect(os.environ["DATABASE_URL"]).close()
    """)
    commands = []
    for seconds in ("0.5", "2"):
        commands.append(subprocess.Popen([sys.executable, "-c", code, seconds], cwd=ROOT))
        time.sleep(0.2)

    assert [command.wait(60) for command in commands] == [0, 0]
    assert alive(str(data_dir)) == []


def test_servers_of_a_killed_command_end_and_the_next_one_starts(data_dir):
    code = "from config.launch import ensure_services\nwith ensure_services(): import time; print('up', flush=True); time.sleep(600)"
    command = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert command.stdout.readline() == b"up\n"

    command.kill()
    command.wait()

    done = subprocess.run(
        [sys.executable, "-c", "from config.launch import ensure_services\nwith ensure_services(): pass"],
        cwd=ROOT,
        check=False,
    )
    command.stdout.close()
    assert done.returncode == 0
    wait_for(lambda: alive(str(data_dir)) == [])


def test_keys_are_made_once_and_private(data_dir):
    keys.ensure_keys()
    made = {file.name: file.read_text("utf-8") for file in keys.keys_directory().iterdir()}
    keys.ensure_keys()

    assert {file.name: file.read_text("utf-8") for file in keys.keys_directory().iterdir()} == made
    assert set(made) == {"secret_key", "field_keys", "index_keys", "draft_key", "opener_key"}
    assert keys.keys_directory().stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in keys.keys_directory().iterdir())


def test_only_the_opener_is_told_where_its_key_is(data_dir, monkeypatch):
    for name in keys.MAKERS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.delenv("OPENER_KEY_FILE", raising=False)
    programs = {program.name: program.environment for program in run._programs()}

    assert [name for name, environment in programs.items() if "OPENER_KEY_FILE" in environment] == ["opener"]
    assert {name: environment["PROCESS_ROLE"] for name, environment in programs.items()} == {
        "worker": "worker",
        "opener": "opener",
        "scheduler": "worker",
        "web": "web",
    }


def test_sockets_stay_within_the_length_the_system_allows(tmp_path):
    deep = tmp_path / ("a" * 100) / "postgres"

    assert len(os.fsencode(Postgres(deep).sockets)) <= LONGEST_SOCKET_DIRECTORY
    assert Postgres(deep).sockets == Postgres(deep).sockets
