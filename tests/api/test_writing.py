"""Writing over the API: visits by the service of the page, safe to send again; stopping a run."""

import json
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from config.lib import jobs
from config.lib.models import AuditEvent
from customers.domain.identity import make_id
from customers.models import DuplicateCase, Evidence, Household, MemberChange, Person, Profile, Visit
from customers.services.identity import encrypt_identity
from grids.models import Post, PostKind
from tests import rosterfiles
from tests.api import rows
from tests.api.conftest import Program
from tests.customers.builders import document, make_household, release_parameters
from tests.customers.effective import release_rules
from tests.customers.rosters import family, line
from tests.world import SINCE, World

Of = Callable[..., Program]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def content(home: Household, **changes: Any) -> dict[str, Any]:
    return {
        "client_uuid": str(uuid4()),
        "household_id": home.pk,
        "purpose": "census",
        "outcome": "interviewed",
        "device_at": "2026-11-20T10:00:00+08:00",
        "consent": "spoken",
        "document": document(home),
        "latitude": "37.300000",
        "longitude": "120.400000",
        "accuracy_m": "12.5",
        **changes,
    }


def test_a_visit_is_stored_once_however_often_it_is_sent(world: World, home: Household, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    sent = content(home)

    first, again = program.post("visits/", sent), program.post("visits/", sent)

    assert (first.status_code, again.status_code) == (201, 200)
    stored = first.json()
    assert stored["visit"]["lead_id"] == world.chen.pk
    assert stored["visit"]["household_id"] == home.pk
    assert (stored["profile_number"], stored["is_repeat"], again.json()["is_repeat"]) == (1, False, True)
    assert again.json()["visit"] == stored["visit"]
    assert (Visit.objects.count(), Profile.objects.count()) == (1, 1)
    event = AuditEvent.objects.get(verb="submit_visit")
    assert (event.staff_id, event.post_id) == (world.chen.pk, world.chen.posts.get().pk)


def test_a_visit_tells_whether_it_is_effective_and_why_not(world: World, home: Household, program_of: Of) -> None:
    release_rules(world)
    program = program_of(world.chen, "write")
    head = Person.objects.get(household=home, relation="head")
    made = program.post("visits/", content(home, dwell_minutes=3, person_met_id=head.pk)).json()["visit"]
    listed = program.get("visits/").json()["results"][0]

    assert (made["is_effective"], made["dwell_minutes"]) == (False, 3)
    assert [one["code"] for one in made["reasons"]] == ["dwell", "photos"]
    assert made["reasons"][1] == {"code": "photos", "value": "0", "wanted": "1", "text": "照片 0 张；下次当场拍 1 张"}
    assert (listed["reasons"], listed["rules_id"]) == (made["reasons"], made["rules_id"])


@pytest.mark.parametrize("minutes", [-1, 1441, "long"])
def test_a_time_that_cannot_be_is_refused(world: World, home: Household, program_of: Of, minutes: Any) -> None:
    answer = program_of(world.chen, "write").post("visits/", content(home, dwell_minutes=minutes))

    assert answer.status_code == 422
    assert [problem["path"] for problem in answer.json()["problems"]] == ["dwell_minutes"]
    assert not Visit.objects.exists()


def test_the_same_uuid_for_another_visit_is_a_conflict(world: World, home: Household, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    sent = content(home)
    stored = program.post("visits/", sent).json()

    answer = program.post("visits/", {**sent, "note": "另一次"})

    assert (answer.status_code, answer.json()["visit_id"]) == (409, stored["visit"]["id"])
    assert Visit.objects.count() == 1


def test_every_problem_is_told_at_once(world: World, home: Household, program_of: Of) -> None:
    file = document(home, assets=[{"kind": "castle", "current": "-1"}], judgement="splendid")
    sent = content(home, purpose="", consent="", next_visit_on="morgen", latitude="200", document=file)

    answer = program_of(world.chen, "write").post("visits/", sent)

    assert answer.status_code == 422
    problems = {problem["path"]: problem for problem in answer.json()["problems"]}
    assert {"purpose", "consent", "next_visit_on", "latitude", "judgement", "assets.0.kind"} <= set(problems)
    assert all(problem["text"] for problem in problems.values())
    assert not Visit.objects.exists()


def test_members_come_and_leave_with_a_visit_once(world: World, home: Household, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    file = document(home)
    son = file["members"].pop()
    sent = content(
        home,
        document=file,
        joining=[{"name": "赵小梅", "relation": "daughter_in_law", "born_on": "1999-08-09"}],
        leaving=[{"person_id": int(son["person"]), "reason": "moved", "on": "2026-03-01"}],
    )

    assert [program.post("visits/", sent).status_code for _ in range(2)] == [201, 200]
    told = sorted(MemberChange.objects.values_list("kind", "person__name"))
    assert told == [("joined", "赵小梅"), ("left", "刘洋")]


def test_what_is_wrong_with_members_is_told_and_a_duplicate_reaches_the_manager(
    world: World, home: Household, program_of: Of
) -> None:
    program = program_of(world.chen, "write")
    wrong = content(home, joining=[{"name": "", "relation": "cousin"}], leaving=[{"person_id": home.head_id}])
    answer = program.post("visits/", wrong)
    assert answer.status_code == 422
    paths = {problem["path"] for problem in answer.json()["problems"]}
    assert any(path.startswith("joining") for path in paths)
    assert any(path.startswith("leaving") for path in paths)

    other = Person.objects.get(household=make_household(world.zhao, "0100"), relation="head")
    number = make_id("370685", date(1999, 8, 9), 12)
    for column, value in encrypt_identity(other.uuid, world.bank.pk, number).items():
        setattr(other, column, value)
    other.save()
    taken = content(home, joining=[{"name": "赵小梅", "relation": "daughter_in_law", "id_number": number}])
    answer = program.post("visits/", taken)
    assert [problem["code"] for problem in answer.json()["problems"]] == ["id_filed_elsewhere"]
    assert not Visit.objects.exists()
    assert DuplicateCase.objects.get().filed_grid == world.zhao


def test_problems_are_told_in_english_too(world: World, home: Household, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    program.headers["Accept-Language"] = "en"
    answer = program.post("visits/", content(home, outcome="nowhere"))
    assert {"path": "outcome", "code": "outcome_missing", "text": "Choose how the visit went"} in answer.json()[
        "problems"
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 400), ("null", 400), ("{}", 422), ('{"household_id": 1, "naam": 2}', 422)],
)
def test_content_that_is_no_visit(world: World, home: Household, program_of: Of, body: str, status: int) -> None:
    answer = program_of(world.chen, "write").post("visits/", body)
    assert answer.status_code == status
    assert set(answer.json()) - {"problems"} == {"status", "detail", "request_id"}


def test_photos_come_in_parts_of_their_own(world: World, home: Household, program_of: Of) -> None:
    block = BytesIO()
    Image.new("RGB", (8, 8)).save(block, "JPEG")
    program = program_of(world.chen, "write")
    parts = {
        "visit": json.dumps(content(home)),
        "photos": [SimpleUploadedFile(f"{number}.jpg", block.getvalue()) for number in (1, 2)],
    }

    answer = program.client.post("/api/v1/visits/", parts, headers=program.headers)

    assert answer.status_code == 201, answer.content
    assert Evidence.objects.count() == 2


def test_a_damaged_photo_stores_nothing(world: World, home: Household, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    parts = {"visit": json.dumps(content(home)), "photos": [SimpleUploadedFile("a.jpg", b"no photo")]}

    answer = program.client.post("/api/v1/visits/", parts, headers=program.headers)

    assert (answer.status_code, answer.json()["problems"][0]["path"]) == (422, "photos")
    assert not Visit.objects.exists()


def test_only_an_officer_of_the_grid_with_a_writing_token_submits(
    world: World, home: Household, program_of: Of
) -> None:
    assert program_of(world.chen).post("visits/", content(home)).status_code == 403
    for who in ("gao", "jiang", "kang", "lin", "an", "mo"):
        assert program_of(getattr(world, who), "write").post("visits/", content(home)).status_code == 404, who
    assert program_of(world.fang, "write").post("visits/", content(home)).status_code == 404
    Post.objects.create(staff=world.shi, kind=PostKind.CHECKER, branch=world.east, from_on=SINCE)
    assert not Visit.objects.exists()


def test_a_run_is_asked_to_stop_once(world: World, program_of: Of) -> None:
    run = rows.run(world)
    program = program_of(world.chen, "write")

    answer = program.post(f"jobs/{run.pk}/cancel/")
    assert (answer.status_code, answer.json()["is_stopping"]) == (200, True)
    run.refresh_from_db()
    assert run.cancel_asked_by_id == world.chen.pk
    assert AuditEvent.objects.filter(verb="run_cancelled", about_id=str(run.pk)).count() == 1

    type(run).objects.filter(pk=run.pk).update(state="done")
    assert program.post(f"jobs/{run.pk}/cancel/").status_code == 409
    assert program_of(world.deng, "write").post(f"jobs/{run.pk}/cancel/").status_code == 404
    assert program_of(world.chen).post(f"jobs/{run.pk}/cancel/").status_code == 403


# --- Roster imports -----------------------------------------------------------------------------------------------


def upload(program: Program, world: World, content: bytes, **changes: Any) -> Any:
    parts = {
        "branch": world.east.pk,
        "source": "派出所",
        "obtained_on": "2026-03-01",
        "legal_basis": "共享协议 2026-1",
        "file": SimpleUploadedFile("名册.csv", content),
        **changes,
    }
    return program.client.post("/api/v1/roster-imports/", parts, headers=program.headers)


def test_a_roster_is_uploaded_checked_and_told_row_by_row(world: World, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    sound = family(world.liu)
    broken = line(world.liu, "H002", "", "户主", 身份证号="123")
    content = rosterfiles.csv_bytes([*sound, broken])

    answer = upload(program, world, content)

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["state"], told["uploaded_by_id"], told["rows"]) == ("checking", world.chen.pk, None)
    assert upload(program, world, content).json()["roster_id"] == told["id"]
    jobs.drive_run(told["run_id"])
    told = program.get(f"roster-imports/{told['id']}/").json()
    assert (told["state"], told["rows"]) == ("checked", 4)
    assert sum(told["errors_by_code"].values()) >= 2
    findings = program.get(f"roster-imports/{told['id']}/problems/").json()["results"]
    assert {"row", "column", "code", "is_error", "value", "where", "what", "remedy"} == set(findings[0])
    assert {finding["row"] for finding in findings if finding["is_error"]} == {5}
    assert all(finding["what"] for finding in findings)
    assert not Household.objects.exists(), "nothing is written before a second person confirms"


def test_a_roster_without_its_origin_or_for_another_branch_is_refused(world: World, program_of: Of) -> None:
    program = program_of(world.chen, "write")
    answer = upload(program, world, b"x", source="", obtained_on="2099-01-01", branch=world.west.pk)
    assert answer.status_code == 422
    assert {problem["path"] for problem in answer.json()["problems"]} == {"source", "obtained_on", "branch"}
    assert upload(program_of(world.jiang, "write"), world, b"x").status_code == 404
    assert upload(program_of(world.chen), world, b"x").status_code == 403
