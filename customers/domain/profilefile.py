"""Files of visits: one workbook for a form, laid out by its released definition, read back into the very document the page makes.

The sheet ``answers`` holds one row a household, business or unit: which one, the visit, every single answer. Each section of rows
has a sheet of its own, its rows led by the same key. Row 1 names the columns by code, row 2 in words, data begin in row 3. Options are taken by
code or by their words in either language, amounts are yuan. A zip of csv files named after the sheets says the same.
"""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import python_calamine

from customers.domain import consents, members, visits, words
from customers.domain.catalogue import RELATIONS, Words
from customers.domain.economics import Problem
from customers.domain.form import Field, Form, Section
from customers.domain.form.reading import answer, put
from customers.domain.profile_sheets import (
    ANSWERS,
    KEYS,
    OPTIONS,
    SAID,
    Cells,
    Key,
    Member,
    Target,
    called,
    key_cells,
    key_of,
    says_whom,
    sheets_of,
    visit_columns,
)
from customers.domain.roster.cells import clean
from customers.domain.roster.problems import refused
from customers.domain.roster.workbook import survey

MOST_SUBJECTS: Final = 1000
LARGEST_CSV: Final = 50 * 2**20
FIRST_DATA_ROW: Final = 3
LONGEST_SHOWN: Final = 60

_YES: Final = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓"})
_NO: Final = frozenset({"否", "无", "no", "n", "false", "0", "×"})
_DAY: Final = re.compile(r"([12][0-9]{3})[-/.年]([01]?[0-9])[-/.月]([0-3]?[0-9])日?")
_PATH: Final = re.compile(r"([\w.]+?)\.(\d+)(?:\.(\w+))?$")
BETWEEN: Final = "；"

Table = list[tuple[int, Cells]]


# --- Findings -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in one cell (row 0: the sheet or the file as a whole), in both languages, with what to do."""

    sheet: str
    row: int
    column: str
    code: str
    value: str
    zh: str
    en: str


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "sheet_missing": ("没有“{value}”这张表，请用下载的模板", "There is no sheet “{value}”; use the template"),
    "sheet_unknown": ("表单里没有“{value}”，请删去这张表或用新模板", "The form has no “{value}”; delete the sheet or use the present template"),
    "column_missing": ("缺少这一列，请用下载的模板", "This column is missing; use the template"),
    "column_unknown": ("表单里没有“{value}”这一列，请删去或用新模板", "The form has no column “{value}”; delete it or use the present template"),
    "column_twice": ("这一列出现了两次，请删去一列", "This column stands twice; delete one"),
    "formula": ("有公式，请粘贴为数值", "Holds a formula; paste it as a value"),
    "nothing": ("没有数据，从第 3 行起每户（每家）一行", "No data: one row each from row 3 on"),
    "too_many": ("超过 1,000 行，请按网格分成几个文件", "More than 1,000 rows; split the file by grid"),
    "key_missing": ("请填村代码和户号", "Give village code and household number"),
    "key_missing_entity": ("请填信用代码，没有的填网格和名称", "Give the credit code; without one, grid and name"),
    "not_found": ("您管的网格里没有这一户，请核对村代码和户号", "No such household in the grids you handle; check village code and number"),
    "not_found_entity": ("您管的网格里没有这一家，请核对信用代码，或网格和名称", "No such one in the grids you handle; check the credit code, or grid and name"),
    "unclear": ("这个网格有几家“{value}”，请填信用代码，或写成 名称@编号（导出文件里有）", "Several in this grid are called “{value}”; give the credit code, or write name@number as in an export"),
    "twice": ("和第 {value} 行是同一户（家），只留一行", "The same as row {value}; one row each"),
    "no_answers": ("“答案”表里没有这一户（家），请在那里加一行", "It has no row on the sheet “answers”; add one"),
    "member_unknown": ("这户没有成员“{value}”，请核对姓名", "The household has no member “{value}”; check the name"),
    "member_unclear": ("这户有几个“{value}”，写成 姓名@编号（导出文件里有）", "Several members are called “{value}”; write name@number as in an export"),
    "lead_unknown": ("没有工号“{value}”，或此人当天不管这个网格", "There is no staff number “{value}”, or that officer did not cover the grid that day"),
    "word_unknown": ("不认识“{value}”，可填：{also}", "“{value}” is not known; possible: {also}"),
    "time_wrong": ("“{value}”不是时间，写成 14:30", "“{value}” is no time; write 14:30"),
    "day_wrong": ("“{value}”不是日期，写成 2026-11-21", "“{value}” is no date; write 2026-11-21"),
}  # fmt: skip


