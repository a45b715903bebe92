"""The report of a village: measured while its round runs, kept when the round closes."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.working_days import changes_of
from credit.domain.notices import REPORT_RULES
from credit.domain.village_report import Village, document_of, stage_times
from credit.models import Decision, Notice, NoticeRow, Objection, Round, RoundStage, SheetSubject, VillageReport
from credit.selectors.decisions import standings_of
from credit.selectors.granted import granted_of
from credit.selectors.opinions import of_round
from credit.selectors.rounds import rules_of
from customers.selectors.reached import counted_kinds, kept_in_touch_among, reached_among

LATER = ("signed", "carded", "drawn")
"""First events after the grant; each is counted where the product counts it at all."""

FOLLOW_UP: dict[str, Any] = {
    "needs_file": gettext_lazy("待建档"),
    "supplement": gettext_lazy("待补评议"),
    "divergent": gettext_lazy("分歧未定"),
    "away": gettext_lazy("在外，待联系"),
    "unreachable": gettext_lazy("联系不上"),
    "refused": gettext_lazy("客户暂不配合"),
    "unsigned": gettext_lazy("已授信未签约"),
}
"""Why somebody still has to see to a household, in the order of the list."""


def report_rules(institution_id: int) -> Release | None:
    """Return the release of the bands in force today, None while there is none."""
    try:
        return releases.in_force(institution_id, REPORT_RULES, clock.today())
    except releases.NotReleased:
        return None


def kept_report(round: Round) -> VillageReport | None:
    """Return the report kept when a round closed."""
    return VillageReport.objects.filter(round=round).select_related("made_by").first()


def measured(round: Round, at: datetime, rules: Release | None) -> dict[str, Any]:
    """Return the report of an opened round as it stands at an instant; a fixed number of queries, whatever the size."""
    listed = list(
        SheetSubject.objects.filter(round=round).values_list("subject_id", "is_assessable", "excluded_because")
    )
    subjects = [subject for subject, *_rest in listed]
    granted = granted_of(round)
    held = {line.subject_id for line in granted}
    assessed: set[int] = set()
    amounts: dict[int, list[Decimal]] = defaultdict(list)
    for subject, kind, amount in of_round(round).values_list("subject_id", "kind", "amount"):
        if kind in ("refuse", "amount"):
            assessed.add(subject)
        if amount is not None:
            amounts[subject].append(amount)
    standings = _standings(round)
    reached = reached_among(held, round.created_at)
    later = {kind: len(reached[kind]) for kind in LATER if kind in counted_kinds()}
    shown = set(
        NoticeRow.objects.filter(notice__round=round, notice__confirmed_at__isnull=False).values_list(
            "subject_id", flat=True
        )
    )
    return document_of(
        Village(
            facts=_facts(round),
            counts={
                "roster": len(listed),
                "blocked": sum(not is_assessable for _subject, is_assessable, _why in listed),
                "assessable": sum(is_assessable for _subject, is_assessable, _why in listed),
                "assessed": len(assessed),
                "granted": len(granted),
                "publicised": len(shown & held),
                **later,
            },
            blocked=Counter(why for _subject, is_assessable, why in listed if not is_assessable and why),
            standings=Counter(standing for standing in standings.values()),
            granted=[line.amount for line in granted],
            bands=[Decimal(limit) for limit in rules.document["bands"]] if rules else [],
            amounts=amounts,
            spread_limit_percent=rules_of(round).merge.spread_limit_percent,
            stages=stage_times(_stages(round, at), changes_of(round.institution_id)),
            notices=_notices(round),
            follow_up=_follow_up(subjects, standings, held, reached if "signed" in later else None),
        )
    )


def _facts(round: Round) -> dict[str, str]:
    grid = round.grid
    return {
        "round": round.name,
        "village": grid.name,
        "town": grid.town,
        "branch": grid.branch.name,
        "owner": round.owner.name,
        "opened_at": round.opened_at.isoformat() if round.opened_at else "",
    }


def _standings(round: Round) -> dict[int, str]:
    by_id = dict(standings_of(round))
    return {subject: by_id[pk] for pk, subject in Decision.objects.filter(pk__in=by_id).values_list("pk", "subject_id")}


def _stages(round: Round, at: datetime) -> list[tuple[str, datetime, datetime]]:
    rows = RoundStage.objects.filter(round=round, entered_at__isnull=False).exclude(stage=Round.Stage.CLOSED)
    times = rows.values_list("stage", "entered_at", "left_at")
    return [(stage, entered, left or at) for stage, entered, left in times if entered is not None]


def _notices(round: Round) -> dict[str, int]:
    outcomes = Counter(Objection.objects.filter(notice__round=round).values_list("outcome", flat=True))
    return {
        "notices": Notice.objects.filter(round=round, confirmed_at__isnull=False).count(),
        "objections": sum(outcomes.values()),
        "upheld": outcomes[Objection.Outcome.UPHELD],
        "dismissed": outcomes[Objection.Outcome.DISMISSED],
    }


def _follow_up(
    subjects: list[int], standings: Mapping[int, str], held: set[int], reached: Mapping[str, set[int]] | None
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {code: [] for code in FOLLOW_UP}
    for subject, standing in standings.items():
        if standing in ("needs_file", "supplement", "divergent"):
            found[standing].append(subject)
    for subject, why in kept_in_touch_among(subjects).items():
        found[why].append(subject)
    if reached is not None:
        found["unsigned"] = list(held - reached["signed"])
    return found
