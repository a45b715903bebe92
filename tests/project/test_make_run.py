"""``make run`` from start to end: everything comes up, a second one is told so, Ctrl-C leaves nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config.launch.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]


def clean_environment(**more: str) -> dict[str, str]:
    """Return an environment as on a machine where nothing is set up."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "npm_config_", "SSL_"))}
    return {**kept, **pip, **more}


def processes_of(marker: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if marker.encode() in line and int(entry.name) != os.getpid():
                found.append(entry.name)
    return found


def wait_for_address(process: "subprocess.Popen[str]", told: Path, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}"
        if told.exists():
            notice = json.loads(told.read_text("utf-8"))
            if notice["kind"] == "run":
                return notice["address"]
        time.sleep(0.1)
    raise AssertionError("did not come up")


def story(command: list[str], directory: Path, data: Path, environment: dict[str, str], seconds: float) -> float:
    """Start, look, start again, stop; return the seconds until it was up."""
    output = directory / f"run-{time.monotonic_ns()}.log"
    started = time.monotonic()
    with output.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        address = wait_for_address(process, data / "run" / "services.json", seconds)
        up = time.monotonic() - started
        with urllib.request.urlopen(f"{address}healthz", timeout=10) as answer:
            assert answer.status == 200
        again = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
        assert again.returncode == 0
        assert f"already running at {address}" in again.stdout
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        process.wait(60)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    said = output.read_text("utf-8")
    assert address in said, said
    assert "stopping" in said, said
    assert said.rstrip().endswith("stopped") or "make:" in said.splitlines()[-1], said
    assert processes_of(str(data)) == []
    return up


def test_everything_comes_up_and_goes(tmp_path):
    data = tmp_path / "data"
    environment = clean_environment(
        DATA_DIR=str(data), PORT=str(free_port()), GEDANG_MODE="test", GEDANG_INSTALLED="run", PYTHONPATH=str(ROOT)
    )
    command = [sys.executable, "-m", "config.launch", "run"]

    story(command, tmp_path, data, environment, seconds=120)


@pytest.mark.slow
def test_a_fresh_clone_runs_within_four_minutes_and_again_within_fifteen_seconds(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or shutil.which("python3")
    environment = clean_environment(PORT=str(free_port()), HOME=str(tmp_path))
    command = ["make", "run", f"PYTHON={python}"]

    assert story(command, clone, clone / ".data", environment, seconds=240) < 240
    assert story(command, clone, clone / ".data", environment, seconds=60) < 15
