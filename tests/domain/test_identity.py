"""ID numbers and phone numbers (Semantics, section 8; Domain, section 8)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import identity, regions
from customers.domain.roster import idcolumn

TODAY = date(2026, 11, 21)

dates = st.dates(date(1907, 1, 1), TODAY)
numbers = st.builds(
    identity.make_id, st.sampled_from(["331004", "370685", "110105", "340111"]), dates, st.integers(1, 999)
)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", "34052419800101001X"])
def test_golden_numbers_have_the_right_check_character(number):
    assert identity.check_character(number[:17]) == number[17]
    assert "id_check_character" not in identity.check_id(number, today=TODAY).errors


def test_born_1880_is_too_old_although_well_formed():
    assert identity.check_id("440524188001010014", today=TODAY).errors == ("id_too_old",)


def test_sound_number_tells_birth_and_sex():
    checked = identity.check_id("11010519491231002X", today=TODAY, sex="F")

    assert (checked.errors, checked.warnings) == ((), ())
    assert (checked.birth, checked.sex) == (date(1949, 12, 31), "F")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        (" 110105 19491231 002x\t", "11010519491231002X"),
        ("\u202d11010519491231002X\u202c", "11010519491231002X"),
        ("\ufeff11010519491231002X", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),
        ("", ""),
    ],
)
def test_one_spelling(text, number):
    assert identity.normalise_id(text) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1101051949123100", "id_length"),
        ("11010519491231002XX", "id_length"),
        ("1101051949123100ZX", "id_characters"),
        ("X1010519491231002X", "id_characters"),
        ("11010519491231002×", "id_characters"),
        ("110105194912310021", "id_check_character"),
        ("110105194912310000", "id_rounded"),
        (identity.make_id("110105", TODAY + timedelta(days=1), 1), "id_birth_future"),
        (identity.make_id("110105", date(2099, 1, 1), 1), "id_birth_future"),
        (identity.make_id("110105", date(1906, 11, 20), 1), "id_too_old"),
        (identity.make_id("110105", date(1800, 1, 1), 1), "id_too_old"),
    ],
)
def test_errors(text, code):
    assert code in identity.check_id(text, today=TODAY).errors


@pytest.mark.parametrize("day", ["19800230", "19801301", "19800100", "19000229", "00000101"])
def test_impossible_birth_date(day):
    body = f"110105{day}001"
    number = body + identity.check_character(body)

    assert identity.check_id(number, today=TODAY).errors == ("id_birth_impossible",)


def test_exactly_120_years_old_is_accepted():
    assert identity.check_id(identity.make_id("110105", date(1906, 11, 21), 1), today=TODAY).errors == ()


@pytest.mark.parametrize(
    ("number", "sex", "warning"),
    [
        ("", None, "id_missing"),
        (identity.make_id("999999", date(1980, 1, 1), 1), None, "id_region_unknown"),
        (identity.make_id("110110", date(1990, 1, 1), 1), None, "id_region_unknown"),  # 燕山区 ended in 1986
        (identity.make_id("810000", date(1990, 1, 1), 1), None, "id_residence_permit"),
        (identity.make_id("820000", date(1990, 1, 1), 1), None, "id_residence_permit"),
        (identity.make_id("830000", date(1990, 1, 1), 1), None, "id_residence_permit"),
        (identity.make_id("110105", date(1990, 1, 1), 1), "F", "id_sex_differs"),
    ],
)
def test_warnings_let_the_number_in(number, sex, warning):
    checked = identity.check_id(number, today=TODAY, sex=sex)

    assert checked.errors == ()
    assert warning in checked.warnings


def test_county_code_founded_after_birth_is_no_finding():
    assert regions.known_for("110112", 1950)  # 通州区 since 1997: numbers are given later than at birth


def test_masks_show_less_than_the_missing_secret():
    assert identity.mask_id("11010519491231002X") == "****************2X"
    assert identity.mask_id("1234") == "****"
    assert identity.mask_phone("13800001234") == "*******1234"
    assert identity.mask_phone("1234") == "****"
    assert identity.tail_of("11010519491231002X") == "002X"


@pytest.mark.parametrize(
    ("text", "number", "warnings"),
    [
        ("13800001234", "13800001234", ()),
        ("+86 138-0000-1234", "13800001234", ()),
        ("008613800001234", "13800001234", ()),
        ("１３８００００１２３４", "13800001234", ()),
        ("", "", ()),
        ("14412345678", "14412345678", ("phone_machine",)),
        ("13800001234/13900001234", "13800001234", ("phone_several",)),
        ("13800001234 13900001234", "13800001234", ("phone_several",)),
        ("0535-8212345", "", ("phone_landline",)),
        ("1380000123", "", ("phone_invalid",)),
        ("无", "", ("phone_invalid",)),
    ],
)
def test_phones(text, number, warnings):
    checked = identity.check_phone(text)

    assert (checked.number, checked.warnings) == (number, warnings)


def test_made_phones_pass_and_belong_to_no_operator():
    assert identity.check_phone(identity.make_phone(42)).number == "15400000042"


@pytest.mark.parametrize(("region", "sequence"), [("12345", 1), ("123456", 0), ("123456", 1000)])
def test_maker_refuses_nonsense(region, sequence):
    with pytest.raises(ValueError, match="sequence"):
        identity.make_id(region, date(1980, 1, 1), sequence)


def test_phone_maker_refuses_nonsense():
    with pytest.raises(ValueError, match="eight"):
        identity.make_phone(10**8)


@given(numbers)
def test_made_numbers_are_sound(number):
    assert identity.check_id(number, today=TODAY).errors == ()


@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(number, place, step):
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]

    assert identity.check_character(wrong[:17]) != wrong[17]


@given(st.text(max_size=25))
def test_normalising_twice_changes_nothing(text):
    once = identity.normalise_id(text)

    assert identity.normalise_id(once) == once
    assert identity.normalise_phone(identity.normalise_phone(text)) == identity.normalise_phone(text)


@given(
    st.lists(st.one_of(numbers, st.text("0123456789Xx", min_size=18, max_size=18), st.text(max_size=20)), max_size=30)
)
def test_column_and_single_check_agree(column):
    scanned = idcolumn.scan(column, TODAY)

    for number, clean, key, male in zip(column, scanned.clean, scanned.keys, scanned.male, strict=True):
        checked = identity.check_id(number, today=TODAY)
        as_it_stands = checked.number == number
        assert clean == (as_it_stands and number != "" and not checked.errors and not checked.warnings)
        if clean:
            assert (key, male) == (int(number[:17]), checked.sex == "M")
