"""``python -m bench [--full] [NAME ...]``: run harnesses, one process each, one JSON line each on standard output.

With --full the lines are kept under bench/results. Ends with status 1 when a limit does not hold or a harness fails.
"""

import argparse
import importlib
import subprocess
import sys
import time

from bench import harness

SHARED = {"__init__", "__main__", "harness"}


def names() -> list[str]:
    """Return every harness of this package."""
    return sorted(path.stem for path in (harness.ROOT / "bench").glob("*.py") if path.stem not in SHARED)


def measure(name: str, *, full: bool) -> int:
    """Run one harness in this process, print its line, keep it at full size."""
    module = importlib.import_module(f"bench.{name}")
    started = time.monotonic()
    results = list(module.run(full=full))
    text = harness.line(name, results, full=full, seconds=time.monotonic() - started)
    sys.stdout.write(text + "\n")
    if full:
        harness.RESULTS.mkdir(exist_ok=True)
        with (harness.RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    return 0 if all(result.holds for result in results) else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names()) or 'none yet'}")
    parser.add_argument("--full", action="store_true", help="the size of `make prove`; results are kept")
    options = parser.parse_args()
    known = names()
    wanted = [name.replace("-", "_") for name in options.names]
    chosen = [name for name in known if not wanted or name in wanted]
    if len(chosen) < len(wanted):
        parser.error(f"no such harness; there are {', '.join(known) or 'none'}")
    if len(chosen) == 1:
        return measure(chosen[0], full=options.full)
    # A process each: one harness's memory and settings must not colour the next.
    flags = ["--full"] if options.full else []
    return max(
        (subprocess.run([sys.executable, "-m", "bench", *flags, name], check=False).returncode for name in chosen),
        default=0,
    )


if __name__ == "__main__":
    sys.exit(main())
