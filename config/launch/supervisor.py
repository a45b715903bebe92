"""Keeps a set of processes running and ends them in reverse order, leaving none behind. Linux and macOS."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.launch.embedded import start_process, stop_process
from config.launch.messages import LaunchError, say

PR_SET_CHILD_SUBREAPER = 36
LOG_LIMIT = 20 * 2**20


@dataclass
class Program:
    """One program: how it starts, how it is asked to stop (signal, seconds to wait; the last resort is KILL)."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    stops: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 15),)
    process: "subprocess.Popen[bytes] | None" = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.starts.append(time.monotonic())
        self.process = start_process(
            self.command, death_signal=signal.SIGTERM, log=self.log, env={**os.environ, **self.environment}
        )

    def stop(self) -> None:
        if self.process:
            stop_process(self.process, *self.stops)


class Stop(BaseException):
    """Somebody asked us to stop: Ctrl-C, SIGTERM or a closed terminal."""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into Stop inside the block, once; further ones do not disturb the stopping."""

    def ask(number: int, frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stop

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    yield


def adopt_orphans() -> None:
    """Become the parent of any process whose own parent ends, so that none can escape (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> list[int]:
    """Return the living processes below this one (Linux)."""
    if sys.platform != "linux":
        return []
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(entry.name)] = int(fields[1])
    found, layer = [], [os.getpid()]
    while layer:
        layer = [pid for pid, parent in parents.items() if parent in layer]
        found += layer
    return found


def end_descendants(seconds: float = 5) -> None:
    """Kill whatever is still there below us, and collect it."""
    deadline = time.monotonic() + seconds
    while (left := descendants()) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def run_steps(steps: dict[str, Callable[[], None]]) -> None:
    """Run steps side by side and wait for all; the first error is raised once every step has ended.

    Only for steps that run a program to its end: a server started here would lose its parent thread.
    """
    errors: list[BaseException] = []

    def guarded(step: Callable[[], None]) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 raised again below, in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(step,), name=name, daemon=True) for name, step in steps.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def watch(programs: list[Program], *, tries: int = 3, seconds: float = 60) -> None:
    """Restart a program that ends by itself; give up when one ends ``tries`` times within ``seconds``. Never returns."""
    while True:
        for program in programs:
            if program.process and program.process.poll() is not None:
                recent = [start for start in program.starts if time.monotonic() - start < seconds]
                if len(recent) >= tries:
                    raise LaunchError(
                        f"{program.name} keeps ending (status {program.process.returncode}); see {program.log}"
                    )
                say(f"{program.name} ended with status {program.process.returncode}; starting it again")
                program.start()
        time.sleep(0.5)
