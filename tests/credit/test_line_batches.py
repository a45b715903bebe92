"""Runs by the database: the same as the reference for every household, in tables of their own, over what changed, by any model."""

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from config.lib import clock, jobs, releases
from config.lib.models import JobRun
from credit.domain import packing
from credit.domain.model.batch import TooWide
from credit.models import LineFailure, LineResult, LineRun, VillageFigures
from credit.selectors import line_batches, lines
from credit.services import line_chunks
from credit.services import lines as services
from credit.services.lines import publish_run, withdraw_run
from customers.domain.facts import months_begun
from customers.models import BreachFact, Household, HouseholdFacts, Person, SubjectChange
from customers.selectors import changed, frozen
from customers.services.lists import confirm, propose
from tests import world as world_module
from tests.api.rows import SCHEMES
from tests.conftest import acting_as
from tests.credit.files import file, release_models, started, village
from tests.customers.builders import make_household, release_parameters
from tests.world import SINCE, World

BREACHED = {
    "status": "breached",
    "breaches": [
        {"what": "both", "days_overdue": 120, "repaid": "unpaid", "measure": "judicial"},
        {"what": "interest", "days_overdue": 3, "repaid": "within_1_year", "measure": "reminder"},
    ],
}
S1 = json.loads((SCHEMES / "s1_hunan.json").read_text("utf-8"))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two households a chunk."""
    monkeypatch.setattr(services, "CHUNK", 2)


@pytest.fixture
def own_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run over whole scopes has a table of its own."""
    monkeypatch.setattr(services, "OWN_TABLE", 1)


def _run(world: World, **wanted: Any) -> LineRun:
    run = started(world, **wanted)
    jobs.drive_run(run.run_id)
    run = LineRun.objects.select_related("run", "model", "bases").get(pk=run.pk)
    assert run.run.state == JobRun.State.DONE, run.run.error
    return run


def _published(world: World, **wanted: Any) -> LineRun:
    run = _run(world, **wanted)
    with acting_as(world.jiang):
        return publish_run(run=run, staff=world.gao)


def _rows(run: LineRun) -> dict[int, LineResult]:
    found = LineResult.objects.select_related("run__model", "run__bases").filter(run=run)
    return {result.subject_id: result for result in found}


def _odd_village(world: World) -> list[Household]:
    """Files at the edges of what a file may say."""
    odd: list[dict[str, Any]] = [
        {},
        {"performance": BREACHED},
        {"judgement": None},
        {"grade": None, "shares_held": None},
        {"judgement": "poor", "performance": {"status": "none"}},
        {"assets": [{"kind": "house", "current": "99999999.99", "disposable": "0"}]},
        {"liabilities": [{"kind": "private", "original": "90000000", "outstanding": "90000000"}]},
        {"income": [{"kind": "planting", "gross": "0.01", "cost": "30000"}]},
        {"assets": [{"kind": "house", "current": "150000"}]},
    ]
    homes = [make_household(world.liu, f"{number:04d}") for number in range(1, len(odd) + 1)]
    for home, changes in zip(homes, odd, strict=True):
        file(home, world.chen, world.deng, **changes)
    return homes


@pytest.mark.parametrize("model_key", ["s1", "s6"])
def test_every_result_is_that_of_the_reference(world: World, model_key: str, small_chunks: None) -> None:
    release_models(world)
    homes = _odd_village(world)

    found = _rows(_run(world, model_key=model_key))

    assert set(found) == {home.pk for home in homes}
    assert {subject: lines.differences(result) for subject, result in found.items()} == {home.pk: [] for home in homes}
    assert any(result.line is None for result in found.values())


