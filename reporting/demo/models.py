"""The laboratory of models in the demo: one frozen population of the county, a variant of S1 as a draft, its first trial and the check of its directions."""

import copy
from datetime import datetime, timedelta
from decimal import Decimal

from config.lib import jobs
from config.lib.parameters import drafts
from config.lib.parameters.kinds import find
from credit.models import Population
from credit.selectors.comparing import Side
from credit.selectors.laboratory import Text, counties, released_parameters
from credit.services.directions import ask
from credit.services.populations import freeze
from credit.services.trials import try_out
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at


def try_a_variant(people: Organisation, now: datetime) -> int:
    """Freeze the county, draft a milder income band of S1 and try it; returns how many households were frozen."""
    first, _second = people.parameter_managers
    with clock_at(now - timedelta(hours=5)), acting(first) as post:
        population = freeze(institution=people.bank, name="全县有效档案", asked_by=first, post_id=post.pk, send=False)
    with clock_at(now - timedelta(hours=5)):
        jobs.drive_run(population.run_id)
    population = Population.objects.get(pk=population.pk)
    kind = find("credit_model")
    if kind is None or not population.households:
        return population.households
    with clock_at(now - timedelta(hours=4)), acting(first) as post:
        draft = drafts.begin(by=first, post_id=post.pk, kind=kind, key="s1")
        document = copy.deepcopy(draft.document)
        income = next(one for one in document["scorecard"]["items"] if one["name"] == "income_points")
        income["bands"]["rows"][2]["value"] = "10"
        draft = drafts.save(
            by=first, post_id=post.pk, draft=draft, document=document,
            note="收入在基数附近的户由 9 分提到 10 分，先试算", effective_on=None, seen=1,
        )  # fmt: skip
        before, after = Text(draft.base), Text(draft)  # type: ignore[arg-type]
        if before.model is None or after.model is None:
            return population.households
        bases = counties(people.bank.pk).get(people.bank.county_code, {})
        values: dict[str, Decimal] = released_parameters(after.model, bases)
        trial = try_out(
            population=population,
            before=Side(before, before.model, values),
            after=Side(after, after.model, values),
            staff=first,
            post_id=post.pk,
        )
        check = ask(trial=trial, staff=first, post_id=post.pk, send=False)
    with clock_at(now - timedelta(hours=4)):
        jobs.drive_run(check.run_id)
    return population.households
