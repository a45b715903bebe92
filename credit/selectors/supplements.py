"""Which households of a round wait for further opinions, and the supplements it has had."""

from collections.abc import Mapping

from credit.models import Decision, Round
from credit.selectors.decisions import where, with_standing
from credit.selectors.rounds import with_counts

WAITING = ("supplement", "divergent")
"""Standings a supplement may be held for."""


def waiting_for_opinions(round: Round) -> Mapping[int, str]:
    """Return the households that wait for opinions or whose opinions differ too much, each with its standing."""
    decisions = with_standing(Decision.objects.filter(round=round))
    return {
        subject: standing
        for standing in WAITING
        for subject in decisions.filter(where(standing)).values_list("subject_id", flat=True)
    }


def supplements_of(round: Round) -> list[Round]:
    """Return the supplements of a round, the newest first, with their sheets counted."""
    return list(with_counts(Round.objects.filter(parent=round)).order_by("-pk").defer("settings"))
