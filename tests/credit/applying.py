"""An application made ready: released rules, a household with a borrower, a checked file, a visit and a signed consent."""

import json
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings

from config.lib import clock, files, releases
from config.lib.models import StoredFile
from credit.models import Application, Decision
from credit.services import applications, decisions
from customers.models import Consent, Household
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit.files import file, release_models
from tests.credit.village import publish_rules
from tests.customers.builders import make_household
from tests.world import SINCE, World

ASKED: dict[str, Any] = {
    "channel": "counter",
    "mode": "model",
    "purpose": "planting",
    "amount": Decimal(100_000),
    "months": 24,
}


def release_rules(world: World, **changes: Any) -> None:
    """Release models, rules of lines, and the shipped rules of applications with some parts changed."""
    release_models(world)
    publish_rules(world)
    (entry,) = json.loads((Path(settings.BASE_DIR) / "credit" / "parameters" / "applications.json").read_text("utf-8"))
    releases.publish(
        institution_id=world.bank.pk,
        kind="application_rules",
        document=entry["document"] | changes,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def household(world: World, number: str = "A001", **kept: Any) -> Household:
    """A household whose head borrows, filed, visited and agreed to a credit query."""
    home = make_household(world.liu, number)
    home.borrower = home.head
    home.save()
    file(home, world.chen, world.deng, **kept)
    agree(world, home)
    return home


def agree(world: World, home: Household, purpose: str = "lending") -> None:
    """The household signs that its credit may be queried."""
    at = clock.now()
    signature = files.store_sealed(
        content=BytesIO(b"signed"),
        name="signature.webp",
        kind=StoredFile.Kind.CONSENT,
        institution_id=world.bank.pk,
        stored_by_id=world.chen.pk,
        content_type="image/webp",
        grid_id=home.grid_id,
        subject_id=home.pk,
    )
    Consent.objects.create(
        institution_id=world.bank.pk, grid_id=home.grid_id, recorded_grid_id=home.grid_id, subject_id=home.pk,
        notice_version=1, scopes=["collection", "credit_query"], how="drawn", credit_purpose=purpose, signature=signature,
        given_at=at, taken_by=world.chen,
    )  # fmt: skip


def receive(world: World, home: Household, by: Staff | None = None, **changes: Any) -> Application:
    """Receive an application at the counter, by Chen unless somebody else is named."""
    person = by or world.chen
    with acting_as(person) as post:
        assert post is not None
        return applications.receive(by=person, post=post, household=home, **{**ASKED, **changes})


def act(step: Any, staff: Staff, **more: Any) -> Any:
    """Take a step as a person, under his row security."""
    with acting_as(staff) as post:
        return step(by=staff, post=post, **more)


def investigated(world: World, home: Household | None = None, **changes: Any) -> Application:
    """An application whose bounds are computed."""
    application = receive(world, home or household(world), **changes)
    act(applications.investigate, world.chen, application=application, seen=1, reason="种苹果十年，收入稳定")
    application.refresh_from_db()
    return application


def decision_of(application: Application) -> Decision:
    """The newest decision of an application."""
    return application.decisions.latest("number")


def proposed(world: World, home: Household | None = None, amount: int = 10_000, **changes: Any) -> Application:
    """An application the officer has proposed a figure for."""
    application = investigated(world, home, **changes)
    act(
        decisions.propose,
        world.chen,
        decision=decision_of(application),
        amount=Decimal(amount),
        seen=0,
        reason="建议授信",
    )
    application.refresh_from_db()
    return application


def referred(world: World, home: Household | None = None, amount: int = 10_000, **changes: Any) -> Application:
    """An application the branch has passed on to the approver."""
    application = proposed(world, home, amount, **changes)
    act(decisions.refer, world.gao, decision=decision_of(application), seen=1, reason="同意，请审定")
    application.refresh_from_db()
    return application
