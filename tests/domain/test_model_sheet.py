"""A model as tables, and facts as people type them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from credit.domain.model import Label, Model, ValueType, read_model
from credit.domain.model_sheet import names_of, sheet
from credit.domain.typed_facts import read_facts, read_number, read_parameters

SCHEMES = sorted(Path("credit/schemes").glob("*.json"))


def model(name: str) -> Model:
    return read_model(next(path for path in SCHEMES if path.name.startswith(f"{name}_")).read_bytes())


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_shipped_scheme_reads_as_tables(path: Path, language: str) -> None:
    read = read_model(path.read_bytes())
    shown = sheet(read, language)
    assert [one.name for one in shown.inputs] == [one.name for one in read.inputs]
    for one in (*shown.derived, *shown.items, *shown.lines, *shown.caps, shown.combined):
        assert one.words or one.rows, one.name
        assert one.label
    if language == "en":
        said = json.dumps([shown.title, [one.words for one in shown.lines]], ensure_ascii=False)
        assert not any("一" <= sign <= "鿿" for sign in said)


def test_bands_and_formulas_are_said_as_the_paper_sheet_says_them() -> None:
    shown = sheet(model("s1"))
    items = {one.name: one for one in shown.items}
    assert items["persons_points"].rows == (("不低于 3", "10"), ("不低于 2，且低于 3", "8"), ("低于 2", "3"))
    assert items["judgement_points"].rows[0] == ("优秀", "20")
    assert shown.full_score == "100"
    assert [one.label for one in shown.grades] == ["一级", "二级", "三级", "四级"]
    assert shown.grades[0].values == ("0.7", "1")
    deduction = next(one for one in shown.derived if one.name == "breach_deduction")
    assert "逐条" in deduction.words
    assert deduction.inner[0].rows[0] == ("不超过 30", "0")
    veto = shown.vetoes[0]
    assert veto.label == "信用等级为四级，不授信"
    assert veto.words == "信用等级 ＝ 四级"


def test_names_of_formulas_have_words() -> None:
    names = names_of(model("s1"), "zh-hans")
    assert names["total_assets"] == "财产总值"
    assert names["base_assets"] == "财产总值基数"


@pytest.mark.parametrize(
    ("text", "value_type", "value"),
    [
        ("35000", ValueType.MONEY, Decimal(35000)),
        ("３５，０００．５", ValueType.MONEY, Decimal("35000.50")),
        (" 2 ", ValueType.INT, Decimal(2)),
        ("-0.12345678", ValueType.RATIO, Decimal("-0.12345678")),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value_type: ValueType, value: Decimal) -> None:
    assert read_number(text, value_type) == value


@pytest.mark.parametrize(
    ("text", "value_type"),
    [
        ("三万", ValueType.MONEY),
        ("1e400", ValueType.MONEY),
        ("0.001", ValueType.MONEY),
        ("2.5", ValueType.INT),
        ("nan", ValueType.RATIO),
        ("9" * 60, ValueType.INT),
    ],
)
def test_what_is_no_such_number_says_what_to_do(text: str, value_type: ValueType) -> None:
    said = read_number(text, value_type)
    assert isinstance(said, Label)
    assert said.zh
    assert said.en


def test_facts_are_read_together_with_everything_that_cannot_be() -> None:
    texts: dict[str, str] = {"persons": "三", "labour": "2", "record": "正常", "judgement": "better"}
    events = {"breaches": [{"days_overdue": "40", "settled": "", "measure": "催收", "subject": "principal"}]}
    facts, unread = read_facts(model("s1"), texts, events)
    assert facts["labour"] == 2
    assert facts["record"] == "normal"
    assert facts["net_income"] is None
    assert {one.place for one in unread} == {"persons", "judgement", "breaches.0.settled"}


def test_a_parameter_outside_its_range_is_named() -> None:
    given: dict[str, Any] = {"base_assets": "1", "base_net_assets": "", "base_realisable": "80000", "base_income": "4"}
    found, unread = read_parameters(model("s1").parameters, given)
    assert found == {"base_realisable": Decimal(80000)}
    assert {one.place for one in unread} == {"base_assets", "base_net_assets", "base_income"}
