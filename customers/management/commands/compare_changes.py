"""Compare the newest revision of every file again and raise the flags that are missing, as the scheduler does at night."""

from typing import Any

from config.lib.acting import job_frame
from config.lib.commands import JsonCommand
from customers.services import guard


class Command(JsonCommand):
    """Raises what is missing; what does not agree is told and left as it was found."""

    help = "Compare all files for sudden changes and raise missing flags"

    def run(self, **options: Any) -> dict[str, Any]:
        with job_frame(None, "compare_changes"):
            found = guard.compare_institutions()
        for institution_id, drift in found.items():
            self.say(
                f"institution {institution_id}: {drift.expected} sudden changes, {len(drift.missing)} raised now, "
                f"{len(drift.differing)} differing, {len(drift.surplus)} no rule asks for"
            )
        return {
            "institutions": [
                {
                    "id": institution_id,
                    "expected": drift.expected,
                    "raised": len(drift.missing),
                    "differing": drift.differing,
                    "surplus": drift.surplus,
                }
                for institution_id, drift in found.items()
            ]
        }
