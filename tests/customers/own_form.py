"""A bank's own form: released with questions of its own, and filled in on a visit."""

import json
from typing import Any

from config.lib import releases
from customers.models import HouseholdFacts
from customers.services.visits import submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, submission
from tests.forms import SHIPPED
from tests.world import SINCE, World


def own_form(world: World, *questions: dict[str, Any]) -> None:
    """Release the form of a farm household with a section of a bank's own questions."""
    form = json.loads((SHIPPED / "farm_household.json").read_text("utf-8"))
    section = {"code": "own", "step": "needs", "shape": "answers", "zh": "本行问题", "en": "Our own questions"}
    form["sections"].append({**section, "fields": list(questions)})
    releases.publish(
        institution_id=world.bank.pk,
        kind="form",
        key="own_form",
        document=form,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def question(code: str, of: str, **more: Any) -> dict[str, Any]:
    """A question of a type; its code is its words."""
    return {"code": code, "type": of, "zh": code, "en": code, **more}


def choice(*codes: str) -> dict[str, Any]:
    """A question with one answer of some."""
    return question("crop", "choice", options=[{"code": code, "zh": code, "en": code} for code in codes])


def filed(world: World, home: Any, **answers: Any) -> HouseholdFacts:
    """Fill in the form on a visit by Chen and return its facts."""
    told = {**document(home), **answers}
    with acting_as(world.chen) as post:
        assert post is not None
        stored = submit_visit(
            staff=world.chen, post_id=post.pk, place=home, submission=submission(home, document=told, form="own_form")
        )
        assert stored.profile is not None
        return HouseholdFacts.objects.select_related("profile__form").get(pk=stored.profile.pk)
