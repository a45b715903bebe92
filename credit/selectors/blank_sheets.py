"""Blank sheets, to be printed: data for the PDF template ``assessment``, one sheet or all of a round.

It says what an assessor sees on a screen and no more: how a household is called, never an ID number, a phone or a file. The
households stand in the sheet's own order, and who types or confirms it meets them in the same order under the same numbers.
"""

from collections.abc import Sequence
from typing import Any

import segno
from django.utils.translation import gettext as _

from config.lib.display import day
from credit.domain.sheetfile import order_check
from credit.models import Round, Sheet, SheetSubject
from credit.selectors.rounds import in_order, is_writable, rows_in_order, rules_of, sheets_of_round
from customers.selectors.assessment import Card, cards

ROWS_A_FILE = 3_000
"""Rows of one PDF at most: some 250 pages, drawn in a few seconds and 300 MB."""


def printed_number(sheet: Sheet) -> str:
    """Return the number on the paper: the round's and the sheet's place in it; no name, so that a lost paper names nobody."""
    return f"{sheet.round_id}-{sheet.number}"


def subjects_to_print(sheet: Sheet) -> list[int]:
    """Return the households of a sheet, for who sees the round's village."""
    roster = SheetSubject.objects.filter(round_id=sheet.round_id, is_assessable=True)
    return list(roster.values_list("subject_id", flat=True))


def printed_parts(round: Round) -> list[list[Sheet]]:
    """Return the sheets of a round that can still be printed, file by file; none before the roster is frozen."""
    sheets = [sheet for sheet in sheets_of_round(round) if sheet.state in (Sheet.State.OPEN, Sheet.State.TYPED)]
    for sheet in sheets:
        sheet.round = round
    sheets = [sheet for sheet in sheets if is_writable(sheet)]
    if not sheets:
        return []
    many = max(1, ROWS_A_FILE // max(1, len(subjects_to_print(sheets[0]))))
    return [sheets[start : start + many] for start in range(0, len(sheets), many)]


def row_order(sheet: Sheet, subject_ids: list[int]) -> str:
    """Return the four letters that stand for the rows of a sheet in their order: on paper, file and screen they are the same."""
    return order_check(sheet.uuid, [card.subject_id for card in rows_in_order(sheet, subject_ids)])


def blank_sheets(sheets: Sequence[Sheet], subject_ids: list[int], language: str) -> dict[str, Any]:
    """Return what the template ``assessment`` prints of sheets of one round, already written for the reader."""
    round, grid = sheets[0].round, sheets[0].round.grid
    found = cards(subject_ids)
    return {
        "bank": grid.institution.name,
        "town": grid.town,
        "village": grid.name,
        "round": round.name,
        "due": day(round.due_on),
        "step": _("0.1 万元"),
        "reasons": [
            {"code": str(place), "text": reason.label(language)}
            for place, reason in enumerate(rules_of(round).reasons, start=1)
        ],
        "sheets": [_printed(sheet, in_order(sheet, found.values())) for sheet in sheets],
    }


def _printed(sheet: Sheet, rows: list[Card]) -> dict[str, Any]:
    number, check = printed_number(sheet), order_check(sheet.uuid, [card.subject_id for card in rows])
    return {
        "number": number,
        "check": check,
        "code": _code(f"GEDANG {number} {check}"),
        "households": [
            {
                "index": place,
                "number": card.number,
                "head": card.head or "—",
                "group": card.group,
                "note": _("%(count)s 口人") % {"count": card.members},
            }
            for place, card in enumerate(rows, start=1)
        ],
    }


def _code(text: str) -> str:
    return str(segno.make(text, error="m", micro=False).svg_inline(border=0, scale=4))
