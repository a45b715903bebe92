"""What reporting needs to work: every due week frozen, the rules of the audit."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from config.lib import clock
from config.lib.diagnosis import Answer, in_force, judged, question
from config.lib.weeks import Week, weeks_between
from reporting.selectors.progress import campaigns
from reporting.selectors.weekly import last_report, week_of


@question("scheduler")
def _scheduler() -> Iterator[Answer]:
    """The scheduler leaves one trace that matters: weeks are frozen."""
    due = Week.last_to_freeze(clock.now())
    for plan in campaigns(only_open=True):
        newest = last_report(plan.id)
        first = week_of(newest).next if newest else Week.containing(max(plan.from_on, plan.founded_on))
        waiting = [str(week) for week in weeks_between(first, due)] if first <= due else []
        yield judged(
            [_("%(bank)s：%(week)s 未冻结") % {"bank": plan.bank, "week": week} for week in waiting],
            _("%(bank)s：到期的周报都已冻结") % {"bank": plan.bank},
            _("启动定时进程（scheduler）和 worker，它会逐周补冻"),
        )


@question("parameters of audit")
def _parameters() -> Iterator[Answer]:
    yield from in_force([("audit_rules", "")])
