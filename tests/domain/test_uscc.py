"""Unified social credit codes: the vectors of the field, and that no single mistake passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import uscc

codes = st.text(alphabet=uscc.ALPHABET, min_size=17, max_size=17).map(lambda body: body + uscc.check_character(body))


@pytest.mark.parametrize(
    ("code", "errors"),
    [
        ("91350100M000100Y43", ()),
        ("91350100M000100Y4Z", ("uscc_characters",)),
        ("91350100M000100Y44", ("uscc_check_character",)),
        ("91310115MA1H8R7C6D", ("uscc_check_character",)),
        ("91310115MA1H8R7C67", ()),
        ("91350100M000100Y4", ("uscc_length",)),
        ("9135OI00M000100Y43", ("uscc_characters",)),
    ],
)
def test_published_vectors(code: str, errors: tuple[str, ...]) -> None:
    assert uscc.check(code).errors == errors


def test_inner_organisation_code() -> None:
    assert uscc.body_check_character("M000100Y") == "4"
    assert uscc.check("91350100M000100Y43").warnings == ()


def test_nothing_given_is_no_error() -> None:
    assert uscc.check("  ") == uscc.UsccCheck("", warnings=("uscc_missing",))


def test_a_letter_read_for_a_figure_is_told() -> None:
    assert uscc.check("9135O100M000100Y43").meant == "91350100M000100Y43"


@given(codes)
def test_every_right_code_passes_in_any_spelling(code: str) -> None:
    spelled = f" {code[:8].lower()}-{code[8:]}\u200b"
    assert uscc.check(spelled).code == code
    assert uscc.check(spelled).errors == ()


@given(codes, st.integers(0, 17), st.sampled_from(uscc.ALPHABET))
def test_one_wrong_character_never_passes(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    assert (uscc.check(wrong).errors == ()) == (wrong == code)


@given(codes, st.integers(0, 15))
def test_two_neighbours_swapped_never_pass(code: str, place: int) -> None:
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (uscc.check(wrong).errors == ()) == (wrong == code)


@given(st.sampled_from(["91", "92", "93", "12"]), st.integers(0, 9_999_999))
def test_synthetic_codes_are_well_formed(prefix: str, sequence: int) -> None:
    assert uscc.check(uscc.make(prefix=prefix, division="370685", sequence=sequence)) == uscc.UsccCheck(
        uscc.make(prefix=prefix, division="370685", sequence=sequence)
    )
