"""The thresholds of the tests, and files whose figures jump."""

from datetime import date
from io import BytesIO
from typing import Any

from PIL import Image

from config.lib import releases
from config.lib.acting import job_frame
from config.lib.models import Release
from customers import access
from customers.models import ChangeFlag, Household, Profile
from customers.services import guard
from customers.services.checks import check_profile
from customers.services.visits import Stored, submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, submission
from tests.world import SINCE, World

LIMITS: dict[str, Any] = {
    "window_days": 180,
    "due_working_days": 5,
    "figures": {
        name: {"percent": "30", "floor": "5000"} for name in ("assets", "liabilities", "net_income", "expenses")
    },
}


def release_guard(world: World, on: date = SINCE, **changes: Any) -> Release:
    """Release thresholds, signed by two."""
    return releases.publish(
        institution_id=world.bank.pk,
        kind="change_guard",
        document=LIMITS | changes,
        effective_on=on,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def house(current: int) -> list[dict[str, str]]:
    """The assets of a file: one house."""
    return [{"kind": "house", "quantity": "1", "current": str(current), "disposable": "60000"}]


def filed(world: World, home: Household, by: Any = None, **changes: Any) -> Stored:
    """Chen submits a revision; changes are of its document."""
    staff = by or world.chen
    first = not Profile.objects.filter(subject_id=home.pk).exists()
    sent = submission(home, consent="spoken" if first else "standing", document=document(home, **changes))
    # Deng covers no grid: he is written for as a job would.
    with job_frame(staff.pk, "test") if by else acting_as(staff):
        return submit_visit(staff=staff, post_id=None, place=home, submission=sent)


def accepted(world: World, home: Household, by: Any = None) -> None:
    """Deng accepts the newest revision."""
    staff = by or world.deng
    with acting_as(staff):
        profile = access.open_check(home.pk)
        check_profile(staff=staff, post_id=None, profile=profile, verdict="accepted", remarks=[])


def picture() -> bytes:
    """A photo."""
    block = BytesIO()
    Image.new("RGB", (8, 8)).save(block, "JPEG")
    return block.getvalue()


def prove(world: World, home: Household, *figures: str) -> None:
    """Chen adds a photo as proof."""
    with acting_as(world.chen):
        profile = Profile.objects.filter(subject_id=home.pk).order_by("number").reverse()[0]
        guard.add_proof(
            staff=world.chen, post_id=None, profile=profile, figures=figures, content=picture(), name="a.jpg"
        )


def settle(staff: Any, home: Household, outcome: str = "confirmed", answer: str = "") -> list[ChangeFlag]:
    """Settle the changes of the newest revision as the page does."""
    with acting_as(staff) as post:
        assert post is not None
        profile = access.open_changes(post, home.pk)
        return guard.settle(staff=staff, post_id=post.pk, profile=profile, outcome=outcome, answer=answer)


def jumped(world: World, home: Household) -> Profile:
    """A file that was trusted at 150,000 yuan of assets and says 300,000 now."""
    filed(world, home)
    accepted(world, home)
    stored = filed(world, home, assets=house(300000))
    assert stored.profile is not None
    return stored.profile
