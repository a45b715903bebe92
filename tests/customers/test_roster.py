"""Roster imports through the services: checked, confirmed by a second person, written; again without doubles."""

import io
from datetime import datetime

import pytest
from django.db import connection, transaction

from config.lib import clock, files
from config.lib.clock import SHANGHAI
from config.lib.models import AuditEvent, History, JobRun
from customers.domain.identity import make_phone
from customers.models import Household, MoveRequest, Person, PersonToken, RosterImport, RosterProblem, Subject
from customers.selectors.identity import decrypt
from customers.services import identity, roster
from tests import rosterfiles
from tests.customers import rosters
from tests.customers.builders import make_household
from tests.domain.test_roster_files import BROKEN_FILES
from tests.world import World

pytestmark = pytest.mark.django_db
FILED = (Subject, Household, Person, PersonToken, MoveRequest)


def counts() -> list[int]:
    return [model.objects.count() for model in FILED]


def test_a_checked_file_has_written_nothing(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu) + rosters.family(world.wang, first=11))

    assert uploaded.state == RosterImport.State.CHECKED
    assert uploaded.summary["errors"] == {}
    assert (uploaded.summary["households"], uploaded.summary["people"]) == (2, 6)
    assert uploaded.summary["totals"]["new"] == 2
    assert uploaded.summary["villages"][str(world.liu.pk)]["people_new"] == 3
    assert counts() == [0, 0, 0, 0, 0]


def test_a_confirmed_file_is_on_file_with_identity_tokens_and_head(world: World) -> None:
    imported = rosters.import_rows(world, rosters.family(world.liu))

    assert imported.state == RosterImport.State.WRITTEN
    home = Household.objects.get()
    assert (home.grid_id, home.number, home.group, home.institution_id) == (world.liu.pk, "H001", "1组", world.bank.pk)
    assert home.subject.listed_on == clock.today()
    assert home.subject.found_on is None
    people = list(Person.objects.order_by("pk"))
    assert [(p.name, p.relation, p.sex) for p in people] == [
        ("刘建国", "head", "M"),
        ("刘秀英", "spouse", "F"),
        ("刘洋", "son", "M"),
    ]
    assert home.head_id == people[0].pk
    assert decrypt(people[0], "id_number") == rosters.id_of(1)
    assert decrypt(people[1], "phone") == make_phone(2)
    expected = identity.encrypt_identity(people[0].uuid, world.bank.pk, rosters.id_of(1), make_phone(1))
    for name in ("id_index", "id_tail", "phone_index", "phone_tail"):
        assert bytes(getattr(people[0], name)) == expected[name], name
    tokens = set(PersonToken.objects.filter(person=people[0]).values_list("token", "grid_id"))
    assert {("刘建", world.liu.pk), ("liujianguo", world.liu.pk), ("ljg", world.liu.pk)} <= tokens
    verbs = list(AuditEvent.objects.filter(about="roster").order_by("pk").values_list("verb", "staff_id"))
    assert verbs == [
        ("roster_upload", world.chen.pk),
        ("roster_confirm", world.gao.pk),
        ("roster_written", world.gao.pk),
    ]


def test_the_same_roster_again_changes_nothing_and_leaves_no_history(world: World) -> None:
    rows = rosters.family(world.liu) + rosters.family(world.liu, "H002", 11)
    rosters.import_rows(world, rows)
    before, history = counts(), History.objects.filter(table__startswith="customers_person").count()

    again = rosters.import_rows(world, reversed(rows))

    assert again.state == RosterImport.State.WRITTEN
    assert counts() == before
    totals = again.summary["totals"]
    assert (totals["unchanged"], totals["people_unchanged"], totals["new"], totals["people_new"]) == (2, 6, 0, 0)
    assert (totals["missing"], totals["people_missing"]) == (0, 0)
    assert History.objects.filter(table__startswith="customers_person").count() == history


