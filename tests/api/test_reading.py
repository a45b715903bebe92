"""Reading over the API: rows of one's scope, exact fields, units in names, pages that do not move, refused parameters."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.lib import clock
from config.lib.models import AuditEvent
from customers.models import Household
from tests.api import rows
from tests.api.conftest import Program
from tests.world import World

Of = Callable[..., Program]
# noun: how one row is made, who reads it, the queries of a list beyond its frame (one of an officer asks for his grids)
NOUNS: dict[str, tuple[Callable[[World], Any], str, int]] = {
    "households": (rows.household, "chen", 4),
    "businesses": (rows.business, "chen", 4),
    "units": (rows.unit, "chen", 4),
    "visits": (rows.visit, "chen", 2),
    "consents": (rows.consent, "chen", 2),
    "profiles": (rows.profile, "chen", 3),
    "checks": (rows.check, "chen", 2),
    "list-entries": (rows.list_entry, "chen", 3),
    "household-events": (rows.household_event, "chen", 2),
    "roster-imports": (rows.roster, "chen", 1),
    "forms": (rows.form, "chen", 2),
    "rounds": (rows.village_round, "gao", 1),
    "applications": (rows.application, "jiang", 1),
    "decisions": (rows.decision, "jiang", 1),
    "line-results": (rows.line_result, "jiang", 4),
    "weekly-reports": (rows.report, "jiang", 1),
    "sample-plans": (rows.plan, "kang", 1),
    "jobs": (rows.run, "chen", 1),
}


def queries(program: Program, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer = program.get(path)
    assert answer.status_code == 200, answer.content
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_list_costs_the_same_for_one_row_and_for_twenty(world: World, program_of: Of, noun: str) -> None:
    make, who, wanted = NOUNS[noun]
    program = program_of(getattr(world, who))
    frame = len(queries(program, "branches/")) - 1

    make(world)
    one = queries(program, f"{noun}/")
    for _ in range(19):
        make(world)
    twenty = queries(program, f"{noun}/")

    assert len(program.get(f"{noun}/").json()["results"]) == 20
    assert len(twenty) == len(one) == frame + wanted, "\n".join(twenty)


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun not in ("weekly-reports", "sample-plans", "forms")])
def test_an_outsider_sees_nothing_and_cannot_tell(world: World, program_of: Of, noun: str) -> None:
    made = NOUNS[noun][0](world)
    program = program_of(world.fang)

    assert program.get(f"{noun}/").json()["results"] == []
    refused, absent = program.get(f"{noun}/{made.pk}/"), program.get(f"{noun}/{made.pk + 999_999}/")
    assert refused.status_code == absent.status_code == 404
    assert {**refused.json(), "request_id": ""} == {**absent.json(), "request_id": ""}


def test_grids_and_branches_of_ones_scope(world: World, program_of: Of) -> None:
    assert [row["name"] for row in program_of(world.chen).get("grids/").json()["results"]] == ["刘家村", "王家村"]
    assert [row["name"] for row in program_of(world.fang).get("branches/").json()["results"]] == ["城西支行"]
    assert len(program_of(world.an).get("grids/").json()["results"]) == 3
    found = program_of(world.an).get("grids/", branch=world.west.pk).json()["results"]
    assert [row["division_code"] for row in found] == ["370685002201"]


def test_a_household_names_its_members_and_masks_their_numbers(world: World, program_of: Of) -> None:
    made = rows.household(world)
    found = program_of(world.chen).get(f"households/{made.pk}/").json()

    assert found["head_name"] == "刘建国"
    assert found["listed_on"] == "2026-01-01"
    assert [member["relation"] for member in found["members"]] == ["head", "spouse", "son"]
    head = found["members"][0]
    assert set(head) == {"id", "name", "relation", "sex", "birth_year", "id_number_masked", "phone_masked"}
    assert head["birth_year"] == 1975
    assert head["id_number_masked"].count("*") == 16
    assert not any(part in str(found) for part in ("19750305", f"154{made.pk * 10:08d}"))


def test_amounts_are_strings_in_yuan(world: World, program_of: Of) -> None:
    program = program_of(world.jiang)
    made = rows.line_result(world)

    result = program.get(f"line-results/{made.pk}/").json()
    assert (result["line_yuan"], result["shown_yuan"], result["score"]) == ("20140.00", None, "78.00")
    totals = program.get(f"profiles/{made.profile_id}/").json()
    assert (totals["net_income_yuan"], totals["net_assets_yuan"]) == ("52000.00", "120000.00")
    assert totals["document"]["assets"][0]["current"] == "150000.00"
    decided = program.get(f"decisions/{rows.decision(world).pk}/").json()
    assert (decided["merged_amount_yuan"], decided["last_step"], decided["last_amount_yuan"]) == (
        "40000.00",
        "propose",
        "40000.00",
    )
    assert [step["amount_yuan"] for step in decided["steps"]] == ["40000.00"]


def test_an_unpublished_result_is_the_approvers_alone(world: World, program_of: Of) -> None:
    made = rows.line_result(world)
    type(made.run).objects.update(published_at=None, published_by=None)

    assert program_of(world.chen).get(f"line-results/{made.pk}/").status_code == 404
    assert program_of(world.jiang).get(f"line-results/{made.pk}/").status_code == 200


def test_a_round_tells_its_stage_and_counts_and_nothing_else(world: World, program_of: Of) -> None:
    made = rows.village_round(world, "prepare")
    rows.sheets(made)

    found = program_of(world.gao).get(f"rounds/{made.pk}/").json()
    assert set(found) == {
        "id", "grid_id", "owner_id", "name", "stage", "due_on", "started_at", "opened_at", "closed_at",
        "sheets_counting", "sheets_sealed",
    }  # fmt: skip
    assert (found["stage"], found["sheets_counting"], found["sheets_sealed"]) == ("prepare", 3, 0)


def test_a_report_shows_each_post_its_own_lines(world: World, program_of: Of) -> None:
    made = rows.report(world)

    def lines(who: str) -> list[str]:
        found = program_of(getattr(world, who)).get(f"weekly-reports/{made.pk}/").json()
        return [row["name"] for row in found["rows"]]

    assert lines("jiang") == ["城东支行", "刘家村", "金穗农村商业银行"]
    assert lines("gao") == ["城东支行", "刘家村"]
    assert lines("chen") == ["刘家村"]
    assert lines("fang") == []


def test_pages_do_not_move_while_rows_are_added(world: World, program_of: Of) -> None:
    made = [rows.visit(world).pk for _ in range(5)]
    program = program_of(world.chen)

    first = program.get("visits/", page_size=2).json()
    rows.visit(world)
    seen = [row["id"] for row in first["results"]]
    while first["next"]:
        first = program.client.get(first["next"], headers=program.headers).json()
        seen += [row["id"] for row in first["results"]]
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"grid": "x"}, "grid"),
        ({"gird": "1"}, "gird"),
        ({"grid": str(2**70)}, "grid"),
        ({"received_from": "2026-01-01"}, "received_from"),
        ({"cursor": "zzz"}, "cursor"),
        ({"cursor": "cD1hYmM="}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_not_ignored(
    world: World, program_of: Of, query: dict[str, str], place: str
) -> None:
    answer = program_of(world.chen).get("visits/", **query)
    assert answer.status_code == 422
    assert [problem["path"] for problem in answer.json()["problems"]] == [place]
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_filters_narrow_a_list(world: World, program_of: Of) -> None:
    one, other = rows.visit(world), rows.visit(world)
    program = program_of(world.chen)

    assert [row["id"] for row in program.get("visits/", household=one.subject_id).json()["results"]] == [one.pk]
    later = {"received_from": other.received_at.isoformat()}
    assert [row["id"] for row in program.get("visits/", **later).json()["results"]] == [other.pk]
    assert program.get("visits/", lead=world.deng.pk).json()["results"] == []


def test_an_auditor_does_not_read_his_own_work(world: World, program_of: Of) -> None:
    home = rows.household(world)
    made = rows.visit(world, home)
    type(made).objects.filter(pk=made.pk).update(lead=world.kang)

    assert program_of(world.kang).get(f"visits/{made.pk}/").status_code == 404
    assert program_of(world.jiang).get(f"visits/{made.pk}/").status_code == 200


def test_who_does_not_say_who_he_is_gets_401(world: World) -> None:
    answer = Client().get("/api/v1/grids/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.json()) == {"status", "detail", "request_id"}


def test_a_session_reads_too_and_writes_with_its_form_token_only(
    world: World, client_of: Callable[..., Client]
) -> None:
    assert client_of(world.chen).get("/api/v1/grids/").status_code == 200
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.chen, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/api/v1/visits/", {}, content_type="application/json").status_code == 403


def test_so_many_requests_a_minute_and_no_more(world: World, program_of: Of, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    program, other = program_of(world.chen), program_of(world.gao)

    with time_machine.travel(clock.now(), tick=False):  # all in one minute
        codes = [program.get("grids/").status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        answer = program.get("grids/")
        assert 0 < int(answer["Retry-After"]) <= 60
        assert other.get("grids/").status_code == 200


def test_a_broker_that_is_away_stops_nobody(world: World, program_of: Of, settings: Any) -> None:
    from config.lib.api import throttling

    throttling._broker.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert program_of(world.chen).get("grids/").status_code == 200
    finally:
        throttling._broker.cache_clear()


def test_reading_changes_nothing(world: World, program_of: Of) -> None:
    made = rows.household(world)
    program = program_of(world.chen)
    before = AuditEvent.objects.count()
    for method in ("put", "patch", "delete"):
        answer = getattr(program.client, method)(f"/api/v1/households/{made.pk}/", headers=program.headers)
        assert answer.status_code in (403, 405)
    assert Household.objects.filter(pk=made.pk).exists()
    assert AuditEvent.objects.count() == before
