"""The released checklist and questions a round prepares with."""

import json
from pathlib import Path

from config.lib import releases
from tests.world import SINCE, World


def publish_preparing(world: World) -> None:
    """Release the shipped checklist and the questions of the village summary."""
    for kind in ("round_tasks", "village_summary"):
        releases.publish(
            institution_id=world.bank.pk,
            kind=kind,
            document=json.loads(Path(f"credit/parameters/{kind}.json").read_text("utf-8")),
            effective_on=SINCE,
            drafted_by_id=world.mo.pk,
            released_by_id=world.ning.pk,
        )