def test_a_model_too_wide_for_64_bits_is_computed_by_the_reference(
    world: World, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    release_models(world)
    _odd_village(world)
    fast = _rows(_run(world))

    def refuses(_bound: Any) -> Any:
        raise TooWide("x")

    monkeypatch.setattr(line_batches, "compile_model", refuses)
    slow = _rows(_run(world))

    shown = [
        [name, *(getattr(result, name) for name in ("line", "shown", "score", "grade_place", "status", "inputs_hash"))]
        for found in (fast, slow)
        for name, result in sorted(found.items())
    ]
    assert shown[: len(fast)] == shown[len(fast) :]
    assert all(bytes(fast[one].figures or b"") == bytes(slow[one].figures or b"") for one in fast)
    assert all(lines.differences(result) == [] for result in slow.values())


def test_a_household_that_cannot_be_computed_is_listed_and_the_run_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    homes = village(world, 3)
    # A code no catalogue knows: only damage to the table can write it.
    HouseholdFacts.objects.filter(subject_id=homes[1].pk).update(judgement=99)

    run = _run(world)

    assert set(_rows(run)) == {homes[0].pk, homes[2].pk}
    assert list(LineFailure.objects.filter(run=run).values_list("subject_id", "fault")) == [(homes[1].pk, "IndexError")]
    assert (run.figures["households"], run.figures["filed"], run.figures["failed"]) == (3, 2, 1)


def test_a_large_run_has_a_table_of_its_own_and_reads_the_same(
    world: World, own_tables: None, small_chunks: None
) -> None:
    release_models(world)
    homes = village(world, 5)
    first = _published(world)
    file(homes[0], world.chen, world.deng, days_ago=0.01, shares_held="9000")
    second = _published(world)

    assert (first.series, second.series) == (first.pk, second.pk)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from credit_lineresult_shared")
        assert cursor.fetchone() == (0,)
    assert set(_rows(second)) == {home.pk for home in homes}
    assert all(lines.differences(result) == [] for result in _rows(second).values())
    current = lines.current_line([home.pk for home in homes])
    assert {result.run_id for result in current.values()} == {second.pk}
    with acting_as(world.jiang) as post:
        assert post is not None
        assert lines.results_of(post, second, {"show": "line", "sort": "-line"}).count() == 5
        withdraw_run(run=second, staff=world.jiang, reason="录错")
    assert lines.current_line([homes[0].pk])[homes[0].pk].run_id == first.pk
    with acting_as(world.fang):
        assert LineResult.objects.count() == 0
    with acting_as(world.chen), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute(f"select count(*) from credit_lineresult_{second.pk}")
    with jobs.job_frame(None, "test"), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute(
            f"insert into credit_lineresult_{second.pk} select * from credit_lineresult_{first.pk}"
        )


def test_a_large_run_that_is_cancelled_leaves_no_table(
    world: World, own_tables: None, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    village(world, 5)
    run = started(world)
    job = jobs.REGISTRY[services.KIND]

    def cancels(run: JobRun, payload: Any, ready: Any) -> None:
        job.work(run, payload, ready)
        jobs.ask_to_cancel(run, world.jiang.pk)

    monkeypatch.setitem(jobs.REGISTRY, services.KIND, jobs.Job(**{**job.__dict__, "work": cancels}))
    jobs.drive_run(run.run_id)

    assert JobRun.objects.get(pk=run.run_id).state == JobRun.State.CANCELLED
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"credit_lineresult_{run.pk}"])
        assert cursor.fetchone() == (None,)
    assert not LineResult.objects.exists()


