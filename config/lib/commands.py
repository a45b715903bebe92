"""Commands: words for a person, or with ``--json`` one JSON object as the last line; non-zero on failure."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class JsonCommand(BaseCommand):
    """Base of our commands. ``run`` does the work and returns the figures; words go to ``say``."""

    fails_when_false = "ok"
    """A figure of this name that is False makes the command fail after printing."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object, last")
        self.add_own_arguments(parser)

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        """Add what this command needs."""

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the work; return the figures."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Tell a person; silent with --json."""
        if not self._json:
            self.stdout.write(text)

    def handle(self, *args: Any, **options: Any) -> None:
        self._json = bool(options.get("json"))
        try:
            figures = self.run(**options)
        except CommandError as error:
            if self._json:
                self.stdout.write(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
            raise
        if self._json:
            self.stdout.write(json.dumps({"ok": True, **figures}, ensure_ascii=False, default=str))
        if figures.get(self.fails_when_false) is False:
            sys.exit(1)
