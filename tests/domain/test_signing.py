"""Order of call lists, numbers of contracts and cards, links of the chain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain import signing
from credit.domain.signing import Link, NumberError

IDS = st.sets(st.integers(1, 10**9), max_size=60)


@given(IDS, st.text(min_size=1, max_size=20), st.randoms())
def test_the_order_is_fixed_by_the_seed_alone(ids: set[int], seed: str, random: object) -> None:
    shuffled = sorted(ids, key=lambda one: random.random())  # type: ignore[attr-defined]
    assert signing.in_order(seed, shuffled) == signing.in_order(seed, sorted(ids))
    assert set(signing.in_order(seed, ids)) == ids


@given(IDS, IDS, st.text(min_size=1, max_size=9), st.integers(2, 40), st.integers(1, 3))
def test_a_list_holds_others_beside_those_to_sign(
    to_sign: set[int], others: set[int], seed: str, most: int, per: int
) -> None:
    listed = signing.mixed(seed, to_sign, others, most=most, others_per_signing=per)
    signers, rest = set(listed) & to_sign, set(listed) - to_sign
    assert len(listed) <= max(most, 1)
    assert listed == signing.in_order(seed, listed)
    assert len(signers) == min(len(to_sign), max(1, most // (1 + per)))
    assert rest <= others
    assert len(rest) == min(len(others - to_sign), len(signers) * per, max(0, most - len(signers)))


def test_the_order_of_a_known_seed() -> None:
    # sha256 of "seed:1" to "seed:5" begins with 81e4, 97c3, 7413, a840 and 444d.
    assert signing.in_order("seed", [1, 2, 3, 4, 5]) == [5, 3, 1, 2, 4]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("zy2026-0001", "ZY2026-0001"),
        ("ＺＹ ２０２６—０００１", "ZY2026-0001"),
        ("农借字(2026)第8号", "农借字(2026)第8号"),
    ],
)
def test_a_contract_number_has_one_spelling(typed: str, kept: str) -> None:
    assert signing.contract_number(typed) == kept
    assert signing.contract_number(kept) == kept


@pytest.mark.parametrize("text", ["", "12", "=1+1+1+1", "ZY2026;0001", "-12345", "A" * 41])
def test_what_is_no_contract_number(text: str) -> None:
    with pytest.raises(NumberError):
        signing.contract_number(text)


@given(st.integers(2020, 2099), st.integers(1, 10**11 - 1), st.integers(0, 14), st.integers(1, 9))
def test_a_card_number_tells_a_wrong_digit(year: int, sequence: int, place: int, by: int) -> None:
    number = signing.card_number(year, sequence)
    assert signing.is_card_number(number)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not signing.is_card_number(wrong)
    assert signing.spaced(number).replace(" ", "") == number


def test_the_check_digit_is_luhn() -> None:
    assert signing.check_digit("7992739871") == "3"  # Domain, section 8.5
    assert signing.check_digit("411111111111111") == "1"
    assert not signing.is_card_number("4111 1111 1111 1111")
    with pytest.raises(NumberError):
        signing.card_number(2026, 0)


@pytest.mark.parametrize(
    ("granted", "last", "signed", "carded", "drawn", "link"),
    [
        (True, None, False, False, False, Link.GRANTED),
        (True, "away", False, False, False, Link.AWAY),
        (True, "signed", True, False, False, Link.SIGNED),
        (True, "signed", True, True, False, Link.CARDED),
        (True, "signed", True, False, True, Link.DRAWN),
        (False, "signed", True, True, True, Link.VOID),
        (False, "later", False, False, False, None),
    ],
)
def test_how_far_a_line_has_come(
    granted: bool, last: str | None, signed: bool, carded: bool, drawn: bool, link: Link | None
) -> None:
    found = signing.link_of(is_granted=granted, last_outcome=last, is_signed=signed, is_carded=carded, is_drawn=drawn)
    assert found == link
