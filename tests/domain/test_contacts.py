"""Contact plans: whatever is wished for can be kept or is moved into its range, and who is left in peace until when."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from customers.domain import contacts
from customers.domain.contacts import PLAIN, Rules, Terms, fitted, problems, rest_of
from customers.domain.dayplan import PLAIN as WEIGHTS
from customers.domain.dayplan import Candidate, ordered

TODAY = date(2026, 11, 22)
RULES = Rules(refusal_days=90, unreachable_days=14, near_days=15, festivals=(date(2027, 2, 6), date(2028, 1, 26)))
DAYS = st.none() | st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=1500))
TERMS = st.builds(
    Terms,
    why=st.sampled_from(contacts.WHYS),
    way=st.sampled_from([*contacts.WAYS, "", "carrier pigeon"]),
    contact=st.none() | st.integers(1, 4),
    returns_on=DAYS,
    next_on=DAYS,
)


@given(TERMS)
def test_a_fitted_plan_can_be_kept(terms: Terms) -> None:
    kept = fitted(terms, RULES, members={1, 2}, today=TODAY)
    assert problems(kept, RULES, members={1, 2}, today=TODAY) == []
    assert kept.why == terms.why
    assert kept.next_on is not None
    assert fitted(kept, RULES, members={1, 2}, today=TODAY) == kept


@given(TERMS)
def test_what_has_no_problem_is_kept_as_it_was_said(terms: Terms) -> None:
    if problems(terms, RULES, members={1, 2}, today=TODAY) or terms.next_on is None:
        return
    kept = fitted(terms, RULES, members={1, 2}, today=TODAY)
    assert (kept.way, kept.contact, kept.next_on) == (terms.way, terms.contact, terms.next_on)


@given(TERMS, st.none() | st.dates(TODAY - timedelta(days=400), TODAY))
def test_nobody_knocks_within_the_days_of_a_refusal(terms: Terms, refused_on: date | None) -> None:
    kept = fitted(terms, RULES, members={1, 2}, today=TODAY)
    rest = rest_of(kept, refused_on, RULES)
    assert rest.until is not None
    if refused_on is not None:
        assert rest.until >= refused_on + timedelta(days=RULES.refusal_days)
    if kept.returns_on is not None and refused_on is None:
        assert rest.until <= kept.returns_on - timedelta(days=RULES.near_days)


def test_the_day_is_that_of_the_return_the_festival_or_the_released_days() -> None:
    def first(**said: object) -> date | None:
        return fitted(Terms(**{"why": "away", "way": "phone"} | said), RULES, members=set(), today=TODAY).next_on  # type: ignore[arg-type]

    assert first() == date(2026, 12, 6)
    assert first(returns_on=date(2027, 2, 1)) == date(2027, 1, 17)
    assert first(returns_on=date(2026, 11, 25)) == date(2026, 11, 23)
    assert first(way="festival") == date(2027, 1, 22)
    assert first(why="refused") == date(2027, 2, 20)
    assert first(why="refused", next_on=date(2026, 12, 1)) == date(2027, 2, 20)


def test_a_plan_takes_its_place_out_of_the_order_until_its_day() -> None:
    terms = Terms(why="away", way="video", returns_on=date(2027, 2, 1), next_on=date(2027, 3, 1))
    away = Candidate(subject_id=1, grid_id=1, is_new=True, rest=rest_of(terms, None, RULES))
    here = Candidate(subject_id=2, grid_id=1, is_new=True)

    def order(on: date) -> list[tuple[int, str]]:
        return [(one.candidate.subject_id, one.reasons[0].code) for one in ordered([away, here], WEIGHTS, on=on)]

    assert order(TODAY) == [(2, "never")]
    assert order(date(2027, 1, 16)) == [(2, "never")]
    assert order(date(2027, 1, 17)) == [(1, "returning"), (2, "never")]
    assert order(date(2027, 3, 1)) == [(1, "contact"), (2, "never")]
    (said,) = [one for one in ordered([away], WEIGHTS, on=date(2027, 3, 1))[0].reasons if one.code == "contact"]
    assert (said.sentence("zh"), said.sentence("en")) == ("联系计划到期：视频", "contact is due: by video call")


def test_a_refusal_is_respected_without_a_plan() -> None:
    assert rest_of(None, TODAY, PLAIN).until == TODAY + timedelta(days=90)
    assert rest_of(None, None, PLAIN).until is None