def test_what_changed_is_updated_with_history(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    wife = Person.objects.get(name="刘秀英")
    rows = rosters.family(world.liu)
    rows[1][4], rows[1][7] = "王秀英", make_phone(99)
    for row in rows:
        row[2], row[8] = "2组", "新村8号"

    again = rosters.import_rows(world, rows)

    totals = again.summary["totals"]
    assert (totals["changed"], totals["people_changed"], totals["people_unchanged"]) == (1, 1, 2)
    home = Household.objects.get()
    assert (home.group, home.address) == ("2组", "新村8号")
    same = Person.objects.get(pk=wife.pk)
    assert (same.name, decrypt(same, "phone")) == ("王秀英", make_phone(99))
    assert decrypt(same, "id_number") == rosters.id_of(2)
    assert bytes(same.data_key) == bytes(wife.data_key)
    assert set(same.tokens.values_list("token", flat=True)) >= {"王秀", "wangxiuying"}
    assert not same.tokens.filter(token="刘秀").exists()
    assert History.objects.filter(table="customers_person", row_id=str(wife.pk), staff_id=world.gao.pk).count() == 1
    assert History.objects.filter(table="customers_household", row_id=str(home.pk)).count() == 1


def test_an_empty_cell_takes_nothing_away(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    rows = rosters.family(world.liu)
    for row in rows:
        row[2] = row[6] = row[7] = row[8] = ""

    again = rosters.import_rows(world, rows)

    assert again.summary["totals"]["people_unchanged"] == 3
    assert Household.objects.get().address != ""
    assert decrypt(Person.objects.get(name="刘建国"), "id_number") == rosters.id_of(1)


def test_a_number_missing_before_is_added_to_the_same_person(world: World) -> None:
    rosters.import_rows(world, [rosters.line(world.liu)])
    person = Person.objects.get()

    again = rosters.import_rows(world, [rosters.line(world.liu, 身份证号=rosters.id_of(1))])

    assert again.summary["totals"]["people_changed"] == 1
    assert Person.objects.get().pk == person.pk
    assert decrypt(Person.objects.get(), "id_number") == rosters.id_of(1)


def test_a_changed_id_number_of_the_same_name_and_relation_is_pointed_out(world: World) -> None:
    rosters.import_rows(world, [rosters.line(world.liu, 身份证号=rosters.id_of(1))])

    checked = rosters.upload(world, [rosters.line(world.liu, 身份证号=rosters.id_of(3))])

    assert checked.summary["warnings"] == {"id_number_changes": 1, "phone_missing": 1} or checked.summary[
        "warnings"
    ] == {"id_number_changes": 1}
    rosters.confirm(world, checked)
    assert decrypt(Person.objects.get(), "id_number") == rosters.id_of(3)


def test_a_person_filed_in_another_household_is_a_request_not_a_move(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    son = Person.objects.get(name="刘洋")
    rows = [rosters.line(world.wang, "W009", "刘洋", "户主", 身份证号=rosters.id_of(3))]
    rows.append(rosters.line(world.wang, "W009", "赵敏", "妻", 身份证号=rosters.id_of(30)))

    again = rosters.import_rows(world, rows)

    assert again.summary["totals"]["moves"] == 1
    assert again.summary["warnings"]["filed_in_another_household"] == 1
    son.refresh_from_db()
    assert son.household.number == "H001"
    request = MoveRequest.objects.get()
    new = Household.objects.get(number="W009")
    assert (request.person_id, request.to_household_id, request.state, request.row) == (son.pk, new.pk, "open", 2)
    assert new.head_id is None
    rosters.import_rows(world, [*rows, rosters.line(world.wang, "W010", "钱多")])
    assert MoveRequest.objects.count() == 1


def test_who_is_missing_from_a_new_file_stays(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu) + rosters.family(world.liu, "H002", 11))

    again = rosters.import_rows(world, rosters.family(world.liu)[:2])

    totals = again.summary["totals"]
    assert (totals["missing"], totals["people_missing"]) == (1, 4)
    assert Subject.objects.filter(left_on__isnull=True, listed_on__isnull=False).count() == 2
    assert Person.objects.filter(left_on__isnull=True).count() == 6


def test_a_household_found_in_the_field_is_listed_from_that_import_on(world: World) -> None:
    found = make_household(world.liu, "散001")
    Subject.objects.filter(pk=found.pk).update(listed_on=None, found_on=clock.today())
    head = Person.objects.get(household=found, relation="head")
    rows = [rosters.line(world.liu, "H077", head.name, 身份证号=decrypt(head, "id_number"))]
    rows.append(rosters.line(world.liu, "H077", "刘新", "子", 身份证号=rosters.id_of(41)))
    # The builder's numbers carry no check digit; the person is found by an ID number that does.
    rows[0][6] = rosters.id_of(43)
    columns = identity.encrypt_identity(head.uuid, world.bank.pk, rosters.id_of(43), "", bytes(head.data_key))
    Person.objects.filter(pk=head.pk).update(**columns)

    imported = rosters.import_rows(world, rows)

    assert imported.summary["totals"]["listed"] == 1
    found.refresh_from_db()
    assert (found.number, found.subject.listed_on, found.subject.found_on) == ("H077", clock.today(), clock.today())
    assert Household.objects.count() == 1
    assert Person.objects.get(name="刘新").household_id == found.pk


def test_who_has_left_is_not_brought_back(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu) + rosters.family(world.liu, "H002", 11))
    Person.objects.filter(name="刘洋", household__number="H001").update(left_on=clock.today(), left_reason="moved")
    Subject.objects.filter(household__number="H002").update(left_on=clock.today(), left_reason="moved")

    again = rosters.import_rows(world, rosters.family(world.liu) + rosters.family(world.liu, "H002", 11))

    assert again.summary["warnings"]["person_has_left"] == 1
    assert again.summary["warnings"]["household_has_left"] == 1
    assert again.summary["totals"]["left"] == 1
    assert Person.objects.filter(left_on__isnull=False).count() == 1
    assert Person.objects.count() == 6


def test_a_new_head_takes_the_place_at_the_head(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    rows = rosters.family(world.liu)
    rows[0][5], rows[2][5] = "父亲", "户主"
    rows[1][5] = "母亲"

    rosters.import_rows(world, rows)

    home = Household.objects.get()
    assert home.head is not None
    assert (home.head.name, Person.objects.get(name="刘建国").relation) == ("刘洋", "father")


def test_rows_of_a_household_need_not_stand_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.domain.roster.delimited.CHUNK_ROWS", 4)
    rows = [row for first in range(1, 90, 10) for row in rosters.family(world.liu, f"H{first:03d}", first)]
    rows.sort(key=lambda row: ("妻", "子", "户主").index(row[5]))

    imported = rosters.import_rows(world, rows)

    assert imported.summary["totals"]["people_new"] == 27
    assert Household.objects.filter(head__relation="head").count() == 9
    assert all(home.people.count() == 3 for home in Household.objects.all())
    assert rosters.import_rows(world, rows[::-1]).summary["totals"]["people_unchanged"] == 27


def test_errors_keep_the_whole_file_out(world: World) -> None:
    rows = [*rosters.family(world.liu), rosters.line(world.liu, "H002", 身份证号="370685198003050011")]

    checked = rosters.upload(world, rows)

    assert checked.state == RosterImport.State.CHECKED
    assert sum(checked.summary["errors"].values()) == 1
    problem = RosterProblem.objects.get(is_error=True)
    assert (problem.row, problem.column, problem.code) == (5, "id_number", "id_check_character")
    assert "37068519800305" not in problem.value
    with pytest.raises(roster.RosterRefusedError, match="errors"):
        roster.confirm(staff=world.gao, post_id=None, roster=checked)
    assert counts() == [0, 0, 0, 0, 0]


def test_villages_of_another_branch_and_closed_ones_are_refused(world: World) -> None:
    world.wang.is_active = False
    world.wang.save()

    checked = rosters.upload(world, rosters.family(world.zhao) + rosters.family(world.wang, first=11))

    assert checked.summary["errors"]["village_unknown"] == 6
    assert checked.summary["people"] == 0


def test_the_head_office_may_import_for_every_branch(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.zhao), branch=world.head_office)

    assert checked.summary["errors"] == {}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_broken_files_say_why_and_leave_nothing(world: World, name: str) -> None:
    content, code = BROKEN_FILES[name]

    broken = rosters.upload(world, content)

    assert broken.state == RosterImport.State.BROKEN
    assert set(broken.summary["errors"]) == {code}
    assert set(broken.problems.values_list("code", flat=True)) == {code}
    with pytest.raises(roster.RosterRefusedError, match="settled"):
        roster.confirm(staff=world.gao, post_id=None, roster=broken)
    assert counts() == [0, 0, 0, 0, 0]
    assert JobRun.objects.get(pk=broken.run_id).state == JobRun.State.DONE


def test_a_swollen_workbook_is_refused(world: World) -> None:
    assert rosters.upload(world, rosterfiles.swollen_workbook(60)).state == RosterImport.State.BROKEN


# --- Two people, once ---------------------------------------------------------------------------------------------


def test_nobody_confirms_his_own_upload(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.liu), staff=world.gao)

    with pytest.raises(roster.RosterRefusedError, match="own"):
        roster.confirm(staff=world.gao, post_id=None, roster=checked)

    with pytest.raises(Exception, match="roster_needs_two_people"), transaction.atomic():
        RosterImport.objects.filter(pk=checked.pk).update(confirmed_by=world.gao)


