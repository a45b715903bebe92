"""Decisions computed from opened opinions: merged, bounded and written set-based, with the whole trace (Semantics, sections 4 and 5)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from config.lib import clock
from config.lib.money import yuan
from config.lib.weeks import business_day
from credit.domain.bounds import (
    Exposure,
    ExposureSource,
    Filled,
    Obligation,
    ObligationKind,
    ProposalOutcome,
    household_exposure,
)
from credit.domain.bounds_many import Bounder, Owed, Read
from credit.domain.merging_many import Merger
from credit.domain.opinions import Opinion
from credit.domain.rules import RoundRules
from credit.domain.scored import with_scores
from credit.domain.snapshots import together
from credit.models import Decision, Round
from credit.selectors.lines import current_figures
from credit.selectors.snapshots import CoreDebts, core_debts
from customers.selectors.assessment import FiledDebts, filed_debts

CREDITORS = {
    "own_bank": ObligationKind.OWN_OUTSTANDING,
    "other_bank": ObligationKind.OTHER_BANKS,
    "other_institution": ObligationKind.OTHER_BANKS,
    "credit_card": ObligationKind.OTHER_BANKS,
    "private": ObligationKind.PRIVATE,
}
"""Which obligation a liability of a file is, by its creditor kind."""

OUTCOMES = {
    ProposalOutcome.PROPOSED: Decision.Outcome.MERGED,
    ProposalOutcome.REFUSED: Decision.Outcome.REFUSED,
    ProposalOutcome.SUPPLEMENT: Decision.Outcome.SUPPLEMENT,
    ProposalOutcome.DIVERGENT: Decision.Outcome.DIVERGENT,
    ProposalOutcome.TO_PROFILE: Decision.Outcome.NEEDS_FILE,
}


# --- One household ------------------------------------------------------------------------------------------------------


def obligations_of(document: Mapping[str, Any]) -> list[Obligation]:
    """Return what a file says the household owes and guarantees, by kind; amounts in yuan."""
    found = [
        Obligation(CREDITORS[item["kind"]], yuan(item["outstanding"] or "0"))
        for item in document.get("liabilities", [])
    ]
    found += [
        Obligation(ObligationKind.GUARANTEES, yuan(item["amount"] or "0")) for item in document.get("guarantees", [])
    ]
    return found


def exposure_of(
    profile: Any, rules: RoundRules, on: date, core: CoreDebts | None = None, subject_id: int | None = None
) -> Exposure:
    """Return a household's exposure: by the snapshot of the core system, and of what that does not hold by the checked file.

    Without a snapshot it is the checked file's, with the file's day; without either nothing is known of any.
    """
    filed = obligations_of(profile.document) if profile else []
    if core is None or subject_id is None:
        return household_exposure(
            filed,
            rules.line,
            source=ExposureSource.PROFILE if profile else ExposureSource.NONE,
            as_of=business_day(profile.submitted_at) if profile else on,
        )
    owed, filled = together(core.owed.get(subject_id, []), core.held, filed)
    return household_exposure(
        owed,
        rules.line,
        source=ExposureSource.CORE,
        as_of=core.taken_on,
        filled=Filled(core.snapshot_id, filled, business_day(profile.submitted_at) if profile else None),
    )


# --- A village ----------------------------------------------------------------------------------------------------------


def compute(
    *,
    round: Round,
    rules: RoundRules,
    opinions: Mapping[int, list[Opinion]],
    grid_of: Mapping[int, int],
    numbers: Mapping[int, int] | None = None,
) -> int:
    """Merge and bound the opinions on each household and write the decisions; returns how many.

    As many statements for a village as for one household. ``numbers`` are the places of further computations, 1 without.
    """
    on = clock.today()
    subjects = sorted(opinions)
    if not subjects:
        return 0
    core = core_debts(round.institution_id, subjects)
    lines = current_figures(subjects)
    files = filed_debts(subjects)
    merger, bounder = Merger(rules.merge), Bounder(rules.line)
    rows = []
    for subject_id in subjects:
        merged = merger.merge(opinions[subject_id])
        result, line = lines.get(subject_id, (None, None))
        file = files.get(subject_id)
        owed, read = _owed(subject_id, file, core, on)
        found = bounder.propose(merged, line, owed, read)
        trace = f'{{"merge":{with_scores(merged.document, opinions[subject_id])},"proposal":{found.proposal},"exposure":{found.exposure},"on":"{on}"}}'
        rows.append(
            (
                grid_of[subject_id],
                subject_id,
                (numbers or {}).get(subject_id, 1),
                OUTCOMES[found.outcome].value,
                merged.amount,
                result,
                line,
                found.headroom,
                file.profile_id if file else None,
                found.amount,
                found.binding,
                trace,
            )
        )
    _write(round, rules, core, rows)
    return len(rows)


_COLUMNS = {
    "grid": "bigint", "subject": "bigint", "number": "smallint", "outcome": "text", "merged": "numeric", "result": "bigint",
    "line": "numeric", "headroom": "numeric", "profile": "bigint", "proposed": "numeric", "binding": "jsonb", "trace": "jsonb",
}  # fmt: skip
_INSERT = """
insert into credit_decision (institution_id, round_id, product_cap, snapshot_id, grid_id, recorded_grid_id, subject_id, number, outcome,
    merged_amount, line_result_id, model_line, headroom, profile_id, proposed_amount, binding, trace)
select %(institution)s, %(round)s, %(product_cap)s, %(snapshot)s, grid, grid, subject, number, outcome, merged / 100, result, line / 100,
    headroom / 100, profile, proposed / 100, binding, trace
from unnest({columns}) as computed ({names})
"""
_SEPARATOR = "\x1e"


def _write(round: Round, rules: RoundRules, core: CoreDebts | None, rows: list[tuple[Any, ...]]) -> None:
    """Write decisions in one statement: a text a column, because rows under row security take no COPY."""
    columns = ", ".join(f"string_to_array(%({name})s, e'\\x1e', '')::{kind}[]" for name, kind in _COLUMNS.items())
    values: dict[str, Any] = {
        name: _SEPARATOR.join("" if value is None else str(value) for value in column)
        for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    }
    values |= {
        "institution": round.institution_id,
        "round": round.pk,
        "product_cap": rules.line.product_cap,
        "snapshot": core.snapshot_id if core else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(columns=columns, names=", ".join(_COLUMNS)), values)


def _owed(subject_id: int, file: FiledDebts | None, core: CoreDebts | None, on: date) -> tuple[list[Owed], Read]:
    """What a household owes and where it was read: ``exposure_of`` for one of many."""
    filed = [Owed(CREDITORS[kind], amount) for kind, amount in file.liabilities] if file else []
    if file:
        filed += [Owed(ObligationKind.GUARANTEES, amount) for amount in file.guarantees]
    if core is None:
        source = ExposureSource.PROFILE if file else ExposureSource.NONE
        return filed, Read(source, file.on if file else on)
    held = [Owed(one.kind, int(one.amount * 100), one.replaced) for one in core.owed.get(subject_id, ())]
    owed, added = together(held, core.held, filed)
    return owed, Read(ExposureSource.CORE, core.taken_on, Filled(core.snapshot_id, added, file.on if file else None))
