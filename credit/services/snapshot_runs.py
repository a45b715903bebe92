"""The check of a core-system file: read, matched, written beside what is in force, and compared with it; one transaction.

A worker killed in the middle leaves nothing. ID numbers are looked up by their blind index and forgotten; a person nobody filed
is counted and listed with the number masked, never guessed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection

from config.lib import clock, copying, files, releases
from config.lib.copying import NULL, bigint, boolean, day, integer, text, yuan
from config.lib.crypto import Unreadable
from config.lib.progress import Report, silent
from credit.domain import snapshotfile
from credit.domain.snapshotfile import Checked, CreditKind, Entry, FileRefusedError, Finding, Level
from credit.domain.snapshots import Limits, Sums, flags
from credit.models import CoreCredit, CoreFinding, CoreSnapshot
from credit.selectors.snapshots import LIMITS, in_force
from customers.domain.identity import mask_id
from customers.selectors.identity import people_numbered

State = CoreSnapshot.State
_CREDIT = (
    "snapshot_id", "person_id", "row", "kind", "contract", "outstanding", "undrawn", "granted", "interest_days",
    "principal_days", "due_on", "category", "is_village_line",
)  # fmt: skip
_FINDING = ("snapshot_id", "row", "column_name", "code", "level", "value", "also")
AT_ONCE = 20_000


def check(snapshot: CoreSnapshot, report: Report = silent) -> None:
    """Check the file of a snapshot and leave it waiting for the other person, or broken with everything that is wrong."""
    try:
        with files.open_sealed(snapshot.file) as opened:
            rows = snapshotfile.read(opened)  # type: ignore[arg-type]
        checked = snapshotfile.check(rows, taken_on=snapshot.taken_on, today=clock.today(), report=report)
    except FileRefusedError as refused:
        checked = Checked(findings=list(refused.findings))
    except Unreadable:
        checked = Checked(findings=[Finding(0, "", "file_damaged")])
    people = people_numbered(snapshot.institution_id, (entry.id_number for entry in checked.entries))
    checked.findings += _unknown(checked.entries, people)
    checked.findings.sort(key=lambda one: (one.row, one.column, one.code))
    _copy(CoreFinding, _FINDING, (_finding(snapshot.pk, one) for one in checked.findings))
    found = _figures(checked, people)
    if checked.is_sound and checked.entries:
        report(checked.rows, checked.rows)
        _copy(
            CoreCredit,
            _CREDIT,
            (_credit(snapshot.pk, one, people[one.id_number]) for one in checked.entries if one.id_number in people),
        )
        found |= _compared(snapshot, found)
        snapshot.state = State.WAITING
    else:
        snapshot.state = State.BROKEN
    snapshot.summary = found
    snapshot.save(update_fields=["state", "summary", "compared", "limits"])


def _unknown(entries: Iterable[Entry], people: Mapping[str, int]) -> list[Finding]:
    return [
        Finding(one.row, "id_number", "person_unknown", mask_id(one.id_number), Level.NOTICE)
        for one in entries
        if one.id_number not in people
    ]


# --- Figures ------------------------------------------------------------------------------------------------------


def _figures(checked: Checked, people: Mapping[str, int]) -> dict[str, Any]:
    """Return what the file holds: sums by kind, of all and of people on file; people; findings by code."""
    unknown = {one.id_number for one in checked.entries if one.id_number not in people}
    return {
        "rows": checked.rows,
        "kinds": _sums(checked.entries),
        "filed": _sums(one for one in checked.entries if one.id_number in people),
        "people": len(people),
        "unknown": len(unknown),
        **{
            f"{level.value}s": dict(Counter(one.code for one in checked.findings if one.level == level))
            for level in Level
        },
    }


def _sums(entries: Iterable[Entry]) -> dict[str, Any]:
    sums: dict[CreditKind, Sums] = {}
    for one in entries:
        held = sums.get(one.kind, Sums())
        sums[one.kind] = Sums(held.rows + 1, held.outstanding + one.outstanding, held.undrawn + one.undrawn)
    return {kind.value: sums[kind].as_document() for kind in CreditKind if kind in sums}


def sums_of(document: Mapping[str, Any]) -> dict[str, Sums]:
    """Return stored sums by kind."""
    return {kind: Sums.from_document(sums) for kind, sums in document.items()}


def _compared(snapshot: CoreSnapshot, found: Mapping[str, Any]) -> dict[str, Any]:
    """Compare with the snapshot in force, under the limits released today; without one there is nothing to compare with."""
    snapshot.limits = releases.in_force(snapshot.institution_id, LIMITS, clock.today())
    before = in_force(snapshot.institution_id)
    if before is None:
        return {"flags": []}
    snapshot.compared = before
    changes = _changes(before.pk, snapshot.pk)
    raised = flags(
        sums_of(before.summary["kinds"]),
        sums_of(found["kinds"]),
        contracts=changes["before"],
        new=changes["new"],
        gone=changes["gone"],
        limits=Limits.from_document(snapshot.limits.document),
    )
    return {"changes": changes, "flags": [one.as_document() for one in raised]}


def _changes(before: int, after: int) -> dict[str, int]:
    """Count the contracts of people on file: before, new, gone, and those whose amounts changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select count(old.row), count(*) filter (where old.row is null), count(*) filter (where fresh.row is null),
                   count(*) filter (where (old.outstanding, old.undrawn) <> (fresh.outstanding, fresh.undrawn))
            from (select * from credit_corecredit where snapshot_id = %s) as old
            full join (select * from credit_corecredit where snapshot_id = %s) as fresh
                using (person_id, kind, contract)
            """,
            [before, after],
        )
        return dict(zip(("before", "new", "gone", "changed"), cursor.fetchone(), strict=True))


# --- Rows ---------------------------------------------------------------------------------------------------------


def _copy(model: Any, columns: tuple[str, ...], rows: Iterator[bytes]) -> None:
    with connection.cursor() as cursor:
        while part := list(islice(rows, AT_ONCE)):
            copying.copy_rows(cursor, model._meta.db_table, columns, part)


def _credit(snapshot_id: int, one: Entry, person_id: int) -> bytes:
    return b"".join(
        (
            copying.row_head(len(_CREDIT)), bigint(snapshot_id), bigint(person_id), integer(one.row), text(one.kind.value),
            text(one.contract), yuan(one.outstanding), yuan(one.undrawn), _or_null(one.granted), integer(one.interest_days),
            integer(one.principal_days), NULL if one.due_on is None else day(one.due_on), text(one.category),
            boolean(one.is_village_line),
        )
    )  # fmt: skip


def _or_null(amount: Decimal | None) -> bytes:
    return NULL if amount is None else yuan(amount)


def _finding(snapshot_id: int, one: Finding) -> bytes:
    return b"".join(
        (
            copying.row_head(len(_FINDING)), bigint(snapshot_id), integer(one.row), text(one.column), text(one.code),
            text(str(one.level)), text(one.value), text(one.also[:30]),
        )
    )  # fmt: skip