def test_a_second_click_finds_it_settled_and_writes_once(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.liu))
    stale = RosterImport.objects.get(pk=checked.pk)
    roster.confirm(staff=world.gao, post_id=None, roster=checked)

    with pytest.raises(roster.RosterRefusedError, match="settled"):
        roster.confirm(staff=world.gao, post_id=None, roster=stale)

    from config.lib import jobs

    for _ in range(2):
        jobs.drive_run(checked.run_id)
    assert Household.objects.count() == 1
    assert JobRun.objects.filter(kind=roster.WRITE).count() == 1


def test_one_tab_confirms_while_the_other_discards(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.liu))
    stale = RosterImport.objects.get(pk=checked.pk)
    roster.discard(staff=world.chen, post_id=None, roster=checked)

    with pytest.raises(roster.RosterRefusedError, match="settled"):
        roster.confirm(staff=world.gao, post_id=None, roster=stale)
    with pytest.raises(roster.RosterRefusedError, match="settled"):
        roster.discard(staff=world.gao, post_id=None, roster=stale)


def test_the_same_file_is_not_taken_twice_while_under_way(world: World) -> None:
    first = rosters.upload(world, rosters.family(world.liu))

    with pytest.raises(roster.RosterRefusedError, match="same_file") as refused:
        rosters.upload(world, rosters.family(world.liu))
    assert refused.value.roster.pk == first.pk

    roster.discard(staff=world.chen, post_id=None, roster=first)
    assert rosters.upload(world, rosters.family(world.liu)).state == RosterImport.State.CHECKED