def test_only_a_living_run_of_the_kind_gets_a_table(world: World) -> None:
    release_models(world)
    village(world, 1)
    done = _run(world)

    for wanted in (done.pk, 0, 999_999):
        for function in ("open_results", "close_results"):
            with (
                jobs.job_frame(None, "test"),
                pytest.raises(Exception, match="no table of its own"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"select lib.{function}(%s)", [wanted])
    with acting_as(world.jiang), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute("select lib.open_results(%s)", [done.pk])


@pytest.mark.django_db(transaction=True)
def test_chunks_prepared_ahead_in_threads_come_to_the_same(small_chunks: None, own_tables: None) -> None:
    world = world_module.build()
    release_models(world)
    homes = _odd_village(world)
    run = started(world)

    jobs.drive_run(run.run_id)

    found = _rows(LineRun.objects.get(pk=run.pk))
    assert set(found) == {home.pk for home in homes}
    assert all(lines.differences(result) == [] for result in found.values())
    connections.close_all()


# --- What a model may ask for ------------------------------------------------------------------------------------------


def _released(world: World, change: Callable[[dict[str, Any]], None]) -> None:
    model = copy.deepcopy(S1)
    change(model)
    releases.publish(
        institution_id=world.bank.pk,
        kind="credit_model",
        key="s1",
        document=model,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def _asked(name: str, of: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"zh": name, "en": name}, "type": of, "missing": {"default": "0"}, **more}


def _asking_for_more(model: dict[str, Any]) -> None:
    model["inputs"] += [
        _asked("age", "int", min="0", max="150"),
        _asked("age_months", "int", min="0", max="1800"),
        _asked("businesses", "int", min="0", max="100"),
        _asked("village_net_income", "money", min="-100000000", max="100000000"),
    ]
    model["derived"] = [
        *model.get("derived", []),
        {
            "name": "asked_for",
            "label": {"zh": "x", "en": "x"},
            "type": "money",
            "formula": "village_net_income * (1 + age + age_months + businesses)",
        },
    ]


def test_age_businesses_and_the_village_median_are_inputs_and_kept(world: World) -> None:
    release_models(world)
    _released(world, _asking_for_more)
    homes = [make_household(world.liu, f"{number:04d}") for number in range(4)]
    for home, gross in zip(homes, ("40000", "50000", "60000.01", "90000"), strict=True):
        file(home, world.chen, world.deng, income=[{"kind": "planting", "gross": gross}])
        Household.objects.filter(pk=home.pk).update(borrower=Person.objects.filter(household=home).earliest("pk"))
    borrower = Household.objects.get(pk=homes[0].pk).borrower
    assert borrower is not None
    assert borrower.born_on is not None

    run = _run(world)

    kept = VillageFigures.objects.get(run=run, grid=world.liu)
    assert kept.medians == {"net_income": 5_500_001}  # halves of a fen are rounded away from zero
    result = _rows(run)[homes[0].pk]
    assert result.age == clock.today().year - borrower.born_on.year - (
        (clock.today().month, clock.today().day) < (borrower.born_on.month, borrower.born_on.day)
    )
    assert result.age_months == months_begun(borrower.born_on, clock.today())
    assert result.businesses == 0
    assert all(lines.differences(one) == [] for one in _rows(run).values())
    facts = lines.inputs_of(result).facts
    assert (facts["village_net_income"], facts["age"], facts["age_months"]) == (
        "55000.01",
        result.age,
        result.age_months,
    )
    # Years later the village is another: the line still explains itself by what was kept.
    file(homes[1], world.chen, world.deng, days_ago=0.01, income=[{"kind": "planting", "gross": "1"}])
    assert lines.differences(result) == []


def test_a_model_that_asks_for_what_no_file_says_reads_nothing_else(world: World) -> None:
    """A hostile document names tables, columns and other people's data: none of it is a fact, so nothing of it is read."""
    release_models(world)
    village(world, 2)
    names = (
        "facts_hash",
        "subject_id",
        "id_number",
        "document",
        "profile_id",
        "answers",
        "institution_id",
        "village_document",
    )

    def hostile(model: dict[str, Any]) -> None:
        model["inputs"] += [_asked(name, "int", min="0", max="1000") for name in names]

    _released(world, hostile)
    run = _run(world)

    facts = lines.inputs_of(next(iter(_rows(run).values()))).facts
    assert {name: facts[name] for name in names} == dict.fromkeys(names)
    assert run.figures["with_line"] == 2


# --- Only what changed -------------------------------------------------------------------------------------------------


def test_an_unchanged_household_costs_a_comparison_not_a_row(world: World, small_chunks: None) -> None:
    release_models(world)
    homes = village(world, 5)
    whole = _published(world)
    file(homes[3], world.chen, world.deng, days_ago=0.001, shares_held="9000")
    file(homes[4], world.chen, None, days_ago=0.001, shares_held="9000")

    run = _published(world, only_changed=True)

    assert run.since_id == whole.pk
    assert set(_rows(run)) == {homes[3].pk}
    assert run.figures["filed"] == 1
    current = lines.current_line([home.pk for home in homes])
    assert {home.pk: current[home.pk].run_id for home in homes} == {
        **{home.pk: whole.pk for home in homes},
        homes[3].pk: run.pk,
    }
    # Equal to a full run at the same instant, household by household.
    full = _rows(_run(world, as_of=run.as_of))
    assert {subject: (one.line, one.inputs_hash) for subject, one in full.items()} == {
        subject: (one.line, one.inputs_hash) for subject, one in current.items()
    }


def test_lists_borrowers_and_withdrawals_are_changes_too(world: World) -> None:
    release_models(world)
    release_parameters(world)
    homes = village(world, 4)
    whole = _published(world)
    at = SubjectChange.objects.count()
    entry = propose(
        staff=world.chen, post_id=None, household=homes[0], person=None, colour="grey", reason="overdue", note=""
    )
    confirm(staff=world.gao, post_id=None, entry=entry)
    Household.objects.filter(pk=homes[1].pk).update(borrower=Person.objects.filter(household=homes[1]).latest("pk"))
    Person.objects.filter(household=homes[2]).update(born_on=date(1950, 1, 1))
    Household.objects.filter(pk=homes[3].pk).update(next_visit_on=clock.today())

    noted = set(SubjectChange.objects.order_by("pk").values_list("subject_id", flat=True)[at:])
    assert noted == {home.pk for home in homes[:3]}
    # None of it is asked for by this model: three comparisons, no row.
    run = _run(world, only_changed=True)
    assert (run.figures["filed"], run.figures["unchanged"]) == (0, run.figures["households"])
    assert {homes[0].pk, homes[1].pk} <= noted
    assert run.since_id == whole.pk


def test_a_withdrawn_run_is_not_built_on(world: World) -> None:
    release_models(world)
    homes = village(world, 3)
    whole = _published(world)
    file(homes[0], world.chen, world.deng, days_ago=0.001, shares_held="9000")
    second = _published(world, only_changed=True)
    with acting_as(world.jiang):
        withdraw_run(run=second, staff=world.jiang, reason="录错")

    third = _run(world, only_changed=True)

    assert third.since_id == whole.pk
    assert set(_rows(third)) == {homes[0].pk}


def test_a_new_release_makes_every_household_a_changed_one(world: World) -> None:
    release_models(world)
    homes = village(world, 3)
    _published(world)
    _released(world, lambda model: model.update(notes=[*model.get("notes", []), {"zh": "新版", "en": "new edition"}]))

    run = _run(world, only_changed=True)

    assert set(_rows(run)) == {home.pk for home in homes}


def test_a_birthday_makes_a_changed_household_where_the_model_asks_for_age(world: World) -> None:
    release_models(world)
    _released(world, _asking_for_more)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, days_ago=3)
    today = clock.today()
    person = Person.objects.filter(household=home).earliest("pk")
    Household.objects.filter(pk=home.pk).update(borrower=person)
    Person.objects.filter(pk=person.pk).update(born_on=date(today.year - 40, today.month, today.day))
    before = _published(world, as_of=clock.now() - timedelta(hours=30))
    LineRun.objects.filter(pk=before.pk).update(seen=lines.transactions_ended() + 1_000_000)

    run = _run(world, only_changed=True)

    assert [one.age for one in _rows(before).values()] == [39]
    assert [one.age for one in _rows(run).values()] == [40]


