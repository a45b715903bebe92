"""``compute_lines``: compute the model lines of a village, a branch or the whole institution, and publish them."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from config.lib import jobs
from config.lib.acting import job_frame
from config.lib.clock import SHANGHAI
from config.lib.commands import JsonCommand
from config.lib.models import JobRun
from credit.models import LineRun
from credit.services.lines import publish_run, start_line_run
from grids.access import PostKind, Staff, posts_of
from grids.selectors import institutions
from grids.services import Refused


class Command(JsonCommand):
    """Works in this process unless ``--background``; running beside workers is safe, each chunk is done once."""

    help = "Compute model lines: compute_lines [--model s1] [--branch NAME | --grid CODE] [--publish --as STAFF]"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--institution", default="", help="name of the bank; needed when there are several")
        parser.add_argument("--model", default="s1", help="key of the released model (default s1)")
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--branch", default="", help="name of a branch: it and what lies below")
        place.add_argument("--grid", default="", help="division code of one village")
        parser.add_argument(
            "--as-of", default="", help="instant of the inputs, ISO; without a zone it is Shanghai time"
        )
        parser.add_argument("--asked-by", default="", help="employee number of who asks; without it the console asks")
        parser.add_argument("--publish", action="store_true", help="publish the finished run; needs --as")
        parser.add_argument("--as", dest="publisher", default="", help="employee number of the approver who publishes")
        parser.add_argument("--background", action="store_true", help="leave the work to the workers")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["publish"] and (not options["publisher"] or options["background"]):
            raise CommandError("--publish needs --as STAFF and the work done here, without --background")
        try:
            bank = institutions.only_institution(options["institution"])
            asked_by = institutions.staff_numbered(bank, options["asked_by"]) if options["asked_by"] else None
            publisher = _approver(bank, options["publisher"]) if options["publish"] else None
            with job_frame(asked_by.pk if asked_by else None, "compute_lines", role="owner"):
                run = self._start(bank, asked_by, options)
        except institutions.NotFound as missing:
            raise CommandError(str(missing)) from None
        if options["background"]:
            self.say(f"run {run.run_id}: left to the workers")
            return {"run": run.run_id, "line_run": run.pk, "state": "queued"}
        jobs.drive_run(run.run_id)
        return self._told(LineRun.objects.select_related("run").get(pk=run.pk), publisher)

    def _start(self, bank: Any, asked_by: Staff | None, options: dict[str, Any]) -> LineRun:
        try:
            return start_line_run(
                institution=bank,
                model_key=options["model"].lower(),
                asked_by=asked_by,
                branch=institutions.branch_named(bank, options["branch"]) if options["branch"] else None,
                grid=institutions.grid_coded(bank, options["grid"]) if options["grid"] else None,
                as_of=_instant(options["as_of"]),
                send=options["background"],
            )
        except jobs.AlreadyRunning as living:
            raise CommandError(f"the same run is living: run {living.run.pk}") from None
        except Refused as refusal:
            raise CommandError(str(refusal)) from None

    def _told(self, run: LineRun, publisher: Staff | None) -> dict[str, Any]:
        if run.run.state != JobRun.State.DONE:
            raise CommandError(f"run {run.run_id} is {run.run.state}: {run.run.error or 'another process works on it'}")
        if publisher is not None:
            try:
                with job_frame(publisher.pk, "compute_lines", role="owner"):
                    run = publish_run(run=run, staff=publisher)
            except Refused as refusal:
                raise CommandError(str(refusal)) from None
        figures = {name: run.figures[name] for name in ("households", "filed", "with_line", "zero", "incomplete", "unfiled", "total")}  # fmt: skip
        self.say(
            f"run {run.run_id}: {figures['households']} households, {figures['with_line']} lines, {figures['zero']} of 0, "
            f"{figures['incomplete']} with missing facts, {figures['unfiled']} without a checked file; "
            f"{figures['total']} yuan in all; {'published' if run.published_at else 'not published'}"
        )
        return {
            "run": run.run_id,
            "line_run": run.pk,
            "state": run.run.state,
            "published": run.published_at is not None,
            **figures,
        }


def _approver(bank: Any, number: str) -> Staff:
    staff = institutions.staff_numbered(bank, number)
    if not any(post.kind == PostKind.APPROVER and post.is_whole for post in posts_of(staff)):
        raise CommandError(f"{number} is no approver of the whole bank today")
    return staff


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no instant: write 2026-11-21T18:00") from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
