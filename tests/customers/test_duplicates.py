"""People filed twice: the sweep against a plain reference, cases that settle and come back, merge and undo by two people."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from io import BytesIO
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from config.lib import clock, crypto, jobs, releases
from config.lib.acting import job_frame
from config.lib.models import JobRun
from customers import access
from customers.domain import names
from customers.models import Household, ListEntry, Person, PersonMerge, SimilarCase, SimilarMember
from customers.services import duplicates, identity
from customers.services.duplicates import MergeRefusedError
from customers.services.sweep import RULES, sweep
from customers.services.visits import Photo, submit_visit
from customers.tasks import sweep_duplicates
from grids.models import Post, PostKind, Staff
from tests.conftest import acting_as
from tests.customers.builders import make_business, make_household, release_parameters, submission
from tests.world import SINCE, World

ClientOf = Callable[..., Client]


def release(world: World, **changes: Any) -> None:
    document = {"phone": {"warn": 2, "red": 3}, "name_birth": True, "pinyin_village": True, "photo": True} | changes
    releases.publish(
        institution_id=world.bank.pk,
        kind=RULES,
        document=document,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def run(world: World) -> dict[str, int]:
    with job_frame(None, "test"):
        return sweep(world.bank.pk)


def rename(person: Person, name: str, born_on: date | None = None, phone: str = "", id_number: str = "") -> Person:
    columns = identity.encrypt_identity(
        person.uuid, person.institution_id, id_number, phone, bytes(person.data_key or b"")
    )
    Person.objects.filter(pk=person.pk).update(name=name, sort_key=names.sort_key(name), born_on=born_on, **columns)
    person.refresh_from_db()
    return person


def alone(world: World, number: str, name: str, grid: Any = None, **more: Any) -> Person:
    """One person in a household of his own, under a head nobody resembles."""
    home = make_household(
        grid or world.liu, number, ((f"户主{number}", "head", "M", 1950 + int(number) % 40), (name, "son", "M", 2001))
    )
    head, person = Person.objects.filter(household=home).order_by("pk")
    rename(head, f"甲{chr(0x4E00 + int(number))}", date(1900 + int(number), 1, 2), id_number=f"ID{number}")
    return rename(person, name, **more)


def groups() -> dict[str, set[frozenset[int]]]:
    found: dict[str, set[frozenset[int]]] = defaultdict(set)
    for case in SimilarCase.objects.filter(state="open"):
        members = SimilarMember.objects.filter(case=case, gone_at__isnull=True)
        found[case.kind].add(frozenset(members.values_list("person_id", flat=True)))
    return dict(found)


def reference(people: Iterable[Person]) -> dict[str, set[frozenset[int]]]:
    """The same rules in plain Python."""
    found: dict[str, dict[Any, list[Person]]] = {
        kind: defaultdict(list) for kind in ("phone", "name_birth", "pinyin_village")
    }
    for person in people:
        if person.left_on or person.erased_at:
            continue
        if person.phone_index is not None:
            found["phone"][bytes(person.phone_index)].append(person)
        if person.born_on:
            found["name_birth"][person.name, person.born_on].append(person)
        sound = person.sort_key.removesuffix(" " + person.name)
        found["pinyin_village"][person.grid_id, sound].append(person)
    return {
        kind: sets
        for kind, by_key in found.items()
        if (
            sets := {
                frozenset(person.pk for person in group)
                for group in by_key.values()
                if len({person.household_id for person in group}) > 1
                and (kind != "pinyin_village" or any(person.id_index is None for person in group))
            }
        )
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sweep_finds_what_a_plain_reference_finds_night_after_night(world: World, seed: int) -> None:
    release(world)
    rng = Random(seed)
    people = [
        alone(
            world,
            str(number),
            rng.choice(("刘洋", "刘杨", "刘阳", "王芳", "李娜", "赵磊")),
            grid=rng.choice((world.liu, world.wang, world.zhao)),
            born_on=rng.choice((None, date(1990, 1, 1), date(1991, 2, 2), date(1992, 3, 3))),
            phone=rng.choice(("", "13800000001", "13800000002", f"139{number:08d}")),
            id_number=rng.choice(("", f"N{number}")),
        )
        for number in range(40)
    ]
    run(world)
    assert groups() == reference(Person.objects.all())
    for person in rng.sample(people, 12):  # a day of work: some leave, some get other numbers and names
        change = rng.choice(("leave", "phone", "name"))
        if change == "leave":
            Person.objects.filter(pk=person.pk).update(left_on=clock.today(), left_reason="moved")
        elif change == "phone":
            rename(person, person.name, person.born_on, phone=rng.choice(("13800000001", "13700000000")))
        else:
            rename(person, rng.choice(("刘洋", "王方")), person.born_on, id_number=f"X{person.pk}")
    run(world)
    assert groups() == reference(Person.objects.all())
    with CaptureQueriesContext(connection):
        before = list(SimilarCase.objects.order_by("pk").values())
        run(world)
    assert list(SimilarCase.objects.order_by("pk").values()) == before


def test_three_households_with_one_phone_are_red_and_one_household_is_none(world: World) -> None:
    release(world)
    alone(world, "1", "王芳", phone="13800000001", id_number="a")
    alone(world, "2", "李娜", phone="13800000001", id_number="b")
    home = make_household(world.liu, "9")
    for person, name in zip(Person.objects.filter(household=home), ("孙一", "孙二", "孙三"), strict=True):
        rename(person, name, phone="13800000009", id_number=name)
    assert run(world) == {"phone": 1}
    case = SimilarCase.objects.get()
    assert (case.size, case.is_red, case.rules_version) == (2, False, 1)
    alone(world, "3", "赵磊", phone="13800000001", id_number="c")
    run(world)
    case.refresh_from_db()
    assert (case.size, case.is_red) == (3, True)


def test_one_photo_of_two_households_is_a_case(world: World) -> None:
    release(world)
    block = BytesIO()
    Image.new("RGB", (8, 8), (9, 80, 40)).save(block, "JPEG")
    release_parameters(world)
    for number in ("1", "2", "3"):
        home = make_household(world.liu, number)
        photo = Photo(block.getvalue() if number != "3" else block.getvalue() + b" ", "a.jpg")
        submit_visit(staff=world.chen, post_id=None, place=home, submission=submission(home, photos=(photo,)))
    Person.objects.update(name="", born_on=None, phone_index=None)
    assert run(world) == {"photo": 1}
    assert SimilarMember.objects.filter(person__isnull=True).count() == 2


def test_one_photo_of_a_household_and_a_shop_is_a_case_with_both(
    world: World, client_of: Callable[..., Client]
) -> None:
    release(world)
    release_parameters(world)
    block = BytesIO()
    Image.new("RGB", (8, 8), (9, 80, 40)).save(block, "JPEG")
    nobody = {"outcome": "nobody", "consent": "", "person_met_id": None, "document": None, "scopes": None}
    home, shop = make_household(world.liu), make_business(world.liu, "鑫源超市")
    for place in (home, shop):
        told = submission(home, photos=(Photo(block.getvalue(), "a.jpg"),), **nobody)
        submit_visit(staff=world.chen, post_id=None, place=place, submission=told)
    assert run(world)["photo"] == 1
    gao = client_of(world.gao)
    listed = gao.get(reverse("customers:similar_cases")).content.decode()
    page = gao.get(reverse("customers:similar_case", args=[SimilarCase.objects.get(kind="photo").pk])).content.decode()
    for text in (listed, page):
        assert "鑫源超市" in text
    assert reverse("customers:entity", args=[shop.pk]) in page


def test_nothing_is_looked_for_while_no_rules_are_released(world: World) -> None:
    alone(world, "1", "王芳", phone="13800000001")
    alone(world, "2", "李娜", phone="13800000001")
    assert run(world) == {}


@pytest.fixture
def pair(world: World) -> tuple[SimilarCase, Person, Person]:
    """One person filed twice, in two villages of the East branch."""
    release(world)
    kept = alone(world, "1", "王芳", born_on=date(1990, 1, 1), id_number="a")
    gone = alone(world, "2", "王芳", grid=world.wang, born_on=date(1990, 1, 1), phone="13900000001")
    run(world)
    return SimilarCase.objects.get(kind="name_birth"), kept, gone


@pytest.fixture
def second(world: World) -> Staff:
    """A second manager of the East branch."""
    staff = Staff.objects.create_user("luo", "x" * 20, name="罗敏", institution=world.bank, home_branch=world.east)
    Post.objects.create(staff=staff, kind=PostKind.BRANCH_MANAGER, branch=world.east, from_on=SINCE)
    world.staff["luo"] = staff
    return staff


def act(world: World, who: str, work: Callable[..., Any], **more: Any) -> Any:
    staff = getattr(world, who)
    with acting_as(staff) as post:
        return work(staff=staff, post_id=post.pk, **more)


def test_a_settled_case_stays_settled_until_somebody_joins(world: World, pair: Any) -> None:
    case, _kept, _gone = pair
    act(world, "gao", duplicates.different, case=case, reason="一南一北两个人，证件都看过")
    run(world)
    case.refresh_from_db()
    assert case.state == "different"
    alone(world, "3", "王芳", grid=world.zhao, born_on=date(1990, 1, 1), id_number="c")
    run(world)
    case.refresh_from_db()
    assert (case.state, case.size) == ("open", 3)


def test_a_case_closes_itself_when_it_is_no_longer_true_and_comes_back(world: World, pair: Any) -> None:
    case, kept, _gone = pair
    Person.objects.filter(pk=kept.pk).update(born_on=date(1990, 1, 2))
    run(world)
    case.refresh_from_db()
    assert case.state == "gone"
    Person.objects.filter(pk=kept.pk).update(born_on=date(1990, 1, 1))
    run(world)
    case.refresh_from_db()
    assert case.state == "open"


def test_a_merge_takes_two_people_and_undoing_it_restores_exactly(world: World, pair: Any, second: Staff) -> None:
    case, kept, gone = pair
    before = Person.objects.filter(pk__in=[kept.pk, gone.pk]).order_by("pk").values()
    were = list(before)
    merge = act(world, "gao", duplicates.ask_merge, case=case, gone=gone, kept=kept, reason="本人持证到场")
    with pytest.raises(MergeRefusedError, match="own"):
        act(world, "gao", duplicates.confirm_merge, merge=merge)
    with pytest.raises(MergeRefusedError, match="asked"):
        act(world, "luo", duplicates.ask_merge, case=case, gone=kept, kept=gone, reason="x")
    act(world, "luo", duplicates.confirm_merge, merge=merge)
    gone.refresh_from_db()
    assert (gone.left_on, gone.left_reason) == (clock.today(), "duplicate")
    run(world)
    case.refresh_from_db()
    assert case.state == "gone"

    act(world, "luo", duplicates.ask_undo, merge=merge, reason="认错人了")
    with pytest.raises(MergeRefusedError, match="own"):
        act(world, "luo", duplicates.confirm_undo, merge=merge)
    act(world, "gao", duplicates.confirm_undo, merge=merge)
    assert list(before.all()) == were
    run(world)
    case.refresh_from_db()
    assert case.state == "open"
    merge.refresh_from_db()
    assert merge.state == "undone"


def test_a_merge_never_takes_a_household_its_head_nor_a_list_its_person(world: World, pair: Any, second: Staff) -> None:
    case, kept, gone = pair
    Household.objects.filter(pk=gone.household_id).update(borrower=gone)
    with pytest.raises(MergeRefusedError, match="head"):
        act(world, "gao", duplicates.ask_merge, case=case, gone=gone, kept=kept, reason="x")
    Household.objects.filter(pk=gone.household_id).update(borrower=None)
    merge = act(world, "gao", duplicates.ask_merge, case=case, gone=gone, kept=kept, reason="x")
    ListEntry.objects.create(
        institution=world.bank,
        grid=world.wang,
        recorded_grid=world.wang,
        subject_id=gone.household_id,
        person=gone,
        colour="black",
        reason="default",
        proposed_by=world.chen,
    )
    with pytest.raises(MergeRefusedError, match="listed"):
        act(world, "luo", duplicates.confirm_merge, merge=merge)
    act(world, "luo", duplicates.reject_merge, merge=merge, answer="先处理名单")
    outsider = Person.objects.get(household=kept.household_id, relation="head")
    with pytest.raises(MergeRefusedError, match="members"):
        act(world, "gao", duplicates.ask_merge, case=case, gone=outsider, kept=kept, reason="x")


@pytest.mark.parametrize(
    "sql",
    [
        "update customers_personmerge set confirmed_at = now(), confirmed_by_id = {gao}",
        "update customers_personmerge set confirmed_at = now(), confirmed_by_id = {luo}",
        "update customers_personmerge set undone_at = now(), undone_by_id = {gao}",
        "update customers_personmerge set reason = 'x'",
        "update customers_personmerge set kept_id = gone_id",
        "delete from customers_personmerge",
        "insert into customers_personmerge (institution_id, grid_id, recorded_grid_id, subject_id, gone_id, kept_id, reason, answer, "
        "undo_reason, asked_by_id) select institution_id, grid_id, recorded_grid_id, subject_id, kept_id, gone_id, 'x', '', '', {luo} "
        "from customers_personmerge",
        "update customers_similarmember set gone_at = now()",
        "insert into customers_similarcase (institution_id, kind, key, state, size, rules_version, opened_at) "
        "select institution_id, kind, 'x', 'open', 2, 1, now() from customers_similarcase limit 1",
    ],
)
def test_the_database_keeps_two_people_to_a_merge(world: World, pair: Any, second: Staff, sql: str) -> None:
    case, kept, gone = pair
    act(world, "gao", duplicates.ask_merge, case=case, gone=gone, kept=kept, reason="x")
    ids = {"gao": world.gao.pk, "luo": second.pk}
    with pytest.raises(DatabaseError), acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute(sql.format(**ids))


def test_a_case_across_branches_is_seen_from_both_and_names_nobody_of_the_other(
    world: World, client_of: ClientOf
) -> None:
    release(world)
    alone(world, "1", "王芳", phone="13800000001", id_number="a")
    alone(world, "2", "李娜", grid=world.zhao, phone="13800000001", id_number="b")
    alone(world, "3", "孙丽", grid=world.zhao, phone="13800000003", id_number="c")
    alone(world, "4", "周敏", grid=world.zhao, phone="13800000003", id_number="d")
    run(world)
    shared = SimilarCase.objects.get(members__person__name="王芳")
    page = reverse("customers:similar_case", args=[shared.pk])
    for who, mine, theirs, place in ((world.gao, "王芳", "李娜", "赵家村"), (world.he, "李娜", "王芳", "刘家村")):
        text = client_of(who).get(page).text
        assert mine in text
        assert theirs not in text
        assert place in text
        assert "13800000001" not in text
    west = SimilarCase.objects.get(members__person__name="孙丽")
    assert client_of(world.gao).get(reverse("customers:similar_case", args=[west.pk])).status_code == 404
    with acting_as(world.gao) as post:
        assert list(SimilarCase.objects.all()) == list(access.similar_cases_for(post)) == [shared]
    with acting_as(world.lin):
        assert not SimilarCase.objects.exists()


def test_the_pages_from_queue_to_merge(world: World, pair: Any, second: Staff, client_of: ClientOf) -> None:
    case, kept, gone = pair
    gao, luo, chen = client_of(world.gao), client_of(second), client_of(world.chen)
    assert "条疑似重复登记待核对" in gao.get(reverse("customers:queues")).text
    assert "条疑似重复登记待核对" not in chen.get(reverse("customers:queues")).text
    assert "疑似重复登记（" in chen.get(reverse("customers:household", args=[gone.household_id])).text
    page = reverse("customers:similar_case", args=[case.pk])
    assert "相同" in gao.get(page).text
    ask = reverse("customers:merge_ask", args=[case.pk])
    assert "请选择两个不同的人" in gao.post(ask, {"gone": "x"}, follow=True).text
    gao.post(ask, {"gone": gone.pk, "kept": kept.pk, "reason": "本人持证到场"})
    merge = PersonMerge.objects.get()
    confirm = reverse("customers:merge_confirm", args=[merge.pk])
    assert confirm not in gao.get(page).text
    assert confirm in luo.get(page).text
    assert "王芳" in luo.get(reverse("customers:similar_cases")).text
    luo.post(confirm)
    told = chen.get(reverse("customers:household", args=[gone.household_id])).text
    assert "是同一人，已并到那边" in told
    assert "也登记过，走访和档案留在那里" in chen.get(reverse("customers:household", args=[kept.household_id])).text
    luo.post(reverse("customers:merge_undo", args=[merge.pk]), {"reason": "认错人"})
    gao.post(reverse("customers:merge_undo_confirm", args=[merge.pk]))
    assert "已撤销合并" in gao.get(page).text


def test_the_queue_needs_the_same_queries_for_one_case_and_for_twenty(world: World, client_of: ClientOf) -> None:
    release(world)
    gao = client_of(world.gao)
    counts = []
    for first, last in ((1, 3), (3, 41)):
        for number in range(first, last):
            alone(
                world,
                str(number),
                f"乙{chr(0x5000 + number)}",
                phone=f"138{number // 2 if number % 2 == 0 else (number + 1) // 2:08d}",
                id_number=str(number),
            )
        run(world)
        gao.get(reverse("customers:similar_cases"))
        with CaptureQueriesContext(connection) as captured:
            assert gao.get(reverse("customers:similar_cases")).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_clock_starts_one_sweep_a_bank_and_its_run_says_what_is_open(world: World) -> None:
    release(world)
    alone(world, "1", "王芳", phone="13800000001", id_number="a")
    alone(world, "2", "李娜", phone="13800000001", id_number="b")
    sweep_duplicates()
    sweep_duplicates()
    run = JobRun.objects.get(kind="sweep_duplicates")
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.result["open"]) == ("done", {"phone": 1})


def test_an_id_number_is_filed_once_whatever_door_it_comes_by(world: World) -> None:
    first = alone(world, "1", "王芳", id_number="370685199001011234")
    other = alone(world, "2", "李娜", grid=world.zhao)
    assert crypto.live_indexes("id", world.bank.pk, "370685199001011234")
    with pytest.raises(IntegrityError), transaction.atomic():
        identity.correct(staff=world.chen, post_id=None, person=other, id_number="370685199001011234", phone="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=other.pk).update(id_index=first.id_index)