def test_the_nightly_run_starts_where_lines_are_in_force(world: World) -> None:
    release_models(world)
    village(world, 1)
    with jobs.job_frame(None, "test"):
        assert services.start_nightly_runs(world.bank) == []
    whole = _published(world)
    with jobs.job_frame(None, "test"):
        (run,) = services.start_nightly_runs(world.bank)
        assert services.start_nightly_runs(world.bank) == []
    assert (run.since_id, run.model.key, run.asked_by) == (whole.pk, "s1", None)


# --- Small parts -------------------------------------------------------------------------------------------------------


def test_counts_of_chunks_add_up() -> None:
    one = {"filed": 2, "highest": 5, "total": 7, "grades": {"a": 1}, "reasons": {}, "caps": {"x": 2}, "bins": {"1": 2}}
    two = {
        "filed": 3,
        "highest": 4,
        "total": 1,
        "grades": {"a": 2, "b": 1},
        "reasons": {"r": 1},
        "caps": {},
        "bins": {"1": 1},
    }

    assert line_chunks.added_up([one, two]) == {
        "filed": 5, "highest": 5, "total": 8, "grades": {"a": 3, "b": 1}, "reasons": {"r": 1}, "caps": {"x": 2}, "bins": {"1": 3},
    }  # fmt: skip


