"""Runs of a model: what they compute from, one result for each household, publication by another person, what is current."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from config.lib import clock, jobs
from config.lib.models import AuditEvent, JobRun
from credit.models import LineResult, LineRun
from credit.selectors import lines
from credit.services.lines import publish_run, withdraw_run
from customers.models import HouseholdFacts, ListEntry
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit.files import BASES, USUAL_LINE, file, release_models, started, village
from tests.customers.builders import make_household
from tests.world import World


def _run(world: World, **wanted: Any) -> LineRun:
    run = started(world, **wanted)
    jobs.drive_run(run.run_id)
    run = LineRun.objects.select_related("run", "branch", "grid").get(pk=run.pk)
    assert run.run.state == JobRun.State.DONE, run.run.error
    return run


def _published(world: World, **wanted: Any) -> LineRun:
    run = _run(world, **wanted)
    with acting_as(world.jiang):
        return publish_run(run=run, staff=_second(world))


def _said(result: LineResult) -> lines.Said:
    return lines.said(result, lines.model_of(result.run.model))


def _second(world: World) -> Any:
    """A second approver; the world has one only, who starts the runs of these tests."""
    return world.gao


def test_every_household_with_an_accepted_file_gets_one_result(world: World) -> None:
    release_models(world)
    homes = village(world, 3)
    other = make_household(world.zhao, "0001")
    file(other, world.fang, world.he)

    run = _run(world)

    results = {result.subject_id: result for result in LineResult.objects.filter(run=run)}
    assert set(results) == {home.pk for home in homes} | {other.pk}
    first = results[homes[0].pk]
    assert (str(first.line), _said(first).grade, first.score) == (USUAL_LINE, "level2", Decimal("78.00"))
    assert list(_said(first).figures) == [name for name, _type in lines.model_of(run.model).computed()]
    assert first.shown == Decimal("99600.00")
    assert (first.grid, first.recorded_grid) == (world.liu, world.liu)
    assert first.profile.subject_id == homes[0].pk
    assert all(lines.differences(result) == [] for result in results.values())
    assert run.figures["households"] == run.figures["filed"] == run.figures["with_line"] == 4


def test_only_the_revision_last_accepted_counts(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    accepted = file(home, world.chen, world.deng, days_ago=5)
    file(home, world.chen, world.deng, days_ago=3, verdict="returned", shares_held="90000")
    file(home, world.chen, None, days_ago=1, shares_held="80000")

    result = LineResult.objects.get(run=_run(world))

    assert result.profile == accepted
    inputs = lines.inputs_of(result)
    assert inputs.facts["shares"] == "5000.00"
    assert inputs.revision == 1


def test_a_household_without_accepted_file_gets_no_result_and_is_listed(world: World) -> None:
    release_models(world)
    empty, unchecked, gone = (make_household(world.liu, number) for number in ("0001", "0002", "0003"))
    file(unchecked, world.chen, None)
    gone.subject.left_on = clock.today() - timedelta(days=1)
    gone.subject.save(update_fields=["left_on"])

    run = _run(world)

    assert not LineResult.objects.filter(run=run).exists()
    assert run.figures["households"] == run.figures["unfiled"] == 2
    with acting_as(world.jiang) as post:
        assert list(lines.unfiled(post, run).values_list("pk", flat=True)) == [empty.pk, unchecked.pk]


def test_a_missing_fact_is_no_line_and_no_zero(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, judgement=None)

    run = _published(world)

    result = LineResult.objects.get(run=run)
    assert result.line is None
    assert _said(result).reasons == [{"code": "no_judgement", "input": "judgement"}]
    assert lines.current_line([home.pk])[home.pk].line is None
    assert (run.figures["incomplete"], run.figures["zero"], run.figures["reasons"]) == (1, 0, {"no_judgement": 1})


def test_grade_four_is_a_line_of_zero_with_its_reason(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, judgement="poor", performance={"status": "none"})

    result = LineResult.objects.get(run=_run(world))

    assert (result.line, result.shown, _said(result).grade) == (Decimal("0.00"), Decimal("0.00"), "level4")
    assert _said(result).reasons == [{"code": "grade_four", "input": ""}]


def test_scheme_s6_takes_grade_assets_and_operating_income(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    # AA 80,000 + 10 % of 600,000 + 30 % of 120,000 = 176,000; AAA, 1,000,000 and 200,000 reach the cap (Domain, 4.5).
    file(
        home,
        world.chen,
        world.deng,
        assets=[{"kind": "house", "current": "600000"}],
        income=[{"kind": "commerce", "gross": "120000"}],
    )
    rich = make_household(world.liu, "0002")
    file(
        rich,
        world.chen,
        world.deng,
        grade="AAA",
        assets=[{"kind": "house", "current": "1000000"}],
        income=[{"kind": "commerce", "gross": "200000"}],
    )

    run = _run(world, model_key="s6")

    found = dict(LineResult.objects.filter(run=run).values_list("subject_id", "line"))
    assert found == {home.pk: Decimal("176000.00"), rich.pk: Decimal("200000.00")}
    assert _said(LineResult.objects.get(run=run, subject_id=rich.pk)).binding == ["highest"]
    assert run.figures["caps"] == {"highest": 1}


def test_a_confirmed_entry_for_gambling_lowers_the_grade_as_long_as_it_stands(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, days_ago=30)
    now = clock.now()
    entry = ListEntry.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=home.pk,
        colour="black",
        reason="gambling_drugs",
        proposed_by=world.chen,
        confirmed_by=world.gao,
        confirmed_at=now - timedelta(days=10),
        released_by=world.gao,
        released_at=now - timedelta(days=2),
    )

    grades = {
        days: _said(LineResult.objects.get(run=_run(world, as_of=now - timedelta(days=days)))).grade
        for days in (20, 5, 1)
    }

    assert grades == {20: "level2", 5: "level3", 1: "level2"}
    finding = lines.inputs_of(LineResult.objects.get(entry__isnull=False)).finding
    assert finding is not None
    assert finding.entry == entry.pk


def test_the_instant_of_the_inputs_decides(world: World) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, days_ago=10)
    file(home, world.chen, world.deng, days_ago=2, shares_held="10000")

    earlier = LineResult.objects.get(run=_run(world, as_of=clock.now() - timedelta(days=5)))
    later = LineResult.objects.get(run=_run(world))

    assert (lines.inputs_of(earlier).revision, lines.inputs_of(later).revision) == (1, 2)
    assert earlier.inputs_hash != later.inputs_hash


def test_a_run_writes_its_scope_only(world: World) -> None:
    release_models(world)
    homes = {}
    for grid in (world.liu, world.wang, world.zhao):
        homes[grid.pk] = make_household(grid)
        file(homes[grid.pk], world.chen, world.deng)

    def written(**scope: Any) -> set[int]:
        return set(LineResult.objects.filter(run=_run(world, **scope)).values_list("grid_id", flat=True))

    assert written(grid=world.wang) == {world.wang.pk}
    assert written(branch=world.east) == {world.liu.pk, world.wang.pk}
    assert written() == set(homes)


# --- Publication --------------------------------------------------------------------------------------------------


def test_a_result_is_current_from_publication_to_withdrawal(world: World) -> None:
    release_models(world)
    (home,) = village(world, 1)
    first = _published(world, as_of=clock.now() - timedelta(hours=5))
    file(home, world.chen, world.deng, days_ago=0.1, shares_held="10000")
    second = _run(world)

    assert lines.current_line([home.pk])[home.pk].run == first
    with acting_as(world.jiang):
        publish_run(run=second, staff=_second(world))
    current = lines.current_line([home.pk])[home.pk]
    assert current.run == second
    assert lines.earlier_result(current).run == first
    with acting_as(world.jiang):
        withdraw_run(run=second, staff=world.jiang, reason="县基数录错")
    assert lines.current_line([home.pk])[home.pk].run == first


def test_the_latest_inputs_win_whatever_was_published_last(world: World) -> None:
    release_models(world)
    (home,) = village(world, 1)
    late = _published(world)
    early = _published(world, as_of=clock.now() - timedelta(hours=3))

    assert lines.current_line([home.pk])[home.pk].run == late
    assert not lines.newest_in_force(early)
    assert lines.newest_in_force(late)


def test_a_village_run_touches_no_other_village(world: World) -> None:
    release_models(world)
    homes = [make_household(grid) for grid in (world.liu, world.wang)]
    for home in homes:
        file(home, world.chen, world.deng)
    whole, small = _published(world), _published(world, grid=world.wang)

    found = lines.current_line([home.pk for home in homes])

    assert [found[home.pk].run for home in homes] == [whole, small]


def test_current_lines_of_many_households_cost_one_query(world: World, django_assert_num_queries: Any) -> None:
    release_models(world)
    homes = village(world, 3)
    _published(world)

    with django_assert_num_queries(1):
        assert len(lines.current_line([home.pk for home in homes])) == 3


def test_who_asked_does_not_publish(world: World) -> None:
    release_models(world)
    village(world, 1)
    run = _run(world)

    with acting_as(world.jiang), pytest.raises(Refused, match="另一位审批人"):
        publish_run(run=run, staff=world.jiang)
    # ... and the database would not have it either.
    with pytest.raises(IntegrityError, match="lines_published_by_another"), transaction.atomic():
        LineRun.objects.filter(pk=run.pk).update(published_by=world.jiang, published_at=clock.now())


def test_publishing_twice_unfinished_or_empty_is_refused(world: World) -> None:
    release_models(world)
    empty = _run(world)
    village(world, 1)
    open_run = started(world)
    with acting_as(world.jiang):
        with pytest.raises(Refused, match="没有任何结果"):
            publish_run(run=empty, staff=_second(world))
        with pytest.raises(Refused, match="还没有完成"):
            publish_run(run=open_run, staff=_second(world))
    jobs.drive_run(open_run.run_id)
    with acting_as(world.jiang):
        publish_run(run=open_run, staff=_second(world))
        with pytest.raises(Refused, match="已经发布过"):
            publish_run(run=open_run, staff=_second(world))


def test_a_withdrawal_needs_a_reason_and_a_publication(world: World) -> None:
    release_models(world)
    village(world, 1)
    run = _run(world)
    with acting_as(world.jiang):
        with pytest.raises(Refused, match="没有发布过"):
            withdraw_run(run=run, staff=world.jiang, reason="x")
        publish_run(run=run, staff=_second(world))
        with pytest.raises(Refused, match="理由"):
            withdraw_run(run=run, staff=world.jiang, reason="  ")
        withdraw_run(run=run, staff=world.jiang, reason="录错")
        with pytest.raises(Refused, match="已经撤回"):
            withdraw_run(run=run, staff=world.jiang, reason="录错")
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        "lines_started",
        "lines_published",
        "lines_withdrawn",
    ]


def test_results_are_never_changed(world: World) -> None:
    release_models(world)
    village(world, 1)
    result = LineResult.objects.get(run=_run(world))

    with acting_as(world.jiang), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        LineResult.objects.filter(pk=result.pk).update(line=Decimal("1.00"))
    with jobs.job_frame(None, "test"), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        LineResult.objects.filter(pk=result.pk).update(line=Decimal("1.00"))


def test_a_scoped_web_role_changes_nothing_of_a_run_but_its_publication(world: World) -> None:
    release_models(world)
    village(world, 1)
    run = _run(world)

    with acting_as(world.jiang), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        LineRun.objects.filter(pk=run.pk).update(figures={})


# --- Refused before it starts -------------------------------------------------------------------------------------


def test_a_model_that_was_not_released_or_lacks_its_parameters_does_not_start(world: World) -> None:
    with pytest.raises(Refused, match="还没有发布"):
        started(world)
    release_models(world, {"base_assets": "200000.00"})
    with pytest.raises(Refused, match="模型参数不能用"):
        started(world)
    assert not JobRun.objects.exists()
    started(world, model_key="s6")


def test_parameters_of_other_models_in_the_same_release_do_no_harm(world: World) -> None:
    release_models(world, {**BASES, "something_else": "1.00"})
    village(world, 1)

    assert LineResult.objects.get(run=_run(world)).line == Decimal(USUAL_LINE)


def test_the_same_run_is_not_started_twice(world: World) -> None:
    release_models(world)
    started(world)

    with pytest.raises(jobs.AlreadyRunning):
        started(world)
    started(world, branch=world.east)
    assert LineRun.objects.count() == 2


# --- The figures --------------------------------------------------------------------------------------------------


def test_the_distribution_counts_upper_edges_in(world: World) -> None:
    release_models(world)
    homes = [make_household(world.liu, f"{number:04d}") for number in range(4)]
    for home, shares in zip(homes, ("0", "69300", "69301", "419300"), strict=True):
        file(home, world.chen, world.deng, shares_held=shares)

    figures = _run(world).figures

    found = sorted(LineResult.objects.values_list("line", flat=True))
    # Grades move with shares of 1,000 and 10,000 yuan; what matters here is that bins hold their upper edge.
    width = Decimal(figures["width"])
    assert sum(figures["bins"]) == 4
    for place, count in enumerate(figures["bins"]):
        assert count == sum(width * place < line <= width * (place + 1) for line in found)
    assert Decimal(figures["total"]) == sum(found)
    assert Decimal(figures["highest"]) == found[-1]


def test_a_tampered_result_is_found(world: World) -> None:
    release_models(world)
    village(world, 1)
    result = LineResult.objects.select_related("run__model", "run__bases").get(run=_run(world))

    result.line += 1
    facts = HouseholdFacts.objects.get(pk=result.profile_id)
    HouseholdFacts.objects.filter(pk=facts.pk).update(shares=(facts.shares or 0) + 1, facts_hash=uuid4())

    # A fen of shares moves the line by less than half a fen: the fingerprint tells what the amount would not.
    assert lines.differences(result) == ["line", "inputs_hash"]


def test_row_security_keeps_results_to_the_officers_grids(world: World) -> None:
    release_models(world)
    village(world, 2)
    _published(world)

    with acting_as(world.chen):
        assert LineResult.objects.count() == 2
    with acting_as(world.fang):
        assert LineResult.objects.count() == 0
        assert lines.current_line(LineResult.objects.values_list("subject_id", flat=True)) == {}
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from credit_lineresult")
        assert cursor.fetchone()[0] == 2
