"""Audit plans of the demo county: one drawn and waiting to be inspected, one still to be drawn."""

from datetime import datetime
from decimal import Decimal

from config.lib import releases
from reporting.demo.changes import in_person
from reporting.demo.organisation import Organisation
from reporting.domain.quarters import Quarter
from reporting.services import samples


def plan_and_draw(organisation: Organisation, moment: datetime) -> int:
    """Plan twice under the auditor's own rights and draw the first; returns how many files the sample has."""
    auditor = organisation.auditors[0]
    quarter = str(Quarter.containing(moment.date()))
    first, second = organisation.branches[:2], organisation.branches[2:4]
    with in_person(auditor, moment) as post:
        rules = releases.in_force(organisation.bank.pk, "audit_rules", moment.date())
        plans = [
            samples.make_plan(
                staff=auditor,
                post=post,
                title=f"{quarter} {branches[0].name}等档案抽查",
                quarter=quarter,
                branches=[branch.pk for branch in branches],
                confidence_pct=Decimal(95),
                tolerable_pct=Decimal(10),
                expected_pct=Decimal(1),
                auditors=organisation.auditors,
                rules=rules,
            )
            for branches in (first, second)
        ]
        return int(samples.draw(staff=auditor, post=post, plan=plans[0], seed=f"demo-{quarter}").sample_size or 0)
