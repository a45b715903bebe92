"""The step of a merge's trace that says which amounts were found by points; the merge itself knows amounts alone."""

from __future__ import annotations

from collections.abc import Iterable

from credit.domain.opinions import Opinion

_HEAD = '"trace":['


def with_scores(document: str, opinions: Iterable[Opinion]) -> str:
    """Return a merge's JSON text with the step, after the count of opinions; unchanged where nobody gave points.

    Points are told in ascending order, as amounts are: a trace says nothing of who gave them.
    """
    given = sorted(sum(map(int, opinion.score)) for opinion in opinions if opinion.score)
    if not given:
        return document
    totals = ", ".join(map(str, given))
    told = f'{{"code":"scores_turned","values":{{"count":"{len(given)}","scores":"{totals}"}}}}'
    head, mark, rest = document.partition(_HEAD)
    counted, closing, later = rest.partition("}}")
    return f"{head}{mark}{counted}{closing},{told}{later}"
