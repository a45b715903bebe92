"""Open a roster by what it holds, not by what it is called; say clearly what a file is that cannot be read."""

import zipfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from config.lib import tablefile
from config.lib.tablefile import TableRefusedError
from customers.domain.roster.columns import HOUSEHOLDS, Form
from customers.domain.roster.delimited import Delimited
from customers.domain.roster.problems import Problem, RosterError, refused
from customers.domain.roster.table import Table
from customers.domain.roster.workbook import Workbook


def open_roster(file: BinaryIO, *, vetted: bool = False, form: Form = HOUSEHOLDS) -> Table:
    """Open a seekable roster file (csv or xlsx) and find its header; raises `RosterError` when it is no readable roster.

    `vetted` leaves out the survey of a workbook's raw cells; see `reopen_roster`.
    """
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise refused("file_empty")
    table: Table
    if head.startswith(b"PK\x03\x04"):
        table = _open_zip(file, vetted=vetted, form=form)
    else:
        refuse_strangers(file, head)
        table = Delimited(file, form)
    _require(table)
    return table


def reopen_roster(file: BinaryIO, errors: Mapping[str, int]) -> Table:
    """Open a file for its second pass, known by its hash to be the one checked; `errors` are those of the verdict.

    A workbook that has passed the survey is not surveyed again, unless it has formula cells, which only the survey can see.
    """
    return open_roster(file, vetted="formula_cell" not in errors)


def refuse_strangers(file: BinaryIO, head: bytes) -> None:
    """Raise `RosterError` for a file that is no text, told by how it begins."""
    try:
        tablefile.refuse_strangers(file, head)
    except TableRefusedError as error:
        raise refused(error.found[0][2]) from error


def _open_zip(file: BinaryIO, *, vetted: bool, form: Form) -> Table:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if any(entry.flag_bits & 1 for entry in archive.infolist()):
                raise refused("file_password")
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise refused("file_damaged") from error
    if "xl/workbook.xml" in names:
        return Workbook(file, vetted=vetted, form=form)
    if "xl/workbook.bin" in names:
        raise refused("file_xls", "xlsb")
    if "content.xml" in names and "mimetype" in names:
        raise refused("file_ods")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise refused("file_document")
    raise refused("file_archive")


def _require(table: Table) -> None:
    header = table.header
    found = list(_header_problems(header.row, header.missing, "column_missing"))
    found += _header_problems(header.row, header.doubled, "column_twice")
    if found:
        raise RosterError(*found)


def _header_problems(row: int, fields: tuple[str, ...], code: str) -> Iterator[Problem]:
    for field in fields:
        yield Problem(row, field, code)
