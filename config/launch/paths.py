"""Where things lie, and whether they may be written."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from config.launch.messages import LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
# Files that libraries bring and no page of ours loads: not published, not held to the browser floor.
UNPUBLISHED = ("--ignore=rest_framework", "--ignore=django_htmx")


def data_directory() -> Path:
    """Return DATA_DIR (default .data beside the code): database, media, keys, logs of this installation."""
    return (ROOT / os.environ.get("DATA_DIR", ".data")).resolve()


def run_directory() -> Path:
    """Return the directory of locks and of the addresses of the running servers."""
    return data_directory() / "run"


def writable(directory: Path) -> Path:
    """Create a private directory, or say in one line why that cannot be."""
    try:
        data_directory().mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = directory / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise LaunchError(
            f"{directory} cannot be written ({error.strerror}); set DATA_DIR to a directory of yours"
        ) from None
    return directory


def fingerprint(paths: Iterable[Path], *, contents: bool = True) -> str:
    """Return a short hash of files: of their contents, or (quicker) of their sizes and times of change."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode())
        state = path.stat()
        digest.update(path.read_bytes() if contents else f"{state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()[:24]