def test_bits_say_a_shared_reason_once() -> None:
    assert packing.bits_of(bytes([0b10100000]), ["a", "b", "a"]) == ["a"]
    assert packing.bits_of(b"", []) == []


def test_breaches_follow_their_household_through_a_selection(world: World) -> None:
    release_models(world)
    homes = _odd_village(world)
    run = started(world)
    with jobs.job_frame(None, "test"):
        chunks = list(jobs.REGISTRY[services.KIND].plan(JobRun.objects.get(pk=run.run_id)))
        work = line_batches.work_of(LineRun.objects.get(pk=run.pk))
        gathered = line_batches.gather(work, line_chunks.Part(chunks[0].payload["from"], chunks[0].payload["to"]))
    chosen = gathered.rows.subject == homes[1].pk

    assert BreachFact.objects.count() == 2
    assert gathered.breach_household.tolist() == [1, 1]
    assert gathered.only(chosen).breach_household.tolist() == [0, 0]
    assert gathered.only(~chosen).breach_household.tolist() == []


@pytest.mark.django_db
def test_months_of_life_are_counted_alike_in_python_and_in_the_database() -> None:
    days = [date(2000, 2, 29) + timedelta(days=step) for step in range(0, 800, 13)]
    days += [
        date(2024, 2, 29),
        date(2023, 2, 28),
        date(2001, 1, 31),
        date(2001, 2, 28),
        date(2001, 3, 1),
        date(2000, 12, 31),
    ]
    born = [date(2000, 1, day) for day in (1, 28, 29, 30, 31)] + [
        date(1999, 2, 28),
        date(1996, 2, 29),
        date(1999, 12, 31),
    ]
    with connection.cursor() as cursor:
        for on in days:
            cursor.execute(f"select born, {frozen.months_begun('born', on)} from unnest(%s::date[]) as born", [born])
            assert [(one, months) for one, months in cursor.fetchall()] == [
                (one, months_begun(one, on)) for one in born
            ]


def test_a_new_month_of_life_is_noticed_where_the_model_asks_for_months(world: World) -> None:
    home = make_household(world.liu, "0001")
    borrower = Person.objects.filter(household=home).earliest("pk")
    Person.objects.filter(pk=borrower.pk).update(born_on=date(1980, 5, 15))
    Household.objects.filter(pk=home.pk).update(borrower=borrower)

    def noticed(after: date, until: date) -> list[int]:
        return changed.months_between(world.bank.pk, after, until)

    assert noticed(date(2026, 6, 15), date(2026, 6, 16)) == [home.pk]
    assert noticed(date(2026, 6, 16), date(2026, 7, 15)) == []
