"""Customers served one by one: explanations of lines that were handed over."""

from datetime import datetime, timedelta

from credit.models import LineResult
from credit.services.handing import hand_over
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

HANDED = 12


def handed_over(people: Organisation, now: datetime) -> int:
    """Hand a dozen explanations of the newest run to their households, every sixth in English; returns how many."""
    results = LineResult.objects.filter(grid__in=list(people.officer_of), line__gt=0, run__published_at__isnull=False)
    newest = results.select_related("run__model", "run__bases").order_by("-run_id", "subject_id")[:HANDED]
    with clock_at(now - timedelta(days=1)):
        for place, result in enumerate(newest):
            officer = people.officer_of[result.grid_id]
            with acting(officer) as post:
                hand_over(by=officer, post=post, result=result, language="zh-hans" if place % 6 else "en")
    return len(newest)
