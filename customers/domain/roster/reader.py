"""Open a roster by what it holds, not by what it is called; say clearly what a file is that cannot be read."""

import zipfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from customers.domain.roster.columns import HOUSEHOLDS, Form
from customers.domain.roster.delimited import Delimited
from customers.domain.roster.problems import Problem, RosterError, refused
from customers.domain.roster.table import Table
from customers.domain.roster.workbook import Workbook

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Opening bytes of what people upload by mistake -> code of the refusal.
_STRANGERS: Final = (
    (b"%PDF", "file_pdf"),
    (b"\x89PNG", "file_picture"),
    (b"\xff\xd8\xff", "file_picture"),
    (b"GIF8", "file_picture"),
    (b"BM", "file_picture"),
    (b"Rar!", "file_archive"),
    (b"7z\xbc\xaf", "file_archive"),
    (b"\x1f\x8b", "file_archive"),
    (b"{\\rtf", "file_document"),
)


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
    if head.startswith(_OLE):
        raise refused("file_password" if _holds(file, "EncryptedPackage".encode("utf-16-le")) else "file_xls")
    for opening, code in _STRANGERS:
        if head.startswith(opening) and (opening != b"BM" or b"\x00" in head[:64]):
            raise refused(code)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<body", b"<style")):
        raise refused("file_html")
    if start.startswith(b"<?xml") or b"<workbook" in start:
        raise refused("file_html" if b"<html" in start else "file_xml")
    if start.startswith(b"mime-version:"):
        raise refused("file_html")


def _holds(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    tail = b""
    while block := file.read(1 << 20):
        if wanted in tail + block:
            return True
        tail = block[-len(wanted) :]
    return False


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
