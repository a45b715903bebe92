"""How the launcher speaks: one line per event, one line per error."""

import sys
import time

_started = time.monotonic()


class LaunchError(Exception):
    """Something the person at the terminal can put right; shown as one line, without a traceback."""


def say(text: str) -> None:
    """Print one line with the seconds since the start."""
    sys.stdout.write(f"[{time.monotonic() - _started:5.1f} s] {text}\n")
    sys.stdout.flush()


def fail(error: object) -> int:
    """Print an error as one line on standard error and return the exit status."""
    sys.stderr.write(f"gedang: {error}\n")
    return 1
