"""The demo county: the same by seed and day, sound in every rule, with open work behind every login it prints."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client

from config.lib import integrity
from credit.models import CoreSnapshot, Decision
from customers.models import HouseholdEvent, ListEntry, PersonMerge, Principal, Subject, UnplacedRow, Visit
from customers.selectors.lists import overdue
from grids.models import Grid, PostKind, Staff
from reporting.demo import county
from tests.credit.village import opener_key

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)

AS_OF = datetime(2026, 11, 20, 4, tzinfo=UTC)
# What tells whether two counties are the same: people, files, amounts, days and decisions, by what the bank calls them.
TELLING = """
select 'person', grid.division_code, home.number, person.name, person.relation, person.born_on::text
from customers_person as person join customers_household as home on home.subject_id = person.household_id
join grids_grid as grid on grid.id = home.grid_id
union all
select 'file', home.number, file.number::text, file.net_income::text, date_trunc('minute', file.submitted_at)::text, staff.number
from customers_profile as file join customers_household as home on home.subject_id = file.subject_id
join grids_staff as staff on staff.id = file.collector_id
union all
select 'reached', home.number, stone.kind, (stone.reached_at at time zone 'Asia/Shanghai')::date::text, stone.amount::text, ''
from customers_milestone as stone join customers_household as home on home.subject_id = stone.subject_id
union all
select 'week', line.level, line.name, line.roster::text, line.week::text, line.cumulative::text
from reporting_reportrow as line
union all
select 'changed', home.number, event.kind, event.state, event."on"::text, staff.number
from customers_householdevent as event join customers_household as home on home.subject_id = event.subject_id
join grids_staff as staff on staff.id = event.proposed_by_id
union all
select 'listed', home.number, entry.colour, entry.reason, entry.review_on::text, (entry.confirmed_at is null)::text
from customers_listentry as entry join customers_household as home on home.subject_id = entry.subject_id
union all
select 'twice', home.number, one.kind, one.state, one.size::text, person.name
from customers_similarmember as member join customers_similarcase as one on one.id = member.case_id
join customers_household as home on home.subject_id = member.subject_id left join customers_person as person on person.id = member.person_id
union all
select 'drawn', item."order"::text, home.number, '', '', ''
from reporting_sampleitem as item join customers_household as home on home.subject_id = item.subject_id
order by 1, 2, 3, 4, 5, 6
"""


@pytest.fixture
def build(tmp_path: Path, settings: Any) -> Iterator[Callable[..., dict[str, Any]]]:
    """Build the small county in a directory of its own: the sign-in page of every other test would show its logins."""
    settings.DATA_DIR = tmp_path

    def made(seed: int = 7) -> dict[str, Any]:
        return county.build(size=county.SMALL, seed=seed, now=AS_OF, say=lambda _text: None)

    with opener_key(tmp_path):
        yield made


def _fingerprint() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(TELLING)
        rows = cursor.fetchall()
    return len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()


def test_the_same_seed_and_day_give_the_same_county(build: Callable[..., dict[str, Any]]) -> None:
    build()
    count, first = _fingerprint()
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    build()
    again = _fingerprint()
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    build(seed=8)

    assert count > 2000
    assert again == (count, first)
    assert _fingerprint()[1] != first


def test_every_rule_holds_and_every_login_finds_work(
    build: Callable[..., dict[str, Any]], client_of: Callable[..., Client]
) -> None:
    figures = build()

    found = list(integrity.examine(50))
    assert len(found) > 40
    assert [(rule.name, one) for rule, one in found if one.count or one.error] == []

    assert sorted(CoreSnapshot.objects.values_list("state", flat=True)) == ["in_force", "superseded"]
    assert not Decision.objects.filter(snapshot__isnull=True).exists()
    waits: dict[bool, set[str]] = {True: set(), False: set()}
    for kind, state in HouseholdEvent.objects.values_list("kind", "state"):
        waits[state == "proposed"].add(kind)
    assert waits[False] == set(HouseholdEvent.Kind.values) - {"transfer"}
    assert waits[True] == {"split", "move", "transfer", "leave", "identity"}
    assert set(ListEntry.objects.values_list("colour", flat=True)) == set(ListEntry.Colour.values)
    assert ListEntry.objects.filter(overdue(AS_OF.date())).exists()
    assert figures["sudden"] == {"open": 1, "proved": 1, "confirmed": 1}
    assert figures["shared"]
    assert {kind for kind, count in figures["filed_twice"].items() if count} >= {
        "phone",
        "name_birth",
        "pinyin_village",
    }
    assert sorted(merge.state for merge in PersonMerge.objects.all()) == ["asked", "merged", "undone"]

    assert (figures["visits_on_file"], figures["contact_plans"] >= 15, figures["sheets"] >= 8) == (6, True, True)
    assert set(Visit.objects.values_list("entry", flat=True)) >= {"page", "paper"}
    assert set(Visit.objects.values_list("channel", flat=True)) >= {"site", "phone"}

    assert Grid.objects.count() == 734 + 4
    assert not Grid.objects.filter(official_count=None).exists()

    kinds = dict(Subject.objects.filter(left_on=None).values_list("kind").annotate(count=Count("pk")))
    assert (kinds["business"], kinds["unit"]) == (figures["businesses"], figures["units"])
    assert Principal.objects.filter(person__isnull=False).count() >= 10
    assert UnplacedRow.objects.count() == 3

    posts = {login["kind"]: Staff.objects.get(number=login["username"]) for login in figures["logins"]}
    assert set(posts) == {
        PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.ASSESSOR, PostKind.LEADER,
        PostKind.PARAMETER_MANAGER, PostKind.ADMINISTRATOR,
    }  # fmt: skip
    for staff in posts.values():
        answer = client_of(staff).get("/", follow=True)
        assert answer.status_code == 200
        assert '<div class="state' not in answer.content.decode().partition("<main")[2], staff.number
