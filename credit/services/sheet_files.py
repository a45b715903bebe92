"""Filled workbooks of sheets: read in memory, checked whole, written into the draft of who holds the sheet.

Nothing of a file is kept: neither its bytes nor its name nor how much stood in it; a draft leaves no trace (Design, 5a).
"""

import io

from credit.domain import sheetfile
from credit.domain.sheetfile import Fault, TableRefusedError
from credit.models import Sheet
from credit.selectors.rounds import rules_of
from credit.selectors.sheet_books import expected_rows
from credit.services import sheets

LARGEST = 2 * 1024 * 1024
"""Bytes of a workbook at most; one of 5,000 households takes a fifth of it."""


def take(*, sheet: Sheet, subject_ids: list[int], content: bytes) -> list[Fault]:
    """Write the opinions of a filled workbook into the draft of a sheet in hand; return what is wrong, then nothing is written.

    Rows left empty keep what the draft says. Raises SealedError once the sheet is not being written any more.
    """
    if len(content) > LARGEST:
        return [Fault(0, "", "too_large")]
    try:
        rows = sheetfile.read(io.BytesIO(content))
    except TableRefusedError as refused:
        return sheetfile.faults_of(refused)
    expected = expected_rows(sheet, subject_ids, sheets.kin_of(sheets.read_cells(sheet)))
    opinions, faults = sheetfile.check(rows, expected=expected, rules=rules_of(sheet.round))
    if not opinions and not faults:
        return [Fault(0, "", "blank")]
    if not faults:
        sheets.save_cells(sheet=sheet, answers={subject: one.as_document() for subject, one in opinions.items()})
    return faults
