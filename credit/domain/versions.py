"""The versions of a proposal: each proposal opens one, a return closes it with words, the next says what changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Version:
    """One proposal as it stood: the step that made it, how far it went, the step that ended it (None: it stands)."""

    number: int
    proposed: Any
    ended: Any | None
    change: Decimal | None
    reason_changed: bool

    @property
    def is_returned(self) -> bool:
        """Whether it was given back to its maker."""
        return self.ended is not None and self.ended.verb == "return"


def versions(steps: Iterable[Any]) -> list[Version]:
    """Return the versions of a decision from its steps in order; ``change`` is the difference to the version before, in yuan."""
    found: list[Version] = []
    proposed: Any = None
    for step in steps:
        if step.verb == "propose":
            proposed = step
            found.append(_version(found, step, None))
        elif step.verb in ("return", "approve", "refuse") and proposed is not None:
            last = found[-1]
            found[-1] = Version(last.number, last.proposed, step, last.change, last.reason_changed)
            proposed = None
    return found


def _version(before: list[Version], step: Any, ended: Any) -> Version:
    if not before:
        return Version(1, step, ended, None, False)
    last = before[-1].proposed
    change = None if step.amount is None or last.amount is None else step.amount - last.amount
    return Version(len(before) + 1, step, ended, change, step.reason != last.reason)
