"""Release a file of parameter documents, signed by two members of staff."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from config.lib import clock, releases
from config.lib.acting import job_frame
from config.lib.commands import JsonCommand


class Command(JsonCommand):
    """The file is a list of objects with kind, key, note, effective_on and document (or ``file``: a path beside it)."""

    help = "Release parameter documents: release_parameters FILE --drafted-by NUMBER --released-by NUMBER"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--drafted-by", required=True, help="employee number of who drafted")
        parser.add_argument("--released-by", required=True, help="employee number of who releases; another person")

    def run(self, **options: Any) -> dict[str, Any]:
        people = []
        for number in (options["drafted_by"], options["released_by"]):
            staff = get_user_model().objects.filter(number=number, is_active=True).first()
            if staff is None:
                raise CommandError(f"no active member of staff has number {number}")
            people.append(staff)
        drafter, releaser = people
        if drafter == releaser:
            raise CommandError("a release needs two people: drafter and releaser are the same")
        if drafter.institution_id != releaser.institution_id:
            raise CommandError("drafter and releaser belong to different institutions")
        released = []
        with job_frame(releaser.pk, "release_parameters", role="owner"):
            for entry in self._entries(options["file"]):
                release = releases.publish(
                    institution_id=drafter.institution_id,
                    kind=entry["kind"],
                    key=entry.get("key", ""),
                    document=entry["document"],
                    effective_on=date.fromisoformat(entry["effective_on"])
                    if entry.get("effective_on")
                    else clock.today(),
                    drafted_by_id=drafter.pk,
                    released_by_id=releaser.pk,
                    note=entry.get("note", ""),
                )
                released.append(str(release))
                self.say(f"{release}: in force from {release.effective_on}, sha256 {release.sha256[:12]}")
        return {"released": released}

    def _entries(self, path: Path) -> list[dict[str, Any]]:
        try:
            entries = json.loads(path.read_text("utf-8"))
            for entry in entries:
                if "document" not in entry:
                    entry["document"] = json.loads((path.parent / entry["file"]).read_text("utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{path}: {error}") from error
        return list(entries)
