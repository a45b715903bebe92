"""The blank sheet of a paper assessor, to be printed: data for the PDF template ``assessment``.

It says what an assessor sees on a screen and no more: how a household is called, never an ID number, a phone or a file. The
households stand in the sheet's own order, and who types or confirms it meets them in the same order under the same numbers.
"""

from typing import Any

from django.utils.translation import gettext as _

from config.lib.display import day
from credit.models import Sheet, SheetSubject
from credit.selectors.rounds import rows_in_order, rules_of


def printed_number(sheet: Sheet) -> str:
    """Return the number on the paper: the round's and the sheet's place in it; no name, so that a lost paper names nobody."""
    return f"{sheet.round_id}-{sheet.number}"


def subjects_to_print(sheet: Sheet) -> list[int]:
    """Return the households of a sheet, for who sees the round's village."""
    roster = SheetSubject.objects.filter(round_id=sheet.round_id, is_assessable=True)
    return list(roster.values_list("subject_id", flat=True))


def blank_sheet(sheet: Sheet, subject_ids: list[int], language: str) -> dict[str, Any]:
    """Return what the template ``assessment`` prints, already written for the reader."""
    round, grid = sheet.round, sheet.round.grid
    return {
        "bank": grid.institution.name,
        "town": grid.town,
        "village": grid.name,
        "round": round.name,
        "sheet": printed_number(sheet),
        "assessor": "",
        "due": day(round.due_on),
        "step": _("0.1 万元"),
        "households": [
            {
                "index": place,
                "number": card.number,
                "head": card.head or "—",
                "group": card.group,
                "note": _("%(count)s 口人") % {"count": card.members},
            }
            for place, card in enumerate(rows_in_order(sheet, subject_ids), start=1)
        ],
        "reasons": [
            {"code": str(place), "text": reason.label(language)}
            for place, reason in enumerate(rules_of(round).reasons, start=1)
        ],
    }
