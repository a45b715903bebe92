"""``draw_sample``: draw the sample of a plan, or draw it again and say whether it comes out the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from config.lib.acting import transaction_frame
from config.lib.commands import JsonCommand
from grids.access import Post, PostKind, Staff, act_as, posts_of
from grids.services import Refused
from reporting.models import SamplePlan
from reporting.selectors import samples
from reporting.services.samples import draw


class Command(JsonCommand):
    """Draws as an auditor, under his rights alone: who planned it, unless another is named."""

    help = "Draw a planned audit sample: draw_sample --plan NUMBER [--seed SEED] [--as STAFF]. A drawn one is repeated and compared."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", type=int, required=True, help="number of the plan")
        parser.add_argument("--seed", default="", help="letters, digits, dots, dashes; random when left out")
        parser.add_argument("--institution", default="", help="short name of the bank, where there are several")
        parser.add_argument("--as", dest="staff", default="", help="employee number of the auditor who draws")

    def run(self, **options: Any) -> dict[str, Any]:
        plan = self._plan(options["plan"], options["institution"])
        staff, post = self._auditor(plan, options["staff"])
        with transaction_frame():
            act_as(staff, post, "draw_sample")
            return self._drawn(plan, staff, post, options["seed"])

    def _drawn(self, plan: SamplePlan, staff: Staff, post: Post, seed: str) -> dict[str, Any]:
        is_new = plan.state == SamplePlan.State.PLANNED
        if is_new:
            try:
                plan = draw(staff=staff, post=post, plan=plan, seed=seed, from_console=True)
            except Refused as refusal:
                raise CommandError(str(refusal)) from None
        elif seed and seed != plan.seed:
            raise CommandError(
                f"plan {plan.number} was drawn with another seed; a new draw needs a new plan with its reason"
            )
        again = samples.repeat(plan)
        self.say(f"plan {plan.number}: population {plan.population_size}, sha256 {plan.population_hash}")
        self.say(f"seed {plan.seed}: {plan.sample_size} drawn, up to {plan.acceptance_number} deviations accepted")
        self.say("drawn again from the frozen population: " + ("identical" if again.is_identical else "DIFFERENT"))
        return {
            "ok": again.is_identical,
            "plan": plan.number,
            "is_new": is_new,
            "population": plan.population_size,
            "population_hash": plan.population_hash,
            "excluded": plan.excluded,
            "seed": plan.seed,
            "method": plan.method,
            "sample": plan.sample_size,
            "acceptance_number": plan.acceptance_number,
            "quotas": dict(again.quotas),
            "drawn": list(again.drawn),
            "identical": again.is_identical,
        }

    def _plan(self, number: int, institution: str) -> SamplePlan:
        found = SamplePlan.objects.filter(number=number)
        if institution:
            found = found.filter(institution__short_name=institution)
        plans = list(found.select_related("institution", "planned_by")[:2])
        if not plans:
            raise CommandError(f"there is no plan {number}")
        if len(plans) > 1:
            raise CommandError(f"several banks have a plan {number}; say which with --institution")
        return plans[0]

    def _auditor(self, plan: SamplePlan, number: str) -> tuple[Staff, Post]:
        staff = plan.planned_by
        if number:
            named = Staff.objects.filter(number=number, institution_id=plan.institution_id, is_active=True).first()
            if named is None:
                raise CommandError(f"no active member of staff has number {number}")
            staff = named
        post = posts_of(staff).filter(kind=PostKind.AUDITOR, branch__isnull=True).first()
        if post is None or not staff.is_active:
            raise CommandError(f"{staff.number} is no auditor of the whole bank today; name one with --as")
        return staff, post
