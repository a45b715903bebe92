"""How the launcher speaks: one line per event, one line per error."""

import os
import sys
import time

# Kept in the environment, because the launcher goes on as another program once .venv is there.
_started = float(os.environ.setdefault("GEDANG_STARTED_AT", str(time.time())))


class LaunchError(Exception):
    """Something the person at the terminal can put right; shown as one line, without a traceback."""


def say(text: str) -> None:
    """Print one line with the seconds since the start."""
    sys.stdout.write(f"[{time.time() - _started:5.1f} s] {text}\n")
    sys.stdout.flush()


def fail(error: object) -> int:
    """Print an error as one line on standard error and return the exit status."""
    sys.stderr.write(f"gedang: {error}\n")
    return 1
