"""``import_core_snapshot``: check the core system's file of a day, and put it in force once two people stand behind it."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from config.lib import clock
from config.lib.acting import job_frame
from config.lib.commands import JsonCommand
from config.lib.files import FileRefused
from credit.domain import snapshotwords
from credit.models import CoreFinding, CoreSnapshot
from credit.services import snapshots as service
from credit.services.snapshots import SnapshotRefusedError
from grids.access import PostKind, Staff, posts_of
from grids.selectors import institutions

MOST_TOLD = 1000
State = CoreSnapshot.State


class Command(JsonCommand):
    """One uploads, another confirms. Outside production the console may stand for both; the snapshot says so for ever."""

    help = (
        "Import a snapshot of the core system: import_core_snapshot FILE [--dry-run] [--as STAFF --confirmed-by STAFF]"
    )

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check only; nothing is left behind")
        parser.add_argument("--as", dest="staff", default="", help="employee number of the approver who uploads")
        parser.add_argument("--confirmed-by", default="", help="employee number of the other approver, who confirms")
        parser.add_argument("--institution", default="", help="name of the bank; needed when there are several")
        parser.add_argument("--taken-on", default="", help="the day of the data, as 2026-11-21; today when left out")
        parser.add_argument("--correction", default="", help="why the day in force comes again")
        parser.add_argument("--reason", default="", help="why a large change against the snapshot before is right")

    def run(self, **options: Any) -> dict[str, Any]:
        path: Path = options["file"]
        try:
            taken_on = date.fromisoformat(options["taken_on"]) if options["taken_on"] else clock.today()
        except ValueError:
            raise CommandError(f"{options['taken_on']} is no day: write 2026-11-21") from None
        try:
            bank = institutions.only_institution(options["institution"])
            uploader, confirmer = self._people(bank, options)
        except institutions.NotFound as missing:
            raise CommandError(str(missing)) from None
        file = {"name": path.name, "taken_on": taken_on, "correction": options["correction"]}
        try:
            with path.open("rb") as content, job_frame(uploader.pk, "import_core_snapshot", role="owner"):
                if options["dry_run"]:
                    with service.tried(content=content, staff=uploader, **file) as tried:
                        return self._told(tried)
                done = service.import_now(
                    content=content,
                    staff=uploader,
                    confirmed_by=confirmer or uploader,
                    answer=options["reason"],
                    from_console=confirmer is None,
                    **file,
                )
                return self._told(done)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        except FileRefused as refused:
            raise CommandError(str(refused)) from None
        except SnapshotRefusedError as refused:
            raise CommandError(_sentence(refused)) from None

    def _people(self, bank: Any, options: dict[str, Any]) -> tuple[Staff, Staff | None]:
        """Return who uploads and who confirms; None for the console, which may confirm outside production only."""
        named = institutions.staff_numbered(bank, options["staff"]) if options["staff"] else None
        confirmer = institutions.staff_numbered(bank, options["confirmed_by"]) if options["confirmed_by"] else None
        if settings.PRODUCTION and not options["dry_run"] and (named is None or confirmer is None):
            raise CommandError("in production --as and --confirmed-by name two people")
        for person in (named, confirmer):
            if person is not None and not any(
                post.kind == PostKind.APPROVER and post.branch_id is None for post in posts_of(person)
            ):
                raise CommandError(f"{person.number} is no approver of the whole bank today")
        if confirmer is not None and confirmer == named:
            raise CommandError("who uploads does not confirm: name two people")
        uploader = named or _approver(bank, apart_from=confirmer)
        return uploader, confirmer

    def _told(self, done: CoreSnapshot) -> dict[str, Any]:
        summary = done.summary
        findings = []
        for row in CoreFinding.objects.filter(snapshot=done).order_by("level", "row", "pk")[:MOST_TOLD]:
            words = snapshotwords.describe(row.code, row.column, row.value, row.also, "en")
            findings.append(
                {"row": row.row, "column": row.column, "code": row.code, "level": row.level, "value": row.value,
                 "what": words["what"], "remedy": words["remedy"]}
            )  # fmt: skip
            if row.level == CoreFinding.Level.ERROR:
                self.say(f"row {row.row or '-'} {words['column']}: {words['what']}. {words['remedy']}")
        errors = summary.get("errors", {})
        self.say(
            f"{summary.get('rows', 0)} rows of {done.taken_on}, {summary.get('people', 0)} people on file, "
            f"{summary.get('unknown', 0)} not; {sum(errors.values())} errors; {done.get_state_display()}"
        )
        for flag in summary.get("flags", []):
            self.say(f"{flag['code']}: {flag['percent']} %, limit {flag['limit']} %")
        return {
            "ok": done.state in (State.WAITING, State.IN_FORCE),
            "snapshot": done.pk if done.state == State.IN_FORCE else None,
            "in_force": done.state == State.IN_FORCE,
            "taken_on": done.taken_on,
            "rows": summary.get("rows", 0),
            "people": summary.get("people", 0),
            "unknown": summary.get("unknown", 0),
            "kinds": summary.get("kinds", {}),
            "errors": errors,
            "warnings": summary.get("warnings", {}),
            "notices": summary.get("notices", {}),
            "changes": summary.get("changes", {}),
            "flags": summary.get("flags", []),
            "confirmed_from_console": done.settled_from_console,
            "findings": findings,
        }


def _approver(bank: Any, *, apart_from: Staff | None) -> Staff:
    """Return whom the console stands for where nobody is named."""
    found = Staff.objects.filter(
        institution=bank, is_active=True, posts__kind=PostKind.APPROVER, posts__branch__isnull=True
    ).order_by("pk")
    person = next((one for one in found if one != apart_from), None)
    if person is None:
        raise institutions.NotFound(f"{bank.name} has no other approver of the whole bank: name who uploads with --as")
    return person


def _sentence(refused: SnapshotRefusedError) -> str:
    other = refused.snapshot
    day = other.taken_on if other is not None else ""
    return {
        "not_released": "the limits core_snapshot are not released",
        "future": "the day of the data is in the future",
        "older": f"the snapshot in force is of {day}: an earlier one is not taken",
        "same_day": f"the snapshot of {day} is in force already: say why it is corrected with --correction",
        "same_file": f"the same file is there already, of {day}",
        "waiting": f"another file, of {day}, is being checked or waits for its second person",
        "answer": "it differs from the snapshot before by more than released: say why that is right with --reason",
    }.get(refused.code, f"refused: {refused.code}")
