"""A sheet as a workbook, to be filled away from the system: its rows in the sheet's own order, answers empty, the rest locked.

Whatever the draft says, the file is the same: a draft does not leave the system. It names households by number, head and a
masked ID number, and carries a hidden mark a row, by which a filled file finds back to its sheet (``credit/domain/sheetfile.py``).
"""

import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from config.lib import clock
from config.lib.display import day
from config.lib.sheets import ACCENT, FONT, INK, MUTED, RULE, SHADE
from credit.domain.rules import RoundRules
from credit.domain.sheetfile import ANSWERS, COLUMNS, KINDS, Expected, offer, order_check, row_name
from credit.models import Sheet
from credit.selectors.blank_sheets import printed_number
from credit.selectors.rounds import rows_in_order, rules_of
from customers.selectors.assessment import Card
from customers.selectors.identity import masked_ids_of_heads

_WIDTHS = {"place": 6, "number": 12, "head": 14, "id_number": 21, "group": 10, "members": 7, "kind": 13, "amount": 13}
_TALL = 22


def expected_rows(sheet: Sheet, subject_ids: list[int], kin: set[int]) -> dict[str, Expected]:
    """Return the rows a filled file of a sheet may have, by their hidden name."""
    return {
        row_name(sheet.uuid, card.subject_id): Expected(card.subject_id, card.number, card.subject_id in kin)
        for card in rows_in_order(sheet, subject_ids)
    }


