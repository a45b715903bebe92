"""Checked files and released models for the tests of lines: written directly, without a form in between."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from config.lib import clock, releases
from credit.models import LineRun
from credit.services.lines import start_line_run
from customers.domain import economics
from customers.domain.form import read
from customers.models import Household, Profile, ProfileCheck, Visit
from customers.services.facts import keep_facts
from grids.models import Staff
from tests.customers.builders import document, make_household
from tests.forms import FARM
from tests.world import SINCE, World

BASES = {
    "base_assets": "200000.00",
    "base_net_assets": "150000.00",
    "base_realisable": "80000.00",
    "base_income": "40000.00",
}
# The document of tests.customers.builders under these bases: grade two by 78 points; 2,700 from property, 13,440 from
# income, 1,000 from shares and 3,000 from three people able to work.
USUAL_LINE = "20140.00"


def _shipped(name: str) -> Any:
    """The document of the one parameter in a shipped file."""
    (entry,) = json.loads((Path(settings.BASE_DIR) / "credit" / "parameters" / name).read_text("utf-8"))
    return entry["document"]


def release_models(world: World, bases: dict[str, str] | None = None, *, notice: bool = True) -> None:
    """Release schemes S1 and S6, the county's bases and the notice of explanations, signed by two."""
    schemes = Path(settings.BASE_DIR) / "credit" / "schemes"
    documents = [
        ("credit_model", "s1", json.loads((schemes / "s1_hunan.json").read_text("utf-8"))),
        ("credit_model", "s6", json.loads((schemes / "s6_grade_asset_income.json").read_text("utf-8"))),
        ("county_bases", world.bank.county_code, bases or BASES),
        ("line_notice", "", _shipped("lines.json")),
    ]
    for kind, key, content in documents if notice else documents[:-1]:
        releases.publish(
            institution_id=world.bank.pk,
            kind=kind,
            key=key,
            document=content,
            effective_on=SINCE,
            drafted_by_id=world.mo.pk,
            released_by_id=world.ning.pk,
        )


def canonical(home: Household, **changes: Any) -> dict[str, Any]:
    """The canonical document of a household with some sections changed; a section of None is left out."""
    typed = {name: value for name, value in document(home, **changes).items() if value is not None}
    clean, problems = read(FARM, typed, today=clock.today())
    assert not [problem for problem in problems if problem.level == "error"], problems
    return clean


def file(
    home: Household, collector: Staff, checker: Staff | None, *, verdict: str = "accepted", days_ago: float = 1, **changes: Any
) -> Profile:  # fmt: skip
    """Write a revision, checked ``days_ago`` days ago unless ``checker`` is None."""
    clean = canonical(home, **changes)
    at = clock.now() - timedelta(days=days_ago)
    place = {"institution": home.institution, "grid": home.grid, "recorded_grid": home.grid, "subject_id": home.pk}
    visit = Visit.objects.create(
        **place,
        client_uuid=uuid4(),
        content_hash="",
        lead=collector,
        outcome="interviewed",
        device_at=at - timedelta(days=1),
        received_at=at - timedelta(days=1),
    )
    profile = Profile.objects.create(
        **place,
        visit=visit,
        number=Profile.objects.filter(subject_id=home.pk).count() + 1,
        document=clean,
        document_hash=economics.digest(clean),
        collector=collector,
        submitted_at=visit.received_at,
    )
    keep_facts(profile, None)
    if checker is not None:
        ProfileCheck.objects.create(**place, profile=profile, checker=checker, verdict=verdict, checked_at=at)
    return profile


def village(world: World, count: int) -> list[Household]:
    """Households of Liu Village, each with an accepted file; assets grow with the number."""
    homes = [make_household(world.liu, f"{number:04d}") for number in range(1, count + 1)]
    for number, home in enumerate(homes):
        current = 150_000 + 10_000 * number
        file(home, world.chen, world.deng, assets=[{"kind": "house", "current": str(current), "disposable": "60000"}])
    return homes


def started(world: World, **wanted: Any) -> LineRun:
    """Start a run of S1 without sending it to a worker."""
    return start_line_run(
        **{"institution": world.bank, "model_key": "s1", "asked_by": world.jiang, "send": False, **wanted}
    )