def finding(sheet: str, row: int, column: str, code: str, value: str = "", also: Words | None = None) -> Finding:
    """Return a finding of this module's own."""
    zh, en = _WORDS[code]
    shown = value[:LONGEST_SHOWN]
    return Finding(
        sheet,
        row,
        column,
        code,
        shown,
        zh.format(value=shown, also=also.zh if also else ""),
        en.format(value=shown, also=also.en if also else ""),
    )


# --- Reading the file ---------------------------------------------------------------------------------------------


def read_tables(file: BinaryIO) -> tuple[dict[str, list[list[str]]], list[Finding]]:
    """Return the texts of every sheet by code; raises RosterError for what is neither a workbook nor a zip of csv files."""
    file.seek(0)
    if not file.read(4).startswith(b"PK\x03\x04"):
        raise refused("file_archive")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                return _csv_tables(archive), []
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise refused("file_damaged") from error
    surveys = survey(file)
    formulas = [
        finding(_code(name), row, letters, "formula")
        for name, one in surveys.items()
        if _code(name) != OPTIONS
        for letters, rows in one.formulas.items()
        for row in rows[:20]
    ]
    file.seek(0)
    try:
        book = python_calamine.load_workbook(file)
        return {_code(name): _texts(book.get_sheet_by_name(name)) for name in book.sheet_names}, formulas
    except (python_calamine.CalamineError, python_calamine.PasswordError, OSError, ValueError) as error:
        raise refused("file_damaged") from error


def _code(name: str) -> str:
    """The code of a sheet called ``财产 assets``."""
    return name.rpartition(" ")[2].strip().lower()


def _texts(sheet: Any) -> list[list[str]]:
    if sheet.start is None:
        return []
    column = sheet.start[1]
    return [[""] * column + [_text(cell) for cell in cells] for cells in sheet.iter_rows()]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%d") if cell.time() == datetime.time() else cell.isoformat(" ")
    if isinstance(cell, datetime.time):
        return cell.strftime("%H:%M")
    return clean(str(cell))


def _csv_tables(archive: zipfile.ZipFile) -> dict[str, list[list[str]]]:
    entries = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
    if not entries:
        raise refused("file_archive")
    if sum(one.file_size for one in entries) > LARGEST_CSV or len(entries) > 100:
        raise refused("file_swollen")
    found = {}
    for entry in entries:
        block = archive.read(entry)
        try:
            text = block.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = block.decode("gb18030", errors="replace")
        rows = csv.reader(io.StringIO(text, newline=""))
        found[_code(entry.filename.rpartition("/")[2][:-4])] = [[clean(cell) for cell in row] for row in rows]
    return found


