"""Rules that must hold over everything stored, whatever code wrote it; found set-based, named with the rows that break them.

An app registers its rules in ``<app>/selectors/integrity.py``; ``check_integrity`` runs them all as the owner of the database,
who sees every row. A rule says what it means in words an auditor reads; one that costs much looks at a sample.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.module_loading import autodiscover_modules

from config.lib.crypto import Unreadable

SHOWN = 20
"""So many ids are shown of each rule that does not hold."""


@dataclass(frozen=True)
class Found:
    """How many rows break a rule, and which, the first ones of them; ``error`` when it could not be examined at all."""

    count: int = 0
    ids: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_well(self) -> bool:
        """Whether the rule holds."""
        return not self.count and not self.error


@dataclass(frozen=True)
class Rule:
    """One rule. ``find`` gets the size of a sample, 0 meaning everything, and returns what breaks the rule."""

    name: str
    meaning: Any
    find: Callable[[int], Found]
    is_sampled: bool = False


RULES: dict[str, Rule] = {}


def _register(rule: Rule) -> None:
    if rule.name in RULES:
        raise ValueError(f"rule {rule.name} is registered twice")
    RULES[rule.name] = rule


def rule_by_sql(name: str, meaning: Any, sql: str) -> None:
    """Register a rule by the statement that returns one id for every row that breaks it."""

    def find(_sample: int) -> Found:
        with connection.cursor() as cursor:
            cursor.execute(
                f"select count(*), coalesce((array_agg(broken.id::text order by broken.id))[:{SHOWN}], '{{}}') "  # noqa: S608
                f"from ({sql}) as broken(id)"
            )
            count, ids = cursor.fetchone()
        return Found(count, tuple(ids))

    _register(Rule(name, meaning, find))


def rule_by_sample(name: str, meaning: Any) -> Callable[[Callable[[int], Iterable[object]]], None]:
    """Register a rule by the function that returns the ids that break it among a sample of the rows (0: all of them)."""

    def declare(broken: Callable[[int], Iterable[object]]) -> None:
        def find(sample: int) -> Found:
            ids = [str(one) for one in broken(sample)]
            return Found(len(ids), tuple(ids[:SHOWN]))

        _register(Rule(name, meaning, find, is_sampled=True))

    return declare


def sampled(rows: Any, sample: int) -> Any:
    """Return so many rows of a queryset, by chance, so that every run looks at others; 0 means all, in their order."""
    return rows.order_by("?")[:sample] if sample else rows.order_by("pk").iterator(chunk_size=500)


def examine(sample: int, only: Iterable[str] = ()) -> Iterable[tuple[Rule, Found]]:
    """Examine the rules one by one, all on one snapshot; a rule that cannot be examined counts as broken."""
    autodiscover_modules("selectors.integrity")
    wanted = set(only)
    with transaction.atomic():
        if connection.savepoint_ids == []:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        for name in sorted(RULES):
            if wanted and name not in wanted:
                continue
            rule = RULES[name]
            try:
                with transaction.atomic():
                    found = rule.find(sample)
            except (DatabaseError, Unreadable, OSError, ValueError, LookupError) as error:
                # The kind alone: the text of a database error may quote a row.
                found = Found(error=type(error).__name__)
            yield rule, found
