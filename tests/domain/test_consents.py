"""What stands after any sequence of giving, refusing, taking back and new notices is what a reader of the record would say."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.domain import consents
from customers.domain.consents import (
    SCOPES,
    Word,
    asked,
    assumed,
    may_be_guardian,
    needs_guardian,
    standing,
    taken_back,
)
from customers.models import Consent
from customers.selectors.consents import standing_of
from tests.customers.builders import make_household
from tests.world import World

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=5, unique=True)


@st.composite
def histories(draw: Any) -> list[Word]:
    """What a household and one member said, in any order of receipt; times may be equal or out of order."""
    found = []
    for place in range(draw(st.integers(0, 8))):
        how = draw(st.sampled_from(["spoken", "withdrawn", "refused"]))
        said, rest = draw(_scopes), draw(st.lists(st.sampled_from(SCOPES), unique=True))
        others = [scope for scope in rest if scope not in said]
        scopes, refused = {"spoken": (said, others), "withdrawn": (said, []), "refused": ([], said)}[how]
        at = START + timedelta(hours=draw(st.integers(0, 3)))
        whose = draw(st.sampled_from([None, None, 1]))
        found.append(Word(at, place, how, scopes, refused, draw(st.integers(1, 3)), whose))
    return found


def a_reader(words: list[Word], scope: str, whose: int | None) -> bool:
    """Turn the pages back from the last: the first that speaks of the scope decides, the member's own no before all."""

    def last(of: int | None) -> bool | None:
        for word in sorted(words, key=lambda one: (one.at, one.place), reverse=True):
            if word.whose == of and scope in (*word.scopes, *word.refused):
                return word.how == "spoken" and scope in word.scopes
        return None

    return bool(last(None)) and not (whose is not None and last(whose) is False)


@given(histories())
def test_what_stands_is_what_a_reader_would_say(words: list[Word]) -> None:
    for whose in (None, 1):
        found = standing(words, whose)
        assert set(found) == {scope for scope in SCOPES if a_reader(words, scope, whose)}
        assert all(scope in word.scopes for scope, word in found.items())


@given(histories(), _scopes)
def test_after_a_withdrawal_nothing_of_it_stands(words: list[Word], wanted: list[str]) -> None:
    before = standing(words)
    gone = taken_back(before, wanted)
    assert set(gone) <= set(before)
    after = standing([*words, Word(START + timedelta(days=1), 99, "withdrawn", gone)])
    assert set(after) == set(before) - set(gone)
    if "collection" in wanted:
        assert not after
    else:
        assert set(before) - set(after) == set(before) & set(wanted)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=histories())
def test_the_database_says_the_same(world: World, words: list[Word]) -> None:
    home = make_household(world.liu, f"H{Consent.objects.count()}-{id(words)}"[:20])
    for word in words:
        Consent.objects.create(
            institution=world.bank,
            grid=world.liu,
            recorded_grid=world.liu,
            subject_id=home.pk,
            whose_id=home.head_id if word.whose else None,
            notice_version=word.notice_version,
            scopes=[scope for scope in word.scopes if scope != "credit_query"] or (["messages"] if word.scopes else []),
            refused=[scope for scope in word.refused if scope not in ("credit_query", "messages")]
            or (["position"] if word.how == "refused" else []),
            how=word.how,
            given_at=word.at,
            taken_by=world.chen,
        )
    rows = Consent.objects.filter(subject_id=home.pk)
    said = [
        Word(row.given_at, row.pk, row.how, row.scopes, row.refused, row.notice_version, row.whose_id) for row in rows
    ]
    found = standing_of(home.pk)
    mine = standing(said)
    assert {scope: word.consent_id for scope, word in found.scopes.items()} == {
        scope: word.place for scope, word in mine.items()
    }
    own = found.taken_back.get(home.head_id or 0, frozenset())
    assert set(standing(said, home.head_id)) == set(mine) - own


def test_a_notice_from_before_scopes_covers_what_it_named() -> None:
    assert asked({"scopes": ["identity", "family", "position"]}) == ("collection", "position")
    assert asked({"scopes": ["identity"]}) == asked({}) == ("collection",)
    assert asked({"scopes": ["messages", "collection"]}) == ("collection", "messages")
    assert assumed({"scopes": list(SCOPES)}) == ("collection", "position")


@given(st.dates(date(1940, 1, 1), date(2026, 1, 1)), st.integers(0, 30))
def test_ages_turn_on_the_birthday(born: date, years: int) -> None:
    try:
        birthday = born.replace(year=born.year + years)
    except ValueError:  # born on a leap day: the age is reached on the first of March
        birthday = date(born.year + years, 3, 1)
    assert needs_guardian(born, birthday) is (years < 14)
    assert may_be_guardian(born, birthday) is (years >= 18)
    assert not needs_guardian(None, birthday)
    assert may_be_guardian(None, birthday)


def test_every_finding_and_scope_has_words_in_both_languages() -> None:
    for code in consents.SENTENCES:
        assert consents.sentence(code, "x") != consents.sentence(code, "x", "en") or code == "signature_refused"
    for scope in SCOPES:
        assert consents.scope_name(scope) != consents.scope_name(scope, "en")
        assert consents.scope_note(scope) != consents.scope_note(scope, "en")