def tables_of(form: Form, raw: Mapping[str, list[list[str]]]) -> tuple[dict[str, Table], list[Finding]]:
    """Return the rows of each sheet by column, and what is wrong with sheets and columns."""
    found: dict[str, Table] = {}
    wrong: list[Finding] = []
    sheets = {sheet.code: sheet for sheet in sheets_of(form)}
    wrong += [finding(code, 0, "", "sheet_unknown", code) for code in raw if code not in (*sheets, OPTIONS)]
    if ANSWERS not in raw:
        wrong.append(finding(ANSWERS, 0, "", "sheet_missing", ANSWERS))
    for code, sheet in sheets.items():
        rows = raw.get(code, [])
        head = [clean(cell).lower() for cell in rows[0]] if rows else []
        known = [column.code for column in sheet.columns]
        for place, name in enumerate(head):
            if name and name not in known:
                wrong.append(finding(code, 1, name, "column_unknown", name))
            elif name and name in head[:place]:
                wrong.append(finding(code, 1, name, "column_twice"))
        keys = tuple(name for name, _words in KEYS[form.subject])
        needed = (*keys, *(("visit.outcome",) if code == ANSWERS else ()))
        wrong += [finding(code, 1, name, "column_missing") for name in needed if rows and name not in head]
        places = {name: place for place, name in reversed(list(enumerate(head))) if name in known}
        found[code] = [
            (at, cells)
            for at, row in enumerate(rows[FIRST_DATA_ROW - 1 :], start=FIRST_DATA_ROW)
            if any(cells := {name: row[place] for name, place in places.items() if place < len(row) and row[place]})
        ]
    if ANSWERS in raw and not found.get(ANSWERS):
        wrong.append(finding(ANSWERS, 0, "", "nothing"))
    if len(found.get(ANSWERS, ())) > MOST_SUBJECTS:
        wrong.append(finding(ANSWERS, 0, "", "too_many"))
        found[ANSWERS] = found[ANSWERS][:MOST_SUBJECTS]
    return found, wrong


# --- From rows to the document ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One row of ``answers``: whom it is about, the visit as said (codes), the document as typed, and where each row of it stands."""

    at: int
    place: int
    visit: Mapping[str, str]
    document: dict[str, Any] | None
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def finding(self, form: Form, problem: Problem) -> Finding:
        """Return what a rule said about it, at the cell it is about."""
        sheet, row, column = self._place(form, problem.path)
        return Finding(sheet, row, column, problem.code, problem.value[:LONGEST_SHOWN], *_sentences(problem))

    def _place(self, form: Form, path: str) -> tuple[str, int, str]:
        found = _PATH.match(path)
        if found and f"{found[1]}.{found[2]}" in self.places:
            sheet, row = self.places[f"{found[1]}.{found[2]}"]
            return sheet, row, found[3] or ""
        section = next((one for one in form.lists() if one.at == path), None)
        if section is not None:
            return section.code, 0, ""
        asked = next((one.code for one in form.answers.values() if one.at == path), "")
        said = {"visit_on": "visit.on", "visit_at": "visit.at", "device_at": "visit.on"}.get(path, f"visit.{path}")
        return ANSWERS, self.at, asked or (said if said in dict(visit_columns(form.subject)) else path)


def _sentences(problem: Problem) -> tuple[str, str]:
    for source in (visits, members, consents):
        if problem.code in source.SENTENCES:
            said = source.sentence
            return said(problem.code, problem.value, "zh"), said(problem.code, problem.value, "en")
    return words.sentence(problem, "zh"), words.sentence(problem, "en")


def subjects_of(
    form: Form, tables: Mapping[str, Table], find: Callable[[Key], Target | str]
) -> tuple[list[Subject], list[Finding]]:
    """Return everything the file is about with its document, and what keeps rows from belonging anywhere.

    ``find`` answers with whom a key names, or with the code of why it names nobody.
    """
    wrong: list[Finding] = []
    first: dict[int, int] = {}
    told: set[Key] = set()
    about: dict[int, Target] = {}
    column = KEYS[form.subject][-1][0]
    for at, cells in tables.get(ANSWERS, ()):
        key = key_of(form.subject, cells)
        target = _target(form, key, find)
        told.add(key)
        if isinstance(target, str):
            shown = key[-1] if target == "unclear" else " ".join(part for part in key if part)
            wrong.append(finding(ANSWERS, at, column, target, shown))
        elif target.place in first:
            wrong.append(finding(ANSWERS, at, column, "twice", str(first[target.place])))
        else:
            first[target.place], about[at] = at, target
    rows: dict[int, dict[str, Table]] = {}
    for section in form.lists():
        for at, cells in tables.get(section.code, ()):
            key = key_of(form.subject, cells)
            target = _target(form, key, find)
            if isinstance(target, str) or target.place not in first:
                if key not in told:  # else it was said there
                    wrong.append(
                        finding(section.code, at, column, "no_answers", " ".join(part for part in key if part))
                    )
            else:
                rows.setdefault(target.place, {}).setdefault(section.code, []).append((at, cells))
    found = []
    for at, cells in tables.get(ANSWERS, ()):
        if at in about:
            subject, more = _subject(form, at, about[at], cells, rows.get(about[at].place, {}))
            found.append(subject)
            wrong += more
    return found, wrong


