"""Examine the installation; exit status 1 when something fails."""

from typing import Any

from config.lib import diagnosis
from config.lib.commands import JsonCommand

SIGNS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


class Command(JsonCommand):
    """Says of everything an installation stands on whether it is well and, if not, what to do. Changes nothing."""

    help = "Examine database, roles, guards, broker, workers, keys, disk and parameters, with what to do about each."
    requires_system_checks: list[str] = []

    def run(self, **options: Any) -> dict[str, Any]:
        answers = []
        for name, answer in diagnosis.examine():
            self.say(f"{SIGNS[answer.state]}  {name:<12} {answer.found}")
            if answer.remedy:
                self.say(f"      {'':<12} -> {answer.remedy}")
            answers.append({"name": name, "state": answer.state, "found": answer.found, "remedy": answer.remedy})
        counts = {state: sum(answer["state"] == state for answer in answers) for state in SIGNS}
        return {"counts": counts, "ok": not counts["fail"], "answers": answers}
