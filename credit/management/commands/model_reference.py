"""``model_reference``: write the reference page of the model language, and the published schema, anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from config.lib.commands import JsonCommand
from credit.domain.model.reference import PAGE, reference_text, write_reference
from credit.domain.model.schema import SCHEMA_FILE, schema_text, write_schema


class Command(JsonCommand):
    """Both are made from the declarations that read a document, so that they cannot say anything else."""

    help = "Write docs/models.md and the schema of credit models; --check only compares them"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["check"]:
            stale = [
                path.name
                for path, text in ((PAGE, reference_text()), (SCHEMA_FILE, schema_text()))
                if not path.exists() or path.read_text(encoding="utf-8") != text
            ]
            if stale:
                raise CommandError(f"stale: {', '.join(stale)}; run manage.py model_reference")
            return {"stale": []}
        write_schema()
        return {"written": [SCHEMA_FILE.name, write_reference().name]}
