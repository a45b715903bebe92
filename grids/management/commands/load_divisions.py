"""``load_divisions``: make the territory of an institution from the list of villages and communities."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.domain import divisions
from grids.services import territory

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "divisions.csv"


class Command(BaseCommand):
    """Load one county for one institution; running it again changes nothing."""

    help = "Make branches per town and a grid per village and community of one county."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--county", required=True, help="six-digit code of the county, such as 370685")
        parser.add_argument("--institution", required=True, help="name of the bank that serves the county")
        parser.add_argument("--short-name", default="", help="how people call it")
        parser.add_argument(
            "--file", type=Path, default=SHIPPED, help="another list than the shipped one, csv in UTF-8"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as lines:
                rows, faults = divisions.read(lines, options["county"])
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise CommandError(f"{options['file']}: is not UTF-8; save it as UTF-8 csv") from None
        if faults:
            for fault in faults:
                self.stderr.write(f"row {fault.row}, {fault.column} {fault.value!r}: {fault.text}")
            raise CommandError(f"{len(faults)} faults, nothing was loaded")
        if not rows:
            raise CommandError(f"{options['file']} lists no village of county {options['county']}")
        loaded = territory.load_divisions(
            rows=rows, institution=options["institution"], short_name=options["short_name"]
        )
        figures = loaded.figures()
        self.stdout.write(
            f"{loaded.institution.name}: {loaded.branches} branches, {loaded.villages} villages, "
            f"{loaded.communities} communities; {loaded.grids_new} grids new, {loaded.grids_changed} changed"
        )
        for code in loaded.to_move:
            self.stdout.write(f"move the households of grid {code}, then close it: the list merged it into another")
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
