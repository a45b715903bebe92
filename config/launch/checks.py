"""``make check``, ``make test``, ``make prove``, ``make fix`` and ``make bench``."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from config.launch import browser
from config.launch.install import node_environment
from config.launch.messages import LaunchError, say
from config.launch.paths import ROOT, UNPUBLISHED

LINT = ROOT / "config" / "launch" / "lint"
CODE = ["config", "grids", "customers", "credit", "reporting", "tests", "bench", "manage.py"]
# Our own scripts keep to ES2019; what Chrome 90 and Safari 15 read, vendor files may use.
OWN_SYNTAX, VENDOR_SYNTAX = "es2019", "es2021"
NOTHING_COLLECTED = 5
"""What pytest ends with when no test was chosen."""


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def _run(command: list[str], *, env: dict[str, str] | None = None, cwd: Path = ROOT) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def _imports() -> tuple[int, str]:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    return _run([str(lint_imports), "--no-cache"])


def _published_files() -> tuple[int, str]:
    """Hold what the pages load, ours and the vendors', to the browser floor of package.json."""
    with tempfile.TemporaryDirectory(prefix="gedang-static-") as directory:
        environment = {
            **os.environ, **node_environment(), "GEDANG_MODE": "test", "DATA_DIR": directory,
            "DATABASE_URL": "postgresql://nobody@/none", "REDIS_URL": "redis://none",
            "BROWSERSLIST_CONFIG": str(ROOT / "package.json"),
        }  # fmt: skip
        status, output = _run(_manage("collectstatic", "--no-input", *UNPUBLISHED), env=environment)
        if status:
            return status, output
        static = Path(directory) / "static"
        own = [str(path.relative_to(static)) for path in static.rglob("*.js") if "vendor" not in path.parts]
        vendor = [str(path.relative_to(static)) for path in static.rglob("*.js") if "vendor" in path.parts]
        steps = [["es-check", VENDOR_SYNTAX, *vendor]]
        steps += [["es-check", OWN_SYNTAX, *own]] if own else []
        steps += [["eslint", "--no-inline-config", "-c", str(LINT / "eslint.config.mjs"), "."]]
        steps += [["stylelint", "--config", str(LINT / "stylelint.config.json"), "**/*.css"]]
        worst, said = 0, ""
        for step in steps:
            tool = shutil.which(step[0], path=environment["PATH"])
            status, output = _run([tool or step[0], *step[1:]], env=environment, cwd=static)
            if status:
                worst, said = status, f"{said}{output}"
        return worst, said


def _templates() -> tuple[int, str]:
    return _run(_module("djlint", "templates", "--lint", "--quiet")) if (ROOT / "templates").exists() else (0, "")


# Name -> what it runs; each returns its exit status and what it printed.
CHECKS = {
    "format": lambda: _run(_module("ruff", "format", "--check", "--quiet", *CODE)),
    "lint": lambda: _run(_module("ruff", "check", "--quiet", *CODE)),
    "types": lambda: _run(_module("mypy", "--no-error-summary"), env=_settings()),
    "imports": _imports,
    "templates": _templates,
    "system check": lambda: _run(_manage("check", "--fail-level", "WARNING"), env=_settings()),
    "migrations": lambda: _run(_manage("makemigrations", "--check", "--dry-run"), env=_settings()),
    "browser floor": _published_files,
}


def _settings() -> dict[str, str]:
    """Return an environment for commands that read no row: they shall not start a database."""
    return {
        **os.environ, "GEDANG_MODE": "test", "REDIS_URL": "redis://none",
        "DATABASE_URL": os.environ.get("DATABASE_URL") or "postgresql://gedang_owner@127.0.0.1:1/none",
    }  # fmt: skip


