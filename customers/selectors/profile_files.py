"""Files of visits as pages show them; the template of a form, and the newest revisions in its layout."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import xlsxwriter
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef

from config.lib.weeks import business_day
from customers import access
from customers.domain import profilefile
from customers.domain.form import Form
from customers.domain.profile_sheets import (
    ANSWERS,
    KEYS,
    OPTIONS,
    SAID,
    Column,
    Key,
    Member,
    called,
    sheets_of,
    visit_columns,
)
from customers.models import Household, Person, Profile, ProfileFile
from customers.selectors.forms import Edition
from grids.access import Post, PostKind

PER_PAGE: Final = 20
MOST: Final = profilefile.MOST_SUBJECTS
# Figures a spreadsheet may hold as numbers without losing a digit the document keeps.
_FIGURES: Final = frozenset({"yuan", "whole"})


def files_for(post: Post, number: str | None) -> Page[ProfileFile]:
    """Return one page of the files a post handles, the newest first."""
    files = access.profile_files_for(post).select_related("branch", "uploaded_by", "settled_by", "form")
    return Paginator(files.order_by("-uploaded_at", "-pk"), PER_PAGE).get_page(number)


def waiting_for(post: Post) -> int:
    """Count the files that wait for a branch manager other than who uploaded them."""
    if post.kind != PostKind.BRANCH_MANAGER:
        return 0
    waiting = access.profile_files_for(post).filter(state=ProfileFile.State.WAITING)
    return waiting.exclude(uploaded_by=post.staff_id).count()


# --- The workbook -------------------------------------------------------------------------------------------------


def template(edition: Edition, language: str) -> bytes:
    """Return the empty workbook of a form, every choice offered in its cells."""
    return _book(edition.form, language, {})


def export(post: Post, grid_id: int, edition: Edition, language: str, *, most: int = MOST) -> tuple[bytes, int]:
    """Return the newest revisions of a grid filled in by a form, the first ``most``, and how many; read back they make the same revisions.

    No number that identifies anybody is in them: members go by name. The visit stands as a return visit on its own day, for
    the officer to correct.
    """
    kind = edition.form.subject
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    rows = (
        access.profiles_for(post)
        .filter(~Exists(newer), grid_id=grid_id, form__key=edition.key, subject__left_on__isnull=True)
        .select_related("visit__lead", f"subject__{kind}__grid")
        .order_by("subject__household__number" if kind == "household" else f"subject__{kind}__sort_key", "pk")
    )
    profiles = list(rows[:most])
    keys = _keys([one.subject.place for one in profiles])
    people: dict[int, list[Member]] = {}
    present = Person.objects.filter(
        household__in=[one.subject_id for one in profiles], left_on__isnull=True, erased_at__isnull=True
    )
    for person in present.order_by("pk"):
        people.setdefault(person.household_id, []).append(Member(str(person.pk), person.name, person.relation))
    tables: dict[str, list[Mapping[str, str]]] = {}
    for profile in profiles:
        said = {
            "on": business_day(profile.visit.device_at).isoformat(),
            "lead": profile.visit.lead.number,
            "purpose": "revisit",
            "channel": profile.visit.channel,
            "called": profile.visit.called,
            **({} if kind == "household" else {"met_role": profile.visit.met_role}),
            "outcome": profile.visit.outcome,
            "consent": "standing",
            "sure": "是",
        }
        key, members = keys[profile.subject_id], people.get(profile.subject_id, [])
        for sheet, cells in profilefile.cells_of(edition.form, profile.document, key, said, members, language):
            tables.setdefault(sheet, []).append(cells)
    return _book(edition.form, language, tables), len(profiles)


def _keys(places: Sequence[Any]) -> dict[int, Key]:
    """Return how a file names places: a household by its number, any other by code, else by name."""
    names = [one.name for one in places if not isinstance(one, Household)]
    return {
        one.pk: (one.grid.division_code, one.number)
        if isinstance(one, Household)
        else (one.subject.uscc or "", one.grid.name, called(one.name, one.pk, names))
        for one in places
    }


def _book(form: Form, language: str, tables: Mapping[str, Iterable[Mapping[str, str]]]) -> bytes:
    buffer = io.BytesIO()
    options = {
        "in_memory": True,  # customer data never rests in a temporary file
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        code = book.add_format({"font_color": "#5E6A64", "font_size": 8, "num_format": "@"})
        head = book.add_format(
            {
                "bold": True,
                "bg_color": "#EEF3F0",
                "text_wrap": True,
                "valign": "top",
                "border": 1,
                "border_color": "#C9D2CC",
            }
        )
        text = book.add_format({"num_format": "@"})
        figure = book.add_format({"num_format": "#,##0.00"})
        for sheet in sheets_of(form):
            page = book.add_worksheet(_sheet_name(sheet.words.label(language), sheet.code))
            for place, column in enumerate(sheet.columns):
                asked = column.asked
                is_figure = asked is not None and asked.type in _FIGURES
                page.set_column(place, place, 14, figure if is_figure and asked and asked.type == "yuan" else text)
                page.write_string(0, place, column.code, code)
                page.write_string(1, place, _heading(column, language), head)
                offered = _offered(column, language)
                if offered and len(",".join(offered)) <= 250:
                    page.data_validation(
                        2, place, MOST + 1, place, {"validate": "list", "source": offered, "error_type": "warning"}
                    )
            page.freeze_panes(2, len(KEYS[form.subject]))
            for line, cells in enumerate(tables.get(sheet.code, ()), start=2):
                for place, column in enumerate(sheet.columns):
                    value = cells.get(column.code, "")
                    if not value:
                        continue
                    if column.asked is not None and column.asked.type in _FIGURES:
                        page.write_number(line, place, float(value))
                    else:
                        page.write_string(line, place, value, text)
        _options(book, form, language, head)
    return buffer.getvalue()


def _heading(column: Column, language: str) -> str:
    words = column.words.label(language)
    asked = column.asked
    unit = (
        ""
        if asked is None
        else ("元" if not language.startswith("en") else "yuan")
        if asked.type == "yuan"
        else asked.unit.label(language)
        if asked.unit
        else ""
    )
    needed = asked is not None and asked.required
    return f"{words}{f'（{unit}）' if unit else ''}{' *' if needed else ''}"


def _offered(column: Column, language: str) -> list[str]:
    if column.code in SAID:
        return [words.label(language) for words in SAID[column.code].values()]
    if column.asked is None or column.asked.type not in ("choice", "yes_no"):
        return []
    if column.asked.type == "yes_no":
        return ["yes", "no"] if language.startswith("en") else ["是", "否"]
    return [one.words.label(language) for one in column.asked.options if not one.retired]


def _options(book: Any, form: Form, language: str, head: Any) -> None:
    """A sheet that says what each choice may hold; it is not read back."""
    page = book.add_worksheet(_sheet_name("选项" if not language.startswith("en") else "Options", OPTIONS))
    page.set_column(0, 4, 22)
    for place, words in enumerate(("sheet", "column", "code", "中文", "English")):
        page.write_string(0, place, words, head)
    lines = [
        (ANSWERS, code, name, words.zh, words.en)
        for code, _label in visit_columns(form.subject)
        for name, words in SAID.get(code, {}).items()
    ]
    for sheet in sheets_of(form):
        for column in sheet.columns:
            offered = [one for one in column.asked.options if not one.retired] if column.asked else []
            lines.extend((sheet.code, column.code, one.code, one.words.zh, one.words.en) for one in offered)
    for line, cells in enumerate(lines, start=1):
        for place, cell in enumerate(cells):
            page.write_string(line, place, cell)


def _sheet_name(words: str, code: str) -> str:
    clean = "".join(" " if sign in "[]:*?/\\'" else sign for sign in words).replace(" ", "")
    return f"{clean[: 30 - len(code)]} {code}"[:31]
