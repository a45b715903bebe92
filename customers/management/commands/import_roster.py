"""``import_roster``: check a roster file, and import it once two people stand behind it."""

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
from customers.domain.roster.problems import Problem
from customers.domain.roster.words import describe
from customers.models import RosterImport
from customers.selectors.roster import header_of
from customers.services import roster as service
from grids.access import Branch, Post, PostKind, Staff, posts_of
from grids.selectors import institutions

MOST_TOLD = 1000
State = RosterImport.State


class Command(JsonCommand):
    """One uploads, another confirms. Outside production the console may stand for both; the import says so for ever."""

    help = "Import a roster (xlsx or csv): import_roster FILE [--dry-run] [--as STAFF --confirmed-by STAFF]"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check only; nothing is left behind")
        parser.add_argument("--as", dest="staff", default="", help="employee number of who uploads")
        parser.add_argument("--confirmed-by", default="", help="employee number of the branch manager who confirms")
        parser.add_argument("--institution", default="", help="name of the bank; needed when there are several")
        parser.add_argument("--branch", default="", help="name of the branch; the head office when left out")
        parser.add_argument(
            "--kind",
            default=RosterImport.Source.HOUSEHOLD_REGISTER,
            choices=RosterImport.Source.values,
            help="what list it is; it decides whether households, businesses or units are read",
        )
        parser.add_argument("--source", default="", help="who gave the list")
        parser.add_argument("--obtained-on", default="", help="when, as 2026-11-21; today when left out")
        parser.add_argument("--legal-basis", default="", help="on what ground it may be used")

    def run(self, **options: Any) -> dict[str, Any]:
        path: Path = options["file"]
        try:
            bank = institutions.only_institution(options["institution"])
            branch = institutions.branch_named(bank, options["branch"]) if options["branch"] else _head_office(bank)
            uploader, confirmer = self._people(bank, branch, options)
        except institutions.NotFound as missing:
            raise CommandError(str(missing)) from None
        try:
            with path.open("rb") as content:
                if options["dry_run"]:
                    with (
                        job_frame(None, "import_roster", role="owner"),
                        service.tried(
                            branch=branch,
                            content=content,
                            name=path.name,
                            staff=uploader,
                            source_kind=options["kind"],
                        ) as tried,
                    ):
                        return self._told(tried, written=False)
                return self._imported(branch, content, path.name, uploader, confirmer, options)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        except FileRefused as refused:
            raise CommandError(str(refused)) from None
        except service.RosterRefusedError as refused:
            raise CommandError(_sentence(refused)) from None

    def _people(self, bank: Any, branch: Branch, options: dict[str, Any]) -> tuple[Staff, Staff | None]:
        """Return who uploads and who confirms; None for the console, which may confirm outside production only."""
        named = institutions.staff_numbered(bank, options["staff"]) if options["staff"] else None
        confirmer = institutions.staff_numbered(bank, options["confirmed_by"]) if options["confirmed_by"] else None
        if settings.PRODUCTION and not options["dry_run"] and (named is None or confirmer is None):
            raise CommandError("in production --as and --confirmed-by name two people")
        if named is not None and not any(_handles(post, branch) for post in posts_of(named)):
            raise CommandError(f"{named.number} is neither officer nor manager of {branch.name} today")
        if confirmer is not None:
            if confirmer == named:
                raise CommandError("who uploads does not confirm: name two people")
            if not any(_handles(post, branch) and post.kind == PostKind.BRANCH_MANAGER for post in posts_of(confirmer)):
                raise CommandError(f"{confirmer.number} is no manager of {branch.name} today")
        return named or _administrator(bank), confirmer

    def _imported(
        self, branch: Branch, content: Any, name: str, uploader: Staff, confirmer: Staff | None, options: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            obtained_on = date.fromisoformat(options["obtained_on"]) if options["obtained_on"] else clock.today()
        except ValueError:
            raise CommandError(f"{options['obtained_on']} is no day: write 2026-11-21") from None
        with job_frame(uploader.pk, "import_roster", role="owner"):
            done = service.import_now(
                branch=branch,
                content=content,
                name=name,
                source=options["source"] or "console",
                obtained_on=obtained_on,
                legal_basis=options["legal_basis"],
                source_kind=options["kind"],
                staff=uploader,
                confirmed_by=confirmer or uploader,
                from_console=confirmer is None,
            )
        return self._told(done, written=done.state == State.WRITTEN)

    def _told(self, done: RosterImport, *, written: bool) -> dict[str, Any]:
        summary = done.summary
        errors, warnings = summary.get("errors", {}), summary.get("warnings", {})
        header = header_of(done)
        findings = []
        for row in done.problems.order_by("-is_error", "row", "pk")[:MOST_TOLD]:
            problem = Problem(row.row, row.column, row.code, row.value, row.is_error, row.detail.get("also", ""))
            words = describe(problem, header, "en")
            findings.append(
                {"row": row.row, "column": row.column, "code": row.code, "value": row.value, "is_error": row.is_error,
                 "what": words.what, "remedy": words.remedy}
            )  # fmt: skip
            if row.is_error:
                self.say(f"{words.where or 'file'}: {words.what}. {words.remedy}")
        totals = summary.get("totals", {})
        if done.lists != "household":
            self.say(
                f"{summary.get('rows', 0)} rows, {summary.get('households', 0)} in grids, {summary.get('unplaced', 0)} in none; "
                f"{'written' if written else 'not written'}: {totals.get('new', 0)} new, {totals.get('changed', 0)} changed"
            )
            return self._result(done, written=written, findings=findings)
        self.say(
            f"{summary.get('rows', 0)} rows, {summary.get('households', 0)} households, {summary.get('people', 0)} people; "
            f"{sum(errors.values())} errors, {sum(warnings.values())} warnings"
        )
        self.say(
            f"{'written' if written else 'not written'}: {totals.get('new', 0)} households and {totals.get('people_new', 0)} "
            f"people new, {totals.get('people_changed', 0)} people changed, {totals.get('moves', 0)} filed elsewhere"
        )
        return self._result(done, written=written, findings=findings)

    @staticmethod
    def _result(done: RosterImport, *, written: bool, findings: list[dict[str, Any]]) -> dict[str, Any]:
        summary = done.summary
        errors, warnings = summary.get("errors", {}), summary.get("warnings", {})
        is_sound = not errors and done.state in (State.CHECKED, State.WRITTEN)
        return {
            "ok": is_sound,
            "roster": done.pk if written else None,
            "written": written,
            "rows": summary.get("rows", 0),
            "households": summary.get("households", 0),
            "unplaced": summary.get("unplaced", 0),
            "people": summary.get("people", 0),
            "errors": errors,
            "warnings": warnings,
            "totals": summary.get("totals", {}),
            "confirmed_from_console": done.confirmed_from_console,
            "findings": findings,
        }


def _handles(post: Post, branch: Branch) -> bool:
    own = post.branch or post.staff.home_branch
    return (
        post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
        and own is not None
        and branch.path.startswith(own.path)
    )


def _head_office(bank: Any) -> Branch:
    found = Branch.objects.filter(institution=bank, parent__isnull=True).order_by("pk").first()
    if found is None:
        raise institutions.NotFound(f"{bank.name} has no branch yet")
    return found


def _administrator(bank: Any) -> Staff:
    """Return whom the console stands for where nobody is named."""
    found = (
        Staff.objects.filter(institution=bank, is_active=True, posts__kind=PostKind.ADMINISTRATOR)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise institutions.NotFound(f"{bank.name} has no administrator: name who uploads with --as")
    return found


def _sentence(refused: service.RosterRefusedError) -> str:
    return {
        "same_file": f"the same file is under way as import {refused.roster.pk}",
        "nothing": "there is nobody in the file who can be imported",
        "errors": "the file has errors",
    }.get(refused.code, f"refused: {refused.code}")
