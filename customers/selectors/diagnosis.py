"""What customers need to work: notice, form, reasons of the lists, thresholds of sudden changes, quotas."""

from collections.abc import Iterator

from config.lib.diagnosis import Answer, in_force, question
from customers.selectors.consents import NOTICE
from customers.selectors.forms import FIRST_EDITION


@question("parameters of customers")
def _parameters() -> Iterator[Answer]:
    yield from in_force([(NOTICE, ""), ("list_reasons", ""), ("change_guard", ""), ("form", FIRST_EDITION)])
    yield from in_force([("visit_quotas", ""), ("visit_rules", ""), ("day_plan", "")], "warn")
