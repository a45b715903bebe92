"""What every harness shares: interleaved timing, the machine's description, a database of its own, one JSON line."""

import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.launch.embedded import Postgres, Valkey
from config.launch.keys import ensure_keys, key_environment

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True)
class Result:
    """One measurement: ``value`` in ``unit`` against ``limit`` (None: reported only, nothing demanded)."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit


def interleaved(variants: Mapping[str, Callable[[], object]], *, rounds: int = 3) -> dict[str, float]:
    """Return the median seconds of each variant, run in turn so that other load on the machine hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, variant in variants.items():
            started = time.perf_counter()
            variant()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def peak_memory_megabytes() -> float:
    """Return the largest resident memory this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


@contextlib.contextmanager
def installation() -> Iterator[Path]:
    """Run a migrated installation of its own, with default durability, and set Django up on it; yield its directory."""
    with tempfile.TemporaryDirectory(prefix="gedang-bench-") as scratch:
        directory = Path(scratch)
        database, broker = Postgres(directory / "postgres"), Valkey(directory / "valkey")
        try:
            database.start()
            broker.start()
            os.environ |= {
                "GEDANG_MODE": "demo",
                "DATA_DIR": str(directory),
                "DATABASE_URL": database.url(),
                "REDIS_URL": broker.url(),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "LOG_LEVEL": "ERROR",
            }
            ensure_keys()
            os.environ |= key_environment(opener=True)
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0, interactive=False)
            yield directory
        finally:
            broker.stop()
            database.stop()


def commit() -> str:
    """Return the commit measured, marked when the tree differs from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def line(harness: str, results: list[Result], *, full: bool, seconds: float) -> str:
    """Return the one JSON line of a harness: what, where, when, and each result with its limit."""
    return json.dumps(
        {
            "harness": harness,
            "size": "full" if full else "everyday",
            "commit": commit(),
            "command": " ".join(["python", "-m", "bench", *sys.argv[1:]]),
            "made_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "seconds": round(seconds, 1),
            "holds": all(result.holds for result in results),
            "results": [
                {
                    "name": result.name,
                    "value": round(result.value, 3),
                    "unit": result.unit,
                    "limit": result.limit,
                    "holds": result.holds,
                    **result.details,
                }
                for result in results
            ],
        },
        ensure_ascii=False,
    )