def _target(form: Form, key: Key, find: Callable[[Key], Target | str]) -> Target | str:
    target: Target | str = find(key) if says_whom(form.subject, key) else "key_missing"
    if target in ("key_missing", "not_found") and form.subject != "household":
        return f"{target}_entity"
    return target


def _subject(
    form: Form, at: int, target: Target, cells: Cells, rows: Mapping[str, Table]
) -> tuple[Subject, list[Finding]]:
    writer = _Writer(target.members)
    visit = {
        code.removeprefix("visit."): writer.said(at, code, cells.get(code, ""))
        for code, _label in visit_columns(form.subject)
    }
    answers = {
        asked.at: value
        for code, asked in form.answers.items()
        if (value := writer.value(ANSWERS, at, asked, cells.get(code, ""))) is not None
    }
    document: dict[str, Any] = {"version": 1}
    for section in form.lists():
        made = writer.rows(section, rows.get(section.code, []))
        if made or "." not in section.at:
            put(document, section.at, made)
    for place, value in answers.items():
        put(document, place, value)
    says = any(place != "borrower" for place in answers) or any(rows.values())
    subject = Subject(at=at, place=target.place, visit=visit, document=document if says else None, places=writer.places)
    return subject, writer.wrong


class _Writer:
    """Writes the document of one household and notes where each row came from."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.places: dict[str, tuple[str, int]] = {}
        self.wrong: list[Finding] = []

    def said(self, at: int, code: str, text: str) -> str:
        """What a column of the visit says, as a code, a day or as typed."""
        if not text:
            return ""
        if code in SAID:
            found = _option(text, ((name, label) for name, label in SAID[code].items()))
            if found is None:
                also = Words(
                    "、".join(one.zh for one in SAID[code].values()), ", ".join(one.en for one in SAID[code].values())
                )
                self.wrong.append(finding(ANSWERS, at, code, "word_unknown", text, also))
            return found or ""
        if code == "visit.person_met":
            return self.person(ANSWERS, at, code, text) or ""
        if code in ("visit.on", "visit.next_visit_on"):
            return self._day(ANSWERS, at, code, text)
        if code == "visit.at" and not re.fullmatch(r"([01]?[0-9]|2[0-3])[:：][0-5][0-9](:00)?", text):
            self.wrong.append(finding(ANSWERS, at, code, "time_wrong", text))
            return ""
        if code == "visit.sure":
            return "1" if text.lower() in _YES else ""
        return text

    def _day(self, sheet: str, at: int, code: str, text: str) -> str:
        found = _day(text)
        if found is None:
            self.wrong.append(finding(sheet, at, code, "day_wrong", text))
        return found or ""

    def rows(self, section: Section, rows: Table) -> list[dict[str, Any]]:
        """The rows of a section as typed; without any, every member stands with name and relation."""
        if section.shape == "members" and not rows:
            return [{"person": one.person, "relation": one.relation} for one in self.members]
        made = []
        for place, (at, cells) in enumerate(rows):
            self.places[f"{section.at}.{place}"] = (section.code, at)
            row: dict[str, Any] = self._member(section, at, cells) if section.shape == "members" else {}
            for asked in section.fields:
                value = self.value(section.code, at, asked, cells.get(asked.code, ""))
                if value is not None:
                    row[asked.code] = value
            made.append(row)
        return made

    def _member(self, section: Section, at: int, cells: Cells) -> dict[str, Any]:
        person = self.person(section.code, at, "member.name", cells.get("member.name", ""))
        known = {one.person: one.relation for one in self.members}
        relation = cells.get("member.relation", "")
        code = (
            _option(relation, ((one.code, Words(one.zh, one.en)) for one in RELATIONS.values())) if relation else None
        )
        return {"person": person or "", "relation": code or relation or known.get(person or "", "")}

    def person(self, sheet: str, at: int, column: str, text: str) -> str | None:
        """The member a cell names: by name, or name@number where two are called the same."""
        name, _mark, number = text.partition("@")
        found = [one for one in self.members if one.name == name.replace(" ", "") and number in ("", one.person)]
        if len(found) == 1:
            return found[0].person
        if text:
            self.wrong.append(finding(sheet, at, column, "member_unclear" if found else "member_unknown", text))
        return None

    def value(self, sheet: str, at: int, asked: Field, text: str) -> Any:
        """What a cell says, as the page would send it; None for nothing. What cannot be read stays as typed, for the form to refuse."""
        if not text:
            return None
        options = [(one.code, one.words) for one in asked.options]
        if asked.type == "choice":
            return _option(text, options) or text
        if asked.type == "choices":
            parts = [part.strip() for part in re.split(r"[;；|]", text) if part.strip()]
            return [_option(part, options) or part for part in parts]
        if asked.type == "yes_no":
            word = text.lower()
            return True if word in _YES else False if word in _NO else text
        if asked.type == "member":
            return self.person(sheet, at, asked.code, text)
        if asked.type == "day":
            return _day(text) or text
        return text


def _option(text: str, options: Iterable[tuple[str, Words]]) -> str | None:
    # Cells come in one spelling (full-width signs folded), so words are compared in it.
    wanted = text.strip().casefold()
    for code, label in options:
        if wanted in (code, clean(label.zh).casefold(), clean(label.en).casefold()):
            return code
    return None


def _day(text: str) -> str | None:
    found = _DAY.fullmatch(text.partition(" ")[0])
    if not found:
        return None
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


# --- And back: the document as rows -------------------------------------------------------------------------------


def cells_of(
    form: Form,
    document: Mapping[str, Any],
    key: Key,
    visit: Mapping[str, str],
    members: Sequence[Member],
    language: str,
) -> Iterator[tuple[str, Cells]]:
    """Yield the rows that say a document, the one of ``answers`` first; read back they make the same document."""
    lead = key_cells(form.subject, key)
    named = _names(members)
    answers = {code: _shown(asked, answer(document, asked.at), named, language) for code, asked in form.answers.items()}
    said = {
        f"visit.{name}": SAID[f"visit.{name}"][value].label(language) if f"visit.{name}" in SAID and value else value
        for name, value in visit.items()
    }
    yield ANSWERS, lead | said | answers
    for section in form.lists():
        for row in answer(document, section.at) or ():
            cells = {asked.code: _shown(asked, row.get(asked.code), named, language) for asked in section.fields}
            if section.shape == "members":
                relation = RELATIONS.get(row.get("relation", ""))
                cells["member.name"] = named.get(row.get("person", ""), row.get("person", ""))
                cells["member.relation"] = relation.label(language) if relation else row.get("relation", "")
            yield section.code, lead | cells


def _names(members: Sequence[Member]) -> dict[str, str]:
    names = [one.name for one in members]
    return {one.person: called(one.name, int(one.person), names) for one in members}


def _shown(asked: Field, value: Any, named: Mapping[str, str], language: str) -> str:
    if value is None or value == "":
        return ""
    if asked.type == "yes_no":
        return {"zh": ("否", "是"), "en": ("no", "yes")}["en" if language.startswith("en") else "zh"][bool(value)]
    if asked.type == "member":
        return named.get(str(value), str(value))
    if asked.type == "choice":
        return asked.choices[value].words.label(language) if value in asked.choices else str(value)
    if asked.type == "choices":
        return BETWEEN.join(asked.choices[one].words.label(language) if one in asked.choices else one for one in value)
    return str(value)
