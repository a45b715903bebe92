"""Filled sheets: every fault at once, by row and column; nothing else than what a row says."""

import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.tablefile import TableRefusedError
from credit.domain import sheetfile
from credit.domain.opinions import Opinion
from credit.domain.rules import RoundRules
from credit.domain.sheetfile import COLUMNS, WORDS, Expected, check, describe, offer, order_check, row_name

SHEET = UUID(int=5)
PARAMETERS = Path("credit/parameters")
RULES = RoundRules.from_releases(
    json.loads((PARAMETERS / "round_rules.json").read_text("utf-8")),
    json.loads((PARAMETERS / "refuse_reasons.json").read_text("utf-8")),
)
EXPECTED = {row_name(SHEET, home): Expected(home, f"0{home:02d}", is_kin=home == 9) for home in range(1, 10)}


def filled(*rows: Mapping[str, str], homes: Sequence[int] = tuple(range(1, 10))) -> list[tuple[int, dict[str, str]]]:
    """Rows as a reader gives them, from line 6 on."""
    return [
        (6 + place, {**dict.fromkeys(COLUMNS, ""), "number": f"0{home:02d}", "row": row_name(SHEET, home), **row})
        for place, (home, row) in enumerate(zip(homes, rows, strict=False))
    ]


def told(*rows: Mapping[str, str], **options: Sequence[int]) -> list[tuple[int, str, str]]:
    _found, faults = check(filled(*rows, **options), expected=EXPECTED, rules=RULES)
    return [(fault.row, fault.column, fault.code) for fault in faults]


def test_a_row_says_one_thing_and_a_blank_one_nothing() -> None:
    rows = filled(
        {"amount": "3"},
        {"kind": "建议额度", "amount": "3.5"},
        {"reasons": "1，3"},
        {"kind": "No credit", "reasons": "2 欠债较多"},
        {"kind": "不了解"},
        {"kind": "Kin"},
        {},
        {"reasons": offer(5, "长期外出，村里无人")},
    )
    found, faults = check(rows, expected=EXPECTED, rules=RULES)
    assert not faults
    assert found == {
        1: Opinion.suggest(Decimal(30_000)),
        2: Opinion.suggest(Decimal(35_000)),
        3: Opinion.refuse("poor_credit", "no_income"),
        4: Opinion.refuse("heavy_debts"),
        5: Opinion.unknown(),
        6: Opinion.recused(),
        8: Opinion.refuse("long_absent"),
    }


def test_every_fault_is_told_in_one_pass() -> None:
    faults = told(
        {"amount": "三万"},
        {"amount": "3.55"},
        {"amount": "30000"},
        {"amount": "0"},
        {"amount": "3", "reasons": "1"},
        {"kind": "同意"},
        {"kind": "不宜授信"},
        {"reasons": "1,99"},
    )
    assert faults == [
        (6, "amount", "amount_invalid"),
        (7, "amount", "amount_places"),
        (8, "amount", "amount_above_limit"),
        (9, "amount", "amount_not_positive"),
        (10, "amount", "both"),
        (11, "kind", "kind_unknown"),
        (12, "reasons", "reason_missing"),
        (13, "reasons", "reason_unknown"),
    ]


def test_rows_that_moved_are_noticed() -> None:
    assert told({"number": "007", "amount": "3"}) == [(6, "number", "number_differs")]
    assert told({"amount": "3"}, {"amount": "3"}, homes=(1, 1)) == [(7, "number", "twice")]
    assert told({"amount": "3"}, {"row": "", "amount": "3"}) == [(7, "row", "row_missing")]
    assert told({"amount": "3"}, {"row": "abc", "amount": "3"}) == [(7, "row", "row_unknown")]
    assert told({"number": "1", "amount": "3"}) == [], "a spreadsheet drops the zeros in front"


def test_the_file_of_another_sheet_fits_nowhere() -> None:
    rows = [(6, {**dict.fromkeys(COLUMNS, ""), "number": "001", "row": row_name(UUID(int=6), 1), "amount": "3"})]
    assert check(rows, expected=EXPECTED, rules=RULES) == ({}, [sheetfile.Fault(0, "", "other_sheet")])


def test_declared_kin_stays_kin() -> None:
    assert told({"amount": "3"}, homes=(9,)) == [(6, "kind", "kin")]
    found, faults = check(filled({"kind": "亲属回避"}, homes=(9,)), expected=EXPECTED, rules=RULES)
    assert (found, faults) == ({}, []), "it says so already"


def test_a_file_that_is_no_sheet_says_why() -> None:
    with pytest.raises(TableRefusedError) as refused:
        sheetfile.read(io.BytesIO("户号,意见,建议额度\n1,不了解,\n".encode()))
    assert {(fault.column, fault.code) for fault in sheetfile.faults_of(refused.value)} == {
        ("row", "column_missing"),
        ("reasons", "column_missing"),
    }


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_fault_has_words(language: str) -> None:
    for code in [*WORDS, "file_pdf"]:
        words = describe(sheetfile.Fault(3, "amount", code, "7", "9"), language)
        assert words["what"]
        assert words["remedy"]
        assert "{" not in f"{words['what']}{words['remedy']}"
    assert describe(sheetfile.Fault(0, "", "blank"), language)["row"] is None


@given(st.lists(st.integers(1, 2**40), unique=True, min_size=2, max_size=30), st.randoms())
def test_the_check_follows_the_order(homes: list[int], random) -> None:
    """Two orders of the same rows share their letters once in some 800,000."""
    check_of = order_check(SHEET, homes)
    assert len(check_of) == 4
    assert check_of == order_check(SHEET, iter(homes))
    assert len({row_name(SHEET, home) for home in homes}) == len(homes)


def test_swapped_rows_change_the_check() -> None:
    orders = {order_check(SHEET, order) for order in ([1, 2, 3], [1, 3, 2], [2, 1, 3], [3, 2, 1])}
    assert len(orders) == 4