def book(sheet: Sheet, subject_ids: list[int], language: str) -> bytes:
    """Return the workbook of a sheet in hand."""
    cards = rows_in_order(sheet, subject_ids)
    ids = masked_ids_of_heads(subject_ids)
    buffer = io.BytesIO()
    options = {
        "in_memory": True,  # customer data never rests in a temporary file
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as made:
        made.set_properties({"author": sheet.round.grid.institution.name, "created": clock.now().replace(tzinfo=None)})
        looks = _Looks.of(made)
        english = language.startswith("en")
        rules = rules_of(sheet.round)
        page = made.add_worksheet("Sheet" if english else "评议表")
        head = _head(page, sheet, rules, order_check(sheet.uuid, [card.subject_id for card in cards]), looks, language)
        _rows(page, sheet, cards, ids, head + 1, looks)
        _offers(page, rules, head + 1, head + len(cards), language)
        page.freeze_panes(head + 1, 3)
        page.repeat_rows(head)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        # No password: the lock keeps a slip of the hand off the households, the row marks keep everything else off.
        page.protect("", {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True})
    return buffer.getvalue()


@dataclass(frozen=True)
class _Looks:
    title: Any
    note: Any
    head: Any
    fixed: Any
    quiet: Any
    answer: Any
    figure: Any

    @classmethod
    def of(cls, made: Any) -> "_Looks":
        base = {"font_name": FONT, "font_color": INK, "valign": "vcenter"}
        cell = {**base, "font_size": 12, "bottom": 1, "bottom_color": RULE, "num_format": "@"}
        return cls(
            title=made.add_format({**base, "bold": True, "font_size": 16, "font_color": ACCENT}),
            note=made.add_format({**base, "font_size": 10, "font_color": MUTED}),
            head=made.add_format({**base, "bold": True, "font_size": 10, "text_wrap": True, "bg_color": SHADE, "border": 1, "border_color": RULE}),
            fixed=made.add_format(cell),
            quiet=made.add_format({**cell, "font_size": 10, "font_color": MUTED}),
            answer=made.add_format({**cell, "locked": False, "bg_color": "#FBFCFB", "border": 1, "border_color": RULE}),
            figure=made.add_format({**cell, "locked": False, "bg_color": "#FBFCFB", "border": 1, "border_color": RULE, "num_format": "0.0", "align": "right"}),
        )  # fmt: skip


def _head(page: Any, sheet: Sheet, rules: RoundRules, check: str, looks: _Looks, language: str) -> int:
    """Write what stands above the rows; return the line of the header."""
    english = language.startswith("en")
    round, grid = sheet.round, sheet.round.grid
    number, due = printed_number(sheet), day(round.due_on)
    listed = "　".join(f"{place} {reason.label(language)}" for place, reason in enumerate(rules.reasons, start=1))
    lines = (
        (
            f"Sheet {number}, check {check}. Due {due}. Fill in one opinion a household; leave the row empty if you say nothing.",
            f"Amounts in 万元 (10,000 yuan), at most one decimal, up to {rules.largest / 10_000:f}.",
            f"Reasons for no credit, by number, several parted by commas: {listed}",
        )
        if english
        else (
            f"表号 {number}　校验 {check}　截止 {due}　每户只填一种意见，不说的整行留空；填好当面交，不与他人商量",
            f"额度单位万元，最多一位小数，最高 {rules.largest / 10_000:f}",
            f"不宜授信原因填序号，几条用逗号隔开：{listed}",
        )
    )
    page.hide_gridlines(2)
    page.set_row(0, 28)
    title = "Village assessment sheet" if english else "整村授信评议表"
    page.write_string(0, 0, f"{title}　{grid.town}{grid.name}　{round.name}", looks.title)
    for line, text in enumerate(lines, start=1):
        page.write_string(line, 0, text, looks.note)
    head = len(lines) + 1
    page.set_row(head, 30)
    for place, (field, (zh, en, _more)) in enumerate(COLUMNS.items()):
        hidden = {"hidden": True} if field == "row" else {}
        page.set_column(place, place, _WIDTHS.get(field, 26), None, hidden)
        unit = "" if field != "amount" else " (万元)" if english else "（万元）"
        page.write_string(head, place, (en if english else zh) + unit, looks.head)
    return head


def _rows(page: Any, sheet: Sheet, cards: list[Card], ids: dict[int, str], first: int, looks: _Looks) -> None:
    for place, card in enumerate(cards, start=1):
        line = first + place - 1
        page.set_row(line, _TALL)
        values = {
            "place": str(place),
            "number": card.number,
            "head": card.head or "—",
            "id_number": ids.get(card.subject_id, ""),
            "group": card.group,
            "members": str(card.members),
            "row": row_name(sheet.uuid, card.subject_id),
        }
        for column, field in enumerate(COLUMNS):
            if field in ANSWERS:
                page.write_blank(line, column, None, looks.figure if field == "amount" else looks.answer)
            else:
                page.write_string(line, column, values[field], looks.fixed if field in ("number", "head") else looks.quiet)  # fmt: skip


def _offers(page: Any, rules: RoundRules, first: int, last: int, language: str) -> None:
    """Offer kinds and reasons to pick from; several reasons may be typed, so the list does not refuse them."""
    english = language.startswith("en")
    columns = {field: place for place, field in enumerate(COLUMNS)}
    kinds = [words[english] for words in KINDS.values()]
    wrong = "No such opinion" if english else "没有这种意见"
    page.data_validation(
        first, columns["kind"], last, columns["kind"],
        {"validate": "list", "source": kinds, "error_title": wrong, "error_message": "/".join(kinds)},
    )  # fmt: skip
    page.data_validation(
        first, columns["amount"], last, columns["amount"],
        {"validate": "decimal", "criteria": "between", "minimum": 0.1, "maximum": float(rules.largest / 10_000),
         "error_title": "Amount" if english else "建议额度",
         "error_message": "In 万元 (10,000 yuan)" if english else f"单位万元，0.1 到 {rules.largest / 10_000:f}"},
    )  # fmt: skip
    reasons = [offer(place, reason.label(language)) for place, reason in enumerate(rules.reasons, start=1)]
    if len(",".join(reasons)) > 250:
        reasons = [str(place) for place in range(1, len(rules.reasons) + 1)]
    page.data_validation(
        first, columns["reasons"], last, columns["reasons"],
        {"validate": "list", "source": reasons, "show_error": False},
    )  # fmt: skip
