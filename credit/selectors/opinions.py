"""The opinions on the households of a round, wherever they were given: in the round itself or in a supplement of it."""

from django.db.models import Q, QuerySet

from credit.models import Opinion, Round


def of_round(round: Round) -> QuerySet[Opinion]:
    """Return the opinions of a round and of the rounds that supplement it."""
    sources = Round.objects.filter(Q(pk=round.pk) | Q(parent=round.pk))
    return Opinion.objects.filter(round__in=sources.values("pk"))
