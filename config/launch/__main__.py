"""``python3 -m config.launch COMMAND``: what the Makefile calls. Starts under any Python 3.11 and moves into .venv."""

import os
import sys

from config.launch import install
from config.launch.messages import LaunchError, fail
from config.launch.paths import ROOT, VENV

# Command -> does it need the tools of checks and tests?
COMMANDS = {
    "setup": True,
    "run": False,
    "test": True,
    "prove": True,
    "check": True,
    "fix": True,
    "bench": True,
    "backup": False,
    "backup-opener": False,
    "restore": False,
}


def main(arguments: list[str]) -> int:
    """Install what the command needs, then run it inside .venv."""
    if not arguments or arguments[0] not in COMMANDS:
        return fail(f"expects one of {', '.join(COMMANDS)}")
    command, rest = arguments[0], arguments[1:]
    os.chdir(ROOT)
    try:
        if os.environ.get("GEDANG_INSTALLED") != command:
            if command == "run":
                from config.launch import run

                run.claim()
            install.install(dev=COMMANDS[command])
            os.environ["GEDANG_INSTALLED"] = command
            python = str(VENV / "bin" / "python")
            sys.stdout.flush()
            os.execv(python, [python, "-m", "config.launch", *arguments])
        install.compile_catalogues()
        return _inside(command, rest)
    except LaunchError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


def _inside(command: str, rest: list[str]) -> int:
    """Run a command whose packages are installed."""
    os.environ.pop("GEDANG_INSTALLED", None)
    if command == "setup":
        return 0
    if command == "run":
        from config.launch import run

        return run.run()
    if command in ("test", "prove", "check", "fix", "bench"):
        from config.launch import checks

        return checks.COMMANDS[command](rest)
    from config.launch import backup

    return backup.COMMANDS[command](rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
