"""Call lists as they are shown, printed and exported: one set of columns, whatever a household is called on for."""

from typing import Any

from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from credit.models import CallList, CallResult, Signing
from credit.selectors.signing import entries_of, rules_of
from customers.selectors.assessment import cards
from grids.access import Staff

TONES = {"met": "good", "not_met": "wait", "again": "wait"}


def caller(pk: int) -> Staff:
    """Return who was chosen to call."""
    return Staff.objects.get(pk=pk)


def results() -> list[tuple[str, Any]]:
    """Return what may come of a call."""
    return list(CallResult.Result.choices)


def told(call_list: CallList) -> list[dict[str, Any]]:
    """Return the entries of a list in their order, as page and file write them. Two queries."""
    entries = list(entries_of(call_list))
    called = cards(one.subject_id for one in entries)
    return [
        {
            "entry": one,
            "card": called.get(one.subject_id),
            "result": CallResult.Result(one.result).label if one.result else "",
            "tone": TONES.get(one.result or "", "neutral"),
        }
        for one in entries
    ]


def workbook(call_list: CallList, language: str) -> bytes:
    """Return a list as xlsx; it names no purpose, because none stands in it."""
    columns = (
        Column(key="place", name=Words("序号", "No."), shape=Shape.COUNT, width=6),
        Column(key="number", name=Words("户号", "Household no."), shape=Shape.CODE, width=16),
        Column(key="name", name=Words("户主", "Head"), width=14),
        Column(key="group", name=Words("组", "Group"), width=12),
        Column(key="result", name=Words("走访结果", "Result"), width=14),
        Column(key="note", name=Words("备注", "Notes"), width=30),
    )
    rows = [
        Row(
            cells={
                "place": one["entry"].place,
                "number": one["card"].number if one["card"] else "",
                "name": one["card"].head if one["card"] else "",
                "group": one["card"].group if one["card"] else "",
                "result": str(one["result"]),
                "note": "",
            }
        )
        for one in told(call_list)
    ]
    title = Words(
        f"{call_list.grid.name}走访单 {call_list.number}", f"{call_list.grid.name} call list {call_list.number}"
    )
    day = call_list.held_on.isoformat()
    stamps = [Words(f"{day} · {call_list.caller.name}", f"{day} · {call_list.caller.name}")]
    table = Table(title=title, columns=columns, rows=rows)
    return write_workbook([Sheet(table=table, stamps=stamps)], language=language, created=call_list.made_at)


def reason_word(signing: Signing, language: str) -> str:
    """Return why a line was not signed, in the words of the rules it was written under."""
    if not signing.reason:
        return ""
    found = rules_of(signing).reason(signing.outcome, signing.reason)
    return found.label(language) if found else signing.reason