def test_two_files_with_the_same_people_confirmed_one_after_the_other(world: World) -> None:
    first = rosters.upload(world, rosters.family(world.liu))
    second = rosters.upload(world, rosters.family(world.liu)[::-1])

    rosters.confirm(world, first)
    rosters.confirm(world, second)

    assert second.summary["totals"]["people_unchanged"] == 3
    assert Person.objects.count() == 3


# --- What changed between check and confirmation ------------------------------------------------------------------


def test_a_village_given_away_meanwhile_ends_the_import_unwritten(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.liu) + rosters.family(world.wang, first=11))
    world.wang.branch = world.west
    world.wang.save()

    ended = rosters.confirm(world, checked)

    assert (ended.state, ended.summary["failure"]) == (RosterImport.State.FAILED, "otherwise")
    assert counts() == [0, 0, 0, 0, 0]


def test_an_original_that_was_tampered_with_is_never_written(world: World) -> None:
    checked = rosters.upload(world, rosters.family(world.liu))
    from django.core.files.storage import default_storage

    with default_storage.open(checked.file.storage_key, "rb") as file:
        sealed = bytearray(file.read())
    sealed[-1] ^= 1
    default_storage.delete(checked.file.storage_key)
    default_storage.save(checked.file.storage_key, io.BytesIO(bytes(sealed)))

    ended = rosters.confirm(world, checked)

    assert (ended.state, ended.summary["failure"]) == (RosterImport.State.FAILED, "original")
    assert counts() == [0, 0, 0, 0, 0]


def test_the_original_lies_sealed_and_opens_at_any_place(world: World) -> None:
    content = bytes(range(256)) * 10_000
    stored = files.store_sealed(
        content=io.BytesIO(content), name="x", kind="roster", institution_id=world.bank.pk, stored_by_id=world.chen.pk
    )

    with files.open_sealed(stored) as opened:
        assert opened.read() == content
        for at, size in ((0, 5), (1_048_570, 20), (2_097_152, 7), (len(content) - 3, 10)):
            opened.seek(at)
            assert opened.read(size) == content[at : at + size]
        assert opened.seek(-4, io.SEEK_END) == len(content) - 4
        assert opened.read() == content[-4:]


# --- In one go, dated ---------------------------------------------------------------------------------------------


def test_an_import_in_one_go_is_dated_as_told(world: World) -> None:
    at = datetime(2026, 2, 3, 10, 0, tzinfo=SHANGHAI)

    imported = rosters.import_at(world, rosters.family(world.liu), at)

    assert (imported.state, imported.uploaded_at, imported.confirmed_at) == (RosterImport.State.WRITTEN, at, at)
    subject = Subject.objects.get()
    assert (subject.listed_on, subject.created_at) == (at.date(), at)
    assert Person.objects.filter(created_at=at).count() == 3


def test_an_import_in_one_go_with_errors_comes_back_unwritten(world: World) -> None:
    checked = rosters.import_at(world, [rosters.line(world.zhao)], clock.now())

    assert checked.state == RosterImport.State.CHECKED
    assert checked.summary["errors"] == {"village_unknown": 1}
    assert counts() == [0, 0, 0, 0, 0]


# --- Whose files --------------------------------------------------------------------------------------------------


def test_files_and_their_problems_are_seen_by_their_branch_alone(world: World, acting) -> None:
    checked = rosters.upload(world, [rosters.line(world.liu, 身份证号="1")])

    for person, sees in (
        (world.chen, True), (world.gao, True), (world.fang, False), (world.he, False),
        (world.an, False), (world.kang, False), (world.jiang, False), (world.lin, False), (world.shi, False),
    ):  # fmt: skip
        with acting(person), connection.cursor() as cursor:
            if person in (world.kang, world.jiang):
                with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                    cursor.execute("select count(*) from customers_rosterimport")
                continue
            cursor.execute("select count(*) from customers_rosterimport")
            assert cursor.fetchone()[0] == int(sees), person
            cursor.execute("select count(*) from customers_rosterproblem where roster_id = %s", [checked.pk])
            assert bool(cursor.fetchone()[0]) == sees, person