def check(_: list[str]) -> int:
    """Run every static check, two at a time, and print the output of those that fail."""
    failed = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = {pool.submit(_timed, step): name for name, step in CHECKS.items()}
        for done in concurrent.futures.as_completed(running):
            status, output, seconds = done.result()
            name = running[done]
            say(f"{name}: {'failed' if status else 'ok'} ({seconds:.1f} s)")
            if status:
                failed.append(name)
                sys.stdout.write(output.rstrip() + "\n")
                sys.stdout.flush()
    if failed:
        say(f"checks failed: {', '.join(failed)}")
    return 1 if failed else 0


def _timed(step: object) -> tuple[int, str, float]:
    started = time.monotonic()
    status, output = step()  # type: ignore[operator]
    return status, output, time.monotonic() - started


def fix(_: list[str]) -> int:
    """Put right what the tools can put right by themselves."""
    return max(
        subprocess.run(_module("ruff", "check", "--fix", "--quiet", *CODE), cwd=ROOT, check=False).returncode,
        subprocess.run(_module("ruff", "format", "--quiet", *CODE), cwd=ROOT, check=False).returncode,
    )


def test(arguments: list[str]) -> int:
    """Run the checks and then the tests at their everyday size; further arguments go to pytest."""
    return _test(arguments, ["not slow"])


def prove(arguments: list[str]) -> int:
    """Run checks, tests and harnesses at full size; results are kept under bench/results with command and commit."""
    os.environ["GEDANG_SIZE"] = "full"
    harnesses = bench([])
    with tempfile.TemporaryDirectory(prefix="gedang-prove-") as directory:
        report = Path(directory) / "tests.xml"
        tested = _test([f"--junit-xml={report}", *arguments], [])
        if report.exists():
            _keep_counts(report, arguments)
    return max(harnesses, tested)


def _keep_counts(report: Path, arguments: list[str]) -> None:
    """Add one line on the test run to bench/results/tests.jsonl."""
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    _, commit = _run(["git", "describe", "--always", "--abbrev=12", "--dirty"])
    counts = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    told = {
        "harness": "tests",
        "size": "full",
        "commit": commit.strip(),
        "command": " ".join(["make prove", *([f"ARGS={' '.join(arguments)!r}"] if arguments else [])]),
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(float(suite.get("time", "0")), 1),
        **counts,
    }
    with (ROOT / "bench" / "results" / "tests.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")


def _test(arguments: list[str], wanted: list[str]) -> int:
    """Run the checks and the tests whose markers are wanted: those that crash a server alone first, the others two at a time."""
    checked = check([])
    program, why_not = browser.ensure()
    if program:
        os.environ["GEDANG_BROWSER"] = program
    elif os.environ.get("CI", "").lower() == "true":
        raise LaunchError(f"browser tests are required here and cannot run: {why_not}")
    else:
        say(f"browser tests are NOT run: {why_not}")
        wanted = [*wanted, "not browser"]
    alone = _pytest("-q", "-m", " and ".join([*wanted, "alone"]), *arguments)
    others = _pytest("-n", "2", "--dist", "loadfile", "-q", "-m", " and ".join([*wanted, "not alone"]), *arguments)
    if checked:
        say("the static checks failed, see above: make check says it again")
    ran = [code for code in (alone, others) if code != NOTHING_COLLECTED] or [NOTHING_COLLECTED]
    if alone in ran and alone:
        say("a test that runs alone failed, see above the others")
    return max(checked, *ran)


def _pytest(*arguments: str) -> int:
    sys.stdout.flush()
    return subprocess.run(_module("pytest", *arguments), cwd=ROOT, check=False).returncode


def bench(names: list[str]) -> int:
    """Run the harnesses named (all without a name); full size keeps the results."""
    full = ["--full"] if os.environ.get("GEDANG_SIZE") == "full" else []
    return subprocess.run(_module("bench", *full, *names), cwd=ROOT, check=False).returncode


COMMANDS = {"check": check, "fix": fix, "test": test, "prove": prove, "bench": bench}
