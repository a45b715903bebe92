"""The white list as csv, and receipts with all their faults told at once."""

import csv
import io

import pytest

from credit.domain import whitelist
from credit.domain.whitelist import COLUMNS, as_csv, check_receipt, read_receipt

LISTED = ["ZY2026-0001", "ZY2026-0002", "ZY2026-0003"]


def receipt(*rows: str, header: str = "合同号,结果,原因") -> io.BytesIO:
    return io.BytesIO("\n".join((header, *rows)).encode("utf-8-sig"))


def test_a_csv_keeps_long_numbers_as_text_and_formulas_harmless() -> None:
    row = dict.fromkeys(COLUMNS, "x") | {"id_number": "37068519700101001X", "card": "2026000000000019", "name": "=1+1"}
    text = as_csv([row]).decode("utf-8-sig")
    (head, one) = list(csv.reader(io.StringIO(text)))
    assert head == [zh for zh, _en in COLUMNS.values()]
    cells = dict(zip(COLUMNS, one, strict=True))
    assert (cells["id_number"], cells["card"], cells["name"]) == ("37068519700101001X\t", "2026000000000019\t", "'=1+1")


def test_a_right_receipt_is_read() -> None:
    rows = read_receipt(receipt("zy2026-0001,成功,", "ZY2026-0002,失败,证件已过期", "ZY2026-0003,OK,"))
    found, faults = check_receipt(rows, LISTED)
    assert not faults
    assert [found[one].is_accepted for one in LISTED] == [True, False, True]
    assert found["ZY2026-0002"].reason == "证件已过期"


def test_all_faults_are_told_in_one_pass() -> None:
    rows = read_receipt(
        receipt(
            "ZY2026-0001,成功,",
            "ZY2026-0001,成功,",
            "ZY2026-0002,大概,",
            "ZY2026-0003,失败,",
            ",成功,",
            "XX2026-9,成功,",
        )
    )
    found, faults = check_receipt(rows, LISTED)
    assert set(found) == {"ZY2026-0001"}
    assert [(fault.row, fault.column, fault.code) for fault in faults] == [
        (3, "contract", "twice"),
        (4, "result", "result_unknown"),
        (5, "reason", "reason_missing"),
        (6, "contract", "contract_missing"),
        (7, "contract", "contract_unknown"),
    ]
    told = whitelist.told(faults[0], "zh-hans")
    assert (told["row"], told["column"], told["value"], told["what"]) == (
        3,
        "合同号",
        "ZY2026-0001",
        "和第 2 行是同一个合同",
    )


def test_every_contract_needs_an_answer() -> None:
    _found, faults = check_receipt(read_receipt(receipt("ZY2026-0001,成功,", "ZY2026-0002,大概,")), LISTED)
    assert [(fault.code, fault.value) for fault in faults] == [
        ("result_unknown", "大概"),
        ("row_missing", "ZY2026-0003"),
    ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_fault_has_words(language: str) -> None:
    for code in (*whitelist.WORDS, "file_pdf"):
        told = whitelist.told(whitelist.Fault(1, "contract", code, "v", "2"), language)
        assert told["what"]
        assert told["remedy"]
