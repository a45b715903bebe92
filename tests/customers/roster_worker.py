"""A worker's process on a database of its own, for the test that restarts it: ``python -m tests.customers.roster_worker STEP [RUN]``.

``found`` builds the world with an import that waits to be written and says its run; ``slow`` works on a run and waits in the middle
of its transaction for a word on standard input; ``told`` says what is on file; ``drive`` works on a run and says the same.
"""

import json
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BATCH = 150


def waiting_import(people: int) -> Any:
    """Build the world with a confirmed import of made-up people into Liu Village, which is not written yet."""
    from customers.services import roster
    from tests import rosterfiles
    from tests import world as world_module
    from tests.customers import rosters

    world = world_module.build()
    village = rosterfiles.synthetic_village(0)
    world.liu.division_code, world.liu.name = village.code, village.name
    world.liu.save()
    uploaded = rosters.upload(world, list(rosterfiles.people(people, grids=1)))
    roster.confirm(staff=world.gao, post_id=None, roster=uploaded)
    return uploaded


def on_file() -> dict[str, Any]:
    """Count what is on file, and say how run and import stand."""
    from config.lib.models import JobRun
    from customers.models import Household, Person, PersonToken, RosterImport, Subject

    return {
        "subjects": Subject.objects.count(),
        "households": Household.objects.count(),
        "headless": Household.objects.filter(head__isnull=True).count(),
        "people": Person.objects.count(),
        "with_tokens": PersonToken.objects.values("person_id").distinct().count(),
        "state": RosterImport.objects.get().state,
        "run": JobRun.objects.get(kind="write_roster").state,
    }


def wait_in_the_middle() -> None:
    """Make the writer say so after its second batch, and wait."""
    from customers.services.roster_writer import Writer

    send, sent = Writer.send, 0

    def waiting(self: Writer, rows: Any) -> None:
        nonlocal sent
        send(self, rows)
        sent += 1
        if sent == 2:
            _say("in the middle")
            sys.stdin.readline()

    Writer.send = waiting  # type: ignore[method-assign]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(step: str, number: int) -> None:
    """Take one step."""
    from config.lib import jobs

    if step == "found":
        _say(json.dumps({"run": waiting_import(number).run_id}))
        return
    if step == "slow":
        wait_in_the_middle()
    if step in ("slow", "drive"):
        jobs.drive_run(number)
    if step in ("told", "drive"):
        _say(json.dumps(on_file()))


if __name__ == "__main__":
    import django

    django.setup()
    from customers.domain.roster import delimited

    delimited.CHUNK_ROWS = BATCH  # type: ignore[misc]
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
