"""Makers of roster files, sound ones and broken ones, for tests and benches. Everybody in them is made up."""

import csv
import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import xlsxwriter

from customers.domain.identity import make_id, make_phone
from customers.domain.roster.villages import Village, Villages

HEADER = ("村代码", "村", "组", "户号", "姓名", "与户主关系", "身份证号", "手机号", "住址")
TODAY = date(2026, 11, 21)
VILLAGES = (
    Village(101, "331004001202", "方林村委会", "路南街道", ("老方林村",)),
    Village(102, "331004001002", "方林社区居委会", "路南街道"),
    Village(103, "370685101201", "大秦家村委会", "大秦家街道", (), ("370685101999",)),
    Village(104, "370685102205", "东坡村委会", "辛庄镇"),
    Village(105, "370685103206", "东坡村委会", "蚕庄镇"),
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾解"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英兰玉梅建国志华文斌海燕春红德福永和乐长顺"


def villages() -> Villages:
    """The villages that the files below belong to."""
    return Villages(VILLAGES)


def row(**changes: str) -> list[str]:
    """One sound row (a head living alone), with some of its cells changed; keys are the Chinese titles."""
    sound = {
        "村代码": "331004001202",
        "村": "方林村委会",
        "组": "1组",
        "户号": "H0001",
        "姓名": "王建国",
        "与户主关系": "户主",
        "身份证号": make_id("331004", date(1980, 1, 1), 1),
        "手机号": make_phone(1),
        "住址": "路南街道方林村1号",
    }
    return list({**sound, **changes}.values())


def people(
    count: int, *, seed: int = 1, per_household: tuple[int, int] = (2, 5), grids: int = 40
) -> Iterator[list[str]]:
    """`count` sound rows in whole households, in villages `synthetic_villages(grids)`; deterministic."""
    rng = random.Random(seed)
    start = date(1935, 1, 1)
    made = 0
    household = 0
    while made < count:
        household += 1
        village = synthetic_village(household % grids)
        surname = rng.choice(_SURNAMES)
        for place in range(min(rng.randint(*per_household), count - made)):
            made += 1
            relation, male = (("户主", True), ("妻", False), ("子", True), ("女", False), ("父亲", True))[place]
            sequence = (made * 2 + (1 if male else 0)) % 998 + (0 if (made * 2 + male) % 998 else 2)
            born = start + timedelta(days=(made * 7919) % 27_000)
            name = surname + rng.choice(_GIVEN) + rng.choice(("", rng.choice(_GIVEN)))
            yield [
                village.code,
                village.name,
                f"{household % 9 + 1}组",
                f"{household:07d}",
                name,
                relation,
                make_id(f"{331004 + 1000 * (made // 13_500_000)}", born, sequence),
                make_phone(made % 100_000_000),
                f"路南街道{village.name}{household}号",
            ]


def synthetic_village(index: int) -> Village:
    """One of the villages that `people` live in."""
    return Village(
        index + 1, f"3310040012{index % 100:02d}" if index < 100 else f"331004{index:06d}", f"第{index}村委会"
    )


def synthetic_villages(grids: int = 40) -> Villages:
    """The villages that `people` live in."""
    return Villages(synthetic_village(index) for index in range(grids))


def csv_bytes(
    rows: Iterable[Sequence[str]],
    *,
    header: Sequence[str] | None = HEADER,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> bytes:
    """Rows as delimited text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(
    rows: Iterable[Sequence[Any]],
    *,
    header: Sequence[str] = HEADER,
    above: int = 0,
    then: Callable[[xlsxwriter.Workbook, Any], None] | None = None,
    sheets: Sequence[str] = ("名册",),
) -> bytes:
    """Rows as the first sheet of a workbook, all cells as text unless they are numbers or dates; `then` may add to the sheet."""
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"constant_memory": then is None, "default_date_format": "yyyy-mm-dd"}) as book:
        for index, name in enumerate(sheets):
            sheet = book.add_worksheet(name)
            if index:
                continue
            for line, cells in enumerate([["方林村户籍名册"], *[[]] * (above - 1), header] if above else [header]):
                sheet.write_row(line, 0, cells)
            start = above + 1
            for number, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(start + number, place, cell)
                    else:
                        sheet.write(start + number, place, cell)
            if then is not None:
                then(book, sheet)
    return memory.getvalue()


def big_workbook(path: Path, rows: int) -> Path:
    """A workbook of `people`, written cell by cell as text in a fraction of the time the writer library takes."""
    letters = "ABCDEFGHI"
    sound = xlsx_bytes([])
    with (
        zipfile.ZipFile(io.BytesIO(sound)) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                b'<?xml version="1.0" encoding="UTF-8"?><worksheet '
                b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            )
            for number, cells in enumerate(chain((HEADER,), people(rows)), start=1):
                line = "".join(
                    f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
                    for letter, cell in zip(letters, cells, strict=True)
                )
                sheet.write(f'<row r="{number}">{line}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
    return path


def rezip(content: bytes, change: Callable[[str, bytes], bytes], *, extra: dict[str, bytes] | None = None) -> bytes:
    """A workbook with some of its parts changed."""
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, text in (extra or {}).items():
            new.writestr(name, text)
    return memory.getvalue()


def swollen_workbook(megabytes: int = 450) -> bytes:
    """A workbook of some hundred kilobytes whose sheet unpacks to `megabytes`."""
    memory = io.BytesIO()
    sound = xlsx_bytes([row()])
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<?xml version='1.0'?><worksheet><sheetData>")
            for _ in range(megabytes):
                sheet.write(b" " * (1 << 20))
            sheet.write(b"</sheetData></worksheet>")
    return memory.getvalue()


def lying_workbook() -> bytes:
    """A workbook whose directory says that the sheet is far smaller than it is."""
    content = bytearray(xlsx_bytes(people(3000)))
    name = b"xl/worksheets/sheet1.xml"
    for signature, name_at, size_at in ((b"PK\x01\x02", 46, 24), (b"PK\x03\x04", 30, 22)):
        at = content.find(signature)
        while at >= 0:
            if content[at + name_at : at + name_at + len(name)] == name:
                struct.pack_into("<I", content, at + size_at, 2000)
            at = content.find(signature, at + 4)
    return bytes(content)


def old_workbook(*, password: bool = False) -> bytes:
    """The beginning of an old binary workbook, or of one that a password protects."""
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 1016
    return ole + ("EncryptedPackage" if password else "Workbook").encode("utf-16-le") + b"\x00" * 1024


def write(path: Path, content: bytes) -> Path:
    """Put a file on disk and return its path."""
    path.write_bytes(content)
    return path
