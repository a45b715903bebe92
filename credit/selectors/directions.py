"""Checks of directions, read for who keeps parameters."""

from decimal import Decimal
from typing import Any

from config.lib.display import wan, yuan
from credit.domain.model import ValueType, read_model
from credit.domain.monotone import directions_of
from credit.domain.trace import exact_text
from credit.models import DirectionCheck, Trial
from credit.selectors.explained_model import language


def newest_check(trial: Trial) -> DirectionCheck | None:
    """Return the last check of a trial that was asked for."""
    found = DirectionCheck.objects.filter(trial=trial).select_related("run__asked_by", "asked_by", "trial")
    return found.order_by("-pk").first()


def directions(check: DirectionCheck) -> list[dict[str, Any]]:
    """Return whether more income or assets never lowers a line and more debt never raises one; the exceptions with what is to blame."""
    words = language()
    model = read_model(check.trial.after["document"])
    labels = {entry.name: entry.label.text(words) for entry in model.inputs}
    types = {entry.name: entry.type for entry in model.inputs}
    rows = []
    for direction in directions_of(model):
        found = check.figures.get(direction.code)
        if found is None:
            continue
        rows.append(
            {
                "label": direction.label.text(words),
                "raises": direction.raises,
                "holds": not found["reversals"],
                "households": found["households"],
                "comparisons": found["comparisons"],
                "reversed": found["reversed"],
                "worst": [
                    {
                        "number": one["number"],
                        "fact": labels.get(one["fact"], one["fact"]),
                        "at": _written(one["at"], types.get(one["fact"])),
                        "to": _written(one["to"], types.get(one["fact"])),
                        "line_at": wan(Decimal(one["line_at"])),
                        "line_to": wan(Decimal(one["line_to"])),
                        "blame": one["en" if words == "en" else "zh"],
                    }
                    for one in found["worst"]
                ],
            }
        )
    return rows


def _written(text: str, fact: ValueType | None) -> str:
    """An amount to the fen, for an edge may lie a fen away; any other figure as it is."""
    return yuan(text) if fact is ValueType.MONEY else exact_text(Decimal(text))
