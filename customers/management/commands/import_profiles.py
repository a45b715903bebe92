"""``import_profiles``: check a file of visits, and write it once two people stand behind it."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from config.lib.acting import job_frame
from config.lib.commands import JsonCommand
from config.lib.files import FileRefused
from customers.selectors.forms import Edition, editions_of
from customers.services import profile_files as service
from grids.access import Branch, PostKind, Staff, posts_of
from grids.selectors import institutions

MOST_TOLD = 1000
HANDLING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


class Command(JsonCommand):
    """One uploads, a branch manager confirms. Outside production the console may stand for the second; the file says so for ever."""

    help = "Import visits with their files (xlsx or zip of csv): import_profiles FILE --as STAFF [--dry-run] [--confirmed-by STAFF]"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--as", dest="staff", required=True, help="employee number of who uploads")
        parser.add_argument("--confirmed-by", default="", help="employee number of the branch manager who confirms")
        parser.add_argument("--form", default="farm_household", help="key of the form")
        parser.add_argument("--dry-run", action="store_true", help="check only; nothing is left behind")
        parser.add_argument("--institution", default="", help="name of the bank; needed when there are several")

    def run(self, **options: Any) -> dict[str, Any]:
        path: Path = options["file"]
        try:
            bank = institutions.only_institution(options["institution"])
            uploader = institutions.staff_numbered(bank, options["staff"])
            confirmer = institutions.staff_numbered(bank, options["confirmed_by"]) if options["confirmed_by"] else None
        except institutions.NotFound as missing:
            raise CommandError(str(missing)) from None
        branch = _branch(uploader)
        if confirmer is not None and (confirmer == uploader or not _manages(confirmer, branch)):
            raise CommandError("who confirms is another person, and a manager of the branch today")
        if settings.PRODUCTION and confirmer is None and not options["dry_run"]:
            raise CommandError("in production --confirmed-by names the second person")
        edition = next((one for one in editions_of(bank.pk) if one.key == options["form"]), None)
        if edition is None:
            raise CommandError(f"no form called {options['form']} is in force")
        try:
            with path.open("rb") as content:
                return self._done(path.name, content, uploader, confirmer, branch, edition, options)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        except FileRefused as refused:
            raise CommandError(str(refused)) from None
        except service.ProfileFileError as refused:
            raise CommandError(f"refused: {refused.code}") from None

    def _done(
        self,
        name: str,
        content: Any,
        uploader: Staff,
        confirmer: Staff | None,
        branch: Branch,
        edition: Edition,
        options: dict[str, Any],
    ) -> dict[str, Any]:
        if options["dry_run"]:
            with job_frame(uploader.pk, "import_profiles", role="owner"):
                checked = service.check(branch=branch, edition=edition, content=content, uploader=uploader)
            problems = [asdict(one) for one in checked.problems]
            return self._told(len(checked.subjects), problems, written=0, repeated=0, refused=[])
        with job_frame(uploader.pk, "import_profiles", role="owner"), transaction.atomic():
            file = service.upload(
                staff=uploader, post_id=None, branch=branch, edition=edition, content=content, name=name
            )
            if file.state == service.State.WAITING:
                file = service.write_now(staff=confirmer or uploader, file=file, from_console=confirmer is None)
        return self._told(
            file.subjects, file.problems, written=file.written, repeated=file.repeated, refused=file.refused
        )

    def _told(
        self,
        subjects: int,
        problems: list[dict[str, Any]],
        *,
        written: int,
        repeated: int,
        refused: list[dict[str, Any]],
    ) -> dict[str, Any]:
        for one in [*problems, *refused][:MOST_TOLD]:
            self.say(f"{one['sheet'] or 'file'} row {one['row']} {one['column']} {one['value']}: {one['en']}")
        self.say(f"{subjects} rows: {written} written, {repeated} there already, {len(problems)} errors")
        return {
            "ok": not problems and not refused,
            "subjects": subjects,
            "written": written,
            "repeated": repeated,
            "errors": len(problems),
            "refused": len(refused),
            "findings": [*problems, *refused][:MOST_TOLD],
        }


def _branch(staff: Staff) -> Branch:
    posts = [post for post in posts_of(staff) if post.kind in HANDLING]
    branch = next((post.branch or staff.home_branch for post in posts if post.branch or staff.home_branch), None)
    if branch is None:
        raise CommandError(f"{staff.number} is neither officer nor branch manager today")
    return branch


def _manages(staff: Staff, branch: Branch) -> bool:
    return any(
        post.kind == PostKind.BRANCH_MANAGER
        and (own := post.branch or staff.home_branch) is not None
        and branch.path.startswith(own.path)
        for post in posts_of(staff)
    )
