"""Examine every rule over everything stored; exit status 1 when one does not hold."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.module_loading import autodiscover_modules

from config.lib import integrity
from config.lib.commands import JsonCommand


class Command(JsonCommand):
    """Changes nothing. Runs as the owner of the database, on one snapshot, beside a working installation."""

    help = "Examine what must hold over everything stored: check_integrity [--sample N] [--only RULE]"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sample", type=int, default=200, help="rows that costly rules look at, by chance; 0: every row"
        )
        parser.add_argument("--only", action="append", default=[], help="this rule alone; may be repeated")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["sample"] < 0:
            raise CommandError("--sample is 0 or more")
        autodiscover_modules("selectors.integrity")
        if unknown := sorted(set(options["only"]) - set(integrity.RULES)):
            raise CommandError(
                f"no rule is called {', '.join(unknown)}; there are {', '.join(sorted(integrity.RULES))}"
            )
        checks = []
        began = time.perf_counter()
        for rule, found in integrity.examine(options["sample"], options["only"]):
            state = (
                "ok" if found.is_well else f"not examined: {found.error}" if found.error else f"{found.count} broken"
            )
            self.say(f"{state:>12}  {rule.name}  {rule.meaning}")
            if found.ids:
                self.say(f"{'':>12}  {', '.join(found.ids)}{' …' if found.count > len(found.ids) else ''}")
            checks.append(
                {
                    "name": rule.name,
                    "meaning": str(rule.meaning),
                    "sampled": bool(rule.is_sampled and options["sample"]),
                    "count": found.count,
                    "ids": list(found.ids),
                    "error": found.error,
                }
            )
        broken = sum(bool(check["count"] or check["error"]) for check in checks)
        self.say(f"{len(checks)} rules, {broken} broken")
        return {
            "ok": not broken,
            "rules": len(checks),
            "broken": broken,
            "seconds": round(time.perf_counter() - began, 2),
            "checks": checks,
        }
