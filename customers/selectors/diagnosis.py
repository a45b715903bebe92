"""What customers need to work: notice, reasons of the lists, thresholds of sudden changes, quotas."""

from collections.abc import Iterator

from config.lib.diagnosis import Answer, in_force, question
from customers.selectors.consents import NOTICE


@question("parameters of customers")
def _parameters() -> Iterator[Answer]:
    yield from in_force([(NOTICE, ""), ("list_reasons", ""), ("change_guard", "")])
    yield from in_force([("visit_quotas", ""), ("day_plan", "")], "warn")
