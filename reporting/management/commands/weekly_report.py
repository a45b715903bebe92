"""Freeze the weeks that are due, as the scheduler does, or print a week."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from config.lib import clock
from config.lib.acting import job_frame
from config.lib.commands import JsonCommand
from config.lib.weeks import Week, instant_label
from reporting.domain.figures import FIGURES, Progress
from reporting.domain.report import Report
from reporting.selectors.frozen import is_intact
from reporting.selectors.progress import CampaignPlan, campaigns
from reporting.selectors.weekly import frozen, preview, stored_report
from reporting.services.weekly import freeze_due


class Command(JsonCommand):
    """Without options every due week of every campaign is frozen, the missing ones first; a week once frozen stays."""

    help = "Freeze due weeks, or print one: weekly_report [--week 2026-W46 | --preview] [--campaign ID]"

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--week", help="print this week, frozen or as a preview; freezes nothing")
        parser.add_argument("--preview", action="store_true", help="print the running week; freezes nothing")
        parser.add_argument("--campaign", type=int, help="number of one campaign; else every open one")

    def run(self, **options: Any) -> dict[str, Any]:
        plans = [plan for plan in campaigns() if options["campaign"] in (None, plan.id)]
        if not plans:
            raise CommandError("no such campaign" if options["campaign"] else "there is no campaign yet")
        with job_frame(None, "weekly_report"):
            if options["week"] or options["preview"]:
                week = self._week(options["week"])
                shown = [plan for plan in plans if plan.is_open or options["campaign"]]
                return {"reports": [self._told(plan, week) for plan in shown]}
            reports = [self._frozen(plan) for plan in plans]
        found = [one for part in reports for one in part]
        if not found:
            self.say("nothing is due")
        return {"frozen": found}

    def _week(self, code: str | None) -> Week:
        if code is None:
            return Week.containing(clock.now())
        try:
            return Week.parse(code)
        except ValueError as error:
            raise CommandError(str(error)) from None

    def _frozen(self, plan: CampaignPlan) -> list[dict[str, Any]]:
        found = []
        for report in freeze_due(campaign_id=plan.id):
            told = self._figures(frozen(report, list(report.rows.all())))
            self.say(f"{plan.bank} · {plan.name}: {told['week']} frozen {told['frozen_at']}, sha256 {report.rows_hash}")
            found.append({"campaign": plan.id, "sha256": report.rows_hash, **told})
        return found

    def _told(self, plan: CampaignPlan, week: Week) -> dict[str, Any]:
        stored = stored_report(plan.id, week)
        if stored is None:
            if week > Week.containing(clock.now()) or week < Week.containing(plan.from_on):
                raise CommandError(f"{week} is not a week of {plan.name} so far")
            report = preview(plan, week, by_worker=True)
        else:
            report = frozen(stored, list(stored.rows.all()))
        told = {"campaign": plan.id, **self._figures(report)}
        if stored is not None:
            told |= {"sha256": stored.rows_hash, "is_intact": is_intact(stored)}
        total = report.total.all_kinds
        state = f"frozen {told['frozen_at']}" if report.is_frozen else "not frozen, a preview"
        self.say(f"{plan.bank} · {plan.name} · {week}, {state}, as of {told['cut_at']}")
        self.say(
            f"  roster {total.roster:,}, visited {total.visited.total:,} ({total.completion}), +{total.visited.week:,}"
        )
        for sentence in report.said("zh"):
            self.say(f"  {sentence}")
        return told

    def _figures(self, report: Report) -> dict[str, Any]:
        return {
            "week": report.week.code,
            "is_frozen": report.is_frozen,
            "cut_at": instant_label(report.cut_at, "zh"),
            "frozen_at": instant_label(report.frozen_at, "zh") if report.frozen_at else None,
            "lines": len(report.lines),
            **_figures(report.total.all_kinds),
        }


def _figures(total: Progress) -> dict[str, Any]:
    found: dict[str, Any] = {"roster": total.roster, "blocked": total.blocked, "completion": str(total.completion)}
    for figure in FIGURES:
        tally = getattr(total, figure.code)
        found[figure.code] = {"week": tally.week, "total": tally.total}
    return found
