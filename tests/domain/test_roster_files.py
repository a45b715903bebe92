"""Files that are no readable roster are refused as a whole, in words that say what they are and what to do."""

import io
import zipfile

import pytest

from customers.domain.roster.checker import Scan
from customers.domain.roster.problems import RosterError
from customers.domain.roster.reader import open_roster
from customers.domain.roster.words import describe
from tests import rosterfiles as files

SOUND = files.csv_bytes([files.row()])
XLSX = files.xlsx_bytes([files.row()])


def zipped(**parts: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return memory.getvalue()


def with_sheet(text: bytes) -> bytes:
    return files.rezip(XLSX, lambda name, old: text if name == "xl/worksheets/sheet1.xml" else old)


def encrypted_entry() -> bytes:
    content = bytearray(zipped(xl__workbook_dot_xml="x"))
    content[content.find(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def two_rosters(book, sheet):
    book.add_worksheet("东坡村").write_row(0, 0, files.HEADER)


def far_cell(book, sheet):
    sheet.write_string(1, 16_000, "x")


def deep_cell(book, sheet):
    sheet.write_string(1_000_000, 0, "x")


BROKEN_FILES = {
    "nothing": (b"", "file_empty"),
    "white space": (b"  \r\n\r\n ", "file_empty"),
    "empty workbook": (files.xlsx_bytes([], header=()), "file_empty"),
    "header only": (files.csv_bytes([]), "no_rows"),
    "header and blank rows": (files.csv_bytes([[""] * 9, ["  "] * 9]), "no_rows"),
    "header only, workbook": (files.xlsx_bytes([]), "no_rows"),
    "no header": (files.csv_bytes([files.row()], header=None), "header_not_found"),
    "header after row 20": (b"title\n" * 25 + SOUND, "header_not_found"),
    "no header, workbook": (files.xlsx_bytes([files.row()], header=["x"]), "header_not_found"),
    "big5": (files.csv_bytes([["1", "王"]], header=("戶籍", "姓名", "電話"), encoding="big5"), "header_not_found"),
    "column missing": (
        files.csv_bytes([files.row()], header=(*files.HEADER[:5], "x", *files.HEADER[6:])),
        "column_missing",
    ),
    "no village at all": (files.csv_bytes([files.row()[2:]], header=files.HEADER[2:]), "column_missing"),
    "column twice": (files.csv_bytes([[*files.row(), "x"]], header=(*files.HEADER, "身份证")), "column_twice"),
    "password": (files.old_workbook(password=True), "file_password"),
    "encrypted zip": (encrypted_entry(), "file_password"),
    "xls": (files.old_workbook(), "file_xls"),
    "xlsb": (zipped(xl__workbook_dot_bin="x"), "file_xls"),
    "ods": (zipped(content_dot_xml="x", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "file_ods"),
    "docx": (zipped(word__document_dot_xml="x"), "file_document"),
    "rtf": (b"{\\rtf1 \\ansi", "file_document"),
    "zip of a csv": (zipped(roster_dot_csv="x"), "file_archive"),
    "rar": (b"Rar!\x1a\x07\x00", "file_archive"),
    "gzip": (b"\x1f\x8b\x08\x00", "file_archive"),
    "pdf": (b"%PDF-1.7 ...", "file_pdf"),
    "photo": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "file_picture"),
    "screenshot": (b"\x89PNG\r\n\x1a\n", "file_picture"),
    "html called xls": ("<html><table><tr><td>姓名</td></tr></table></html>".encode(), "file_html"),
    "bare table": (b"\xef\xbb\xbf\n<table border=1><tr>", "file_html"),
    "xml spreadsheet": (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "file_xml"),
    "web archive": (b"MIME-Version: 1.0\nX-Document-Type: Workbook", "file_html"),
    "binary": (bytes(range(256)) * 20, "not_text"),
    "cut off workbook": (XLSX[: len(XLSX) // 2], "file_damaged"),
    "workbook without sheet list": (zipped(xl__workbook_dot_xml="<workbook/>"), "file_damaged"),
    "sheet that is no xml": (with_sheet(b"<worksheet><sheetData><row"), "file_damaged"),
    "entity bomb": (with_sheet(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'), "file_damaged"),
    "directory that lies about sizes": (files.lying_workbook(), "file_damaged"),
    "one cell at XFD": (files.xlsx_bytes([files.row()], then=far_cell), "sheet_too_wide"),
    "one cell in row 1,000,001": (files.xlsx_bytes([files.row()], then=deep_cell), "too_many_rows"),
    "two rosters in one workbook": (files.xlsx_bytes([files.row()], then=two_rosters), "several_sheets"),
    "quote never closed": (SOUND + b'331004001202,"' + b"a," * 200_000, "quote_open"),
    "too many parts": (
        files.rezip(XLSX, lambda _, old: old, extra={f"x/{i}": b"" for i in range(2100)}),
        "file_swollen",
    ),
}


def refusal(content: bytes):
    with pytest.raises(RosterError) as caught:
        for _ in Scan(open_roster(io.BytesIO(content)), files.villages(), today=files.TODAY).problems():
            pass
    return caught.value.problems


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_refused_with_words(name):
    content, code = BROKEN_FILES[name]

    problems = refusal(content)

    assert {problem.code for problem in problems} == {code}
    for language in ("zh-hans", "en"):
        sentence = describe(problems[0], language=language)
        assert sentence.what
        assert sentence.remedy


def test_zip_bomb_is_refused_before_it_is_unpacked():
    assert refusal(files.swollen_workbook())[0].code == "file_swollen"


def test_200_000_rows_pass_and_one_more_is_refused(monkeypatch):
    monkeypatch.setattr("customers.domain.roster.workbook.MOST_ROWS", 50)
    assert refusal(files.xlsx_bytes(files.people(51)))[0].code == "too_many_rows"

    scan = Scan(
        open_roster(io.BytesIO(files.xlsx_bytes(files.people(50)))), files.synthetic_villages(), today=files.TODAY
    )
    assert list(scan.problems()) == []
    assert scan.verdict.rows == 50


def test_every_missing_column_is_named_at_once():
    problems = refusal(files.csv_bytes([["1", "2", "3"]], header=("组", "姓名", "手机号")))

    assert [problem.column for problem in problems] == ["village_code", "household_number", "relation", "id_number"]
    assert describe(problems[1]).where == "第 1 行，户号"


def test_row_of_the_open_quote_is_told():
    assert refusal(BROKEN_FILES["quote never closed"][0])[0].row == 3
