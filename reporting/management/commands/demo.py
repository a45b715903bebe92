"""Fill an empty database with the demo county, or print its logins."""

import time
from argparse import ArgumentParser
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from config.lib import clock
from config.lib.commands import JsonCommand
from grids.services.staff import demo_logins
from reporting.demo import county


class Command(JsonCommand):
    """The same --seed and --as-of give the same county; --small is a sixth of the villages with a sixth of the households."""

    help = "Fill an empty database with the demo county; --logins prints one login per post."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument(
            "--as-of", type=date.fromisoformat, default=None, help="the day the story has reached, default today"
        )
        parser.add_argument("--small", action="store_true")
        parser.add_argument("--logins", action="store_true", help="only print the logins")

    def run(self, **options: Any) -> dict[str, Any]:
        if settings.PRODUCTION:
            raise CommandError("a production installation gets no demo county")
        if options["logins"]:
            return self._logins()
        if not county.is_empty():
            raise CommandError("the database is not empty; the demo county is made in an empty one")
        started = time.perf_counter()
        now = clock.now()
        if options["as_of"]:
            now = datetime.combine(options["as_of"], clock_time(18), clock.SHANGHAI)
        figures = county.build(
            size=county.SMALL if options["small"] else county.FULL,
            seed=options["seed"],
            now=now,
            say=self._stage(started),
        )
        seconds = round(time.perf_counter() - started, 1)
        self.say(
            f"{figures['villages']} villages, {figures['households']} households, {figures['people']} people in {seconds} s"
        )
        return {**figures, "seconds": seconds}

    def _stage(self, started: float) -> Any:
        return lambda text: self.say(f"  {time.perf_counter() - started:5.1f} s  {text}")

    def _logins(self) -> dict[str, Any]:
        found = demo_logins()
        for login in found:
            self.say(f"  {login['post']:<8}{login['username']:<8}{login['password']}    {login['name']}")
        return {"logins": found}
