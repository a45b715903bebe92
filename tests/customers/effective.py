"""Effective visits of the tests: the shipped rules, released by two."""

import json
from pathlib import Path
from typing import Any

from config.lib import releases
from config.lib.models import Release
from customers.domain.effective import KIND
from tests.world import SINCE, World


def release_rules(world: World, **site: Any) -> Release:
    """Release the shipped rules; ``site`` changes what is asked at the door."""
    shipped = json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
    document = next(one["document"] for one in shipped if one["kind"] == KIND)
    return releases.publish(
        institution_id=world.bank.pk,
        kind=KIND,
        document=document | {"site": document["site"] | site},
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
