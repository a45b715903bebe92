"""Rows of the API: a list and a detail of every noun. Writing by the right post alone is in ``tests/api``."""

from collections.abc import Callable
from typing import Any

from grids.models import PostKind
from tests.access.matrix import ALL_POSTS, Row
from tests.api import rows
from tests.world import World

CUSTOMERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})
TERRITORY = CUSTOMERS | {PostKind.LEADER, PostKind.ADMINISTRATOR}
REPORTS = CUSTOMERS | {PostKind.LEADER}
HANDLING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
AUDITOR = frozenset({PostKind.AUDITOR})


def key(make: Callable[[World], Any]) -> Callable[[World], dict[str, Any]]:
    """Return the arguments of the detail of a row."""
    return lambda world: {"pk": make(world).pk}


ROWS = {
    "schema": Row(posts=ALL_POSTS),
    "api:branch-list": Row(posts=TERRITORY),
    "api:branch-detail": Row(posts=TERRITORY, kwargs=lambda world: {"pk": world.east.pk}),
    "api:grid-list": Row(posts=TERRITORY),
    "api:grid-detail": Row(posts=TERRITORY, kwargs=lambda world: {"pk": world.liu.pk}),
    "api:household-list": Row(posts=REPORTS),
    "api:business-list": Row(posts=REPORTS),
    "api:business-detail": Row(posts=CUSTOMERS, kwargs=key(rows.business)),
    "api:unit-list": Row(posts=REPORTS),
    "api:unit-detail": Row(posts=CUSTOMERS, kwargs=key(rows.unit)),
    "api:household-detail": Row(posts=CUSTOMERS, kwargs=key(rows.household)),
    "api:visit-list": Row(posts=REPORTS),
    "api:visit-detail": Row(posts=CUSTOMERS, kwargs=key(rows.visit)),
    "api:consent-list": Row(posts=REPORTS),
    "api:consent-detail": Row(posts=CUSTOMERS, kwargs=key(rows.consent)),
    "api:profile-list": Row(posts=REPORTS),
    "api:profile-detail": Row(posts=CUSTOMERS, kwargs=key(rows.profile)),
    "api:check-list": Row(posts=REPORTS),
    "api:check-detail": Row(posts=CUSTOMERS, kwargs=key(rows.check)),
    "api:list_entry-list": Row(posts=HANDLING | AUDITOR),
    "api:list_entry-detail": Row(posts=HANDLING | AUDITOR, kwargs=key(rows.list_entry)),
    "api:household_event-list": Row(posts=CUSTOMERS),
    "api:household_event-detail": Row(posts=CUSTOMERS, kwargs=key(rows.household_event)),
    "api:roster_import-list": Row(posts=HANDLING),
    "api:roster_import-detail": Row(posts=HANDLING, kwargs=key(rows.roster)),
    "api:roster_import-problems": Row(posts=HANDLING, kwargs=key(rows.roster)),
    "api:form-list": Row(posts=REPORTS),
    "api:form-detail": Row(posts=REPORTS, kwargs=key(rows.form)),
    "api:round-list": Row(posts=CUSTOMERS),
    "api:round-detail": Row(posts=CUSTOMERS, kwargs=key(rows.village_round)),
    "api:application-list": Row(posts=CUSTOMERS),
    "api:application-detail": Row(posts=CUSTOMERS, kwargs=key(rows.application)),
    "api:decision-list": Row(posts=CUSTOMERS),
    "api:decision-detail": Row(posts=CUSTOMERS, kwargs=key(rows.decision)),
    "api:line_result-list": Row(posts=CUSTOMERS),
    "api:line_result-detail": Row(posts=CUSTOMERS, kwargs=key(rows.line_result)),
    "api:weekly_report-list": Row(posts=REPORTS),
    "api:weekly_report-detail": Row(posts=REPORTS, kwargs=key(rows.report)),
    "api:sample_plan-list": Row(posts=AUDITOR),
    "api:sample_plan-detail": Row(posts=AUDITOR, kwargs=key(rows.plan)),
    "api:job-list": Row(posts=ALL_POSTS),
    "api:job-detail": Row(posts=frozenset({PostKind.OFFICER, PostKind.ADMINISTRATOR}), kwargs=key(rows.run)),
    "api:job-cancel": Row(
        posts=frozenset({PostKind.OFFICER, PostKind.ADMINISTRATOR}), kwargs=key(rows.run), method="post"
    ),
}
