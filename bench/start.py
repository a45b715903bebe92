"""How long the embedded servers take to come up and go: the part of `make run` that nobody can skip."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Result
from config.launch.embedded import running_servers


def run(*, full: bool) -> Iterator[Result]:
    """Measure a first start (the cluster is created) and later ones, stopping included."""
    with tempfile.TemporaryDirectory(prefix="gedang-bench-") as directory:
        for name, limit, times in (("first start", 10.0, 1), ("later start", 3.0, 10 if full else 2)):
            seconds = []
            for _ in range(times):
                started = time.perf_counter()
                with running_servers(Path(directory)):
                    pass
                seconds.append(time.perf_counter() - started)
            yield Result(name, max(seconds), "s", limit, {"times": times})
