"""The visit page: what it shows, what it keeps, what it refuses and whom."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.lib import clock
from customers.models import Evidence, Household, Person, Profile, ProfileCheck, Visit
from tests.customers.builders import make_household, release_parameters
from tests.customers.pages import fields_of, filled, rows, send
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


@pytest.fixture
def chen(world: World, client_of: ClientOf) -> Client:
    return client_of(world.chen)


def _page(client: Client, home: Household) -> str:
    answer = client.get(reverse("customers:visit", args=[home.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def _check(world: World, profile: Profile, verdict: str, remarks: list[dict[str, str]]) -> None:
    ProfileCheck.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=profile.subject_id,
        profile=profile,
        checker=world.deng,
        verdict=verdict,
        remarks=remarks,
    )


# --- Works --------------------------------------------------------------------------------------------------------


def test_a_first_visit_shows_members_and_notice(chen: Client, home: Household) -> None:
    html = _page(chen, home)

    assert "我行采集家庭经济情况" in html
    assert html.count('name="members-') >= 3
    assert "刘建国" in html
    assert "data-same-as-last" not in html
    assert "15400" not in html  # phones are masked


def test_a_full_form_is_stored_and_leads_to_the_household(chen: Client, world: World, home: Household) -> None:
    answer = send(chen, home, filled(home))

    assert (answer.status_code, answer["Location"]) == (302, reverse("customers:household", args=[home.pk]))
    profile = Profile.objects.get()
    assert (profile.net_income, profile.net_assets) == (Decimal("52000.00"), Decimal("120000.00"))
    assert profile.document["income"][1] == {"kind": "labour", "note": "", "gross": "30000.00"}
    assert profile.document["shares_held"] == "5000.00"
    page = chen.get(answer["Location"]).content.decode()
    assert "走访和第 1 版档案已保存" in page
    assert "邓平" in page  # who may check


def test_a_draft_gets_the_address_as_json_and_a_repeat_the_same(chen: Client, home: Household) -> None:
    sent = filled(home)
    first = send(chen, home, sent, **{"X-Draft": "1"})
    again = send(chen, home, sent, **{"X-Draft": "1"})

    assert first.json() == again.json() == {"url": reverse("customers:household", args=[home.pk])}
    assert Visit.objects.count() == 1


def test_last_accepted_values_stand_beside_the_fields_and_in_none(chen: Client, world: World, home: Household) -> None:
    send(chen, home, filled(home))
    _check(world, Profile.objects.get(), "accepted", [])
    html = _page(chen, home)

    sent = fields_of(html)
    assert sent["assets-0-kind"] == "house"
    assert sent["assets-0-current"] == ""
    assert 'data-last="150000"' in html
    assert "150,000" in html
    assert sent["same-assets"] == ""


def test_same_as_last_time_is_recorded_for_its_section(chen: Client, world: World, home: Household) -> None:
    send(chen, home, filled(home))
    _check(world, Profile.objects.get(), "accepted", [])

    send(
        chen,
        home,
        filled(home, consent="standing", **{"same-assets": "1", "same-income": "1", "income-0-gross": "41000"}),
    )
    assert Profile.objects.get(number=2).carried == ["assets"]


def test_untouched_rows_of_last_time_send_the_visit_alone(chen: Client, world: World, home: Household) -> None:
    send(chen, home, filled(home))
    _check(world, Profile.objects.get(), "accepted", [])
    sent = fields_of(_page(chen, home))

    answer = send(chen, home, sent | {"purpose": "revisit", "outcome": "interviewed", "consent": "standing"})
    assert answer.status_code == 302
    assert (Visit.objects.count(), Profile.objects.count()) == (2, 1)


def test_an_item_of_last_time_without_an_answer_is_asked_for(chen: Client, world: World, home: Household) -> None:
    send(chen, home, filled(home))
    _check(world, Profile.objects.get(), "accepted", [])
    sent = fields_of(_page(chen, home))

    sent |= {"purpose": "revisit", "outcome": "interviewed", "consent": "standing", "grade": "A"}
    answer = send(chen, home, sent)
    assert answer.status_code == 422
    assert "请填写金额，没有就填 0" in answer.content.decode()


def test_a_returned_file_comes_back_filled_with_the_words_of_the_checker(
    chen: Client, world: World, home: Household
) -> None:
    send(chen, home, filled(home))
    remarks = [{"path": "assets.0.current", "text": "现值偏高"}, {"path": "", "text": "请补照片"}]
    _check(world, Profile.objects.get(), "returned", remarks)
    html = _page(chen, home)

    assert fields_of(html)["assets-0-current"] == "150000"
    assert "现值偏高" in html
    assert "请补照片" in html
    assert "第 1 版被 邓平 退回" in html


def test_minimal_outcomes_need_no_consent(chen: Client, home: Household) -> None:
    answer = send(chen, home, {"purpose": "census", "outcome": "nobody"})
    assert answer.status_code == 302
    assert Visit.objects.get().outcome == "nobody"


def test_photos_come_along(chen: Client, world: World, home: Household, client_of: ClientOf) -> None:
    block = BytesIO()
    Image.new("RGB", (60, 40), "white").save(block, "JPEG")
    photo = SimpleUploadedFile("a.jpg", block.getvalue(), "image/jpeg")
    send(chen, home, filled(home, photos=[photo]))

    evidence = Evidence.objects.get()
    answer = chen.get(reverse("customers:photo", args=[evidence.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    # The colleague who checks it sees it through the check alone.
    deng = client_of(world.deng)
    assert deng.get(reverse("customers:photo", args=[evidence.pk])).status_code == 404
    assert deng.get(reverse("customers:check_photo", args=[home.pk, evidence.pk])).status_code == 200
    assert client_of(world.fang).get(reverse("customers:check_photo", args=[home.pk, evidence.pk])).status_code == 404


# --- Checks access ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["deng", "fang", "gao", "kang", "an"])
def test_nobody_but_the_officer_of_the_grid_finds_the_form(
    world: World, home: Household, client_of: ClientOf, who: str
) -> None:
    client = client_of(getattr(world, who))
    assert client.get(reverse("customers:visit", args=[home.pk])).status_code == 404
    assert send(client, home, filled(home)).status_code == 404
    assert not Visit.objects.exists()


def test_each_person_has_his_own_draft_key(world: World, client_of: ClientOf) -> None:
    url = reverse("customers:draft_key")
    keys = [client_of(staff).get(url).json()["key"] for staff in (world.chen, world.chen, world.deng)]

    assert keys[0] == keys[1] != keys[2]
    assert client_of(world.kang).get(url).status_code == 404
    assert Client().get(url, headers={"Accept": "application/json"}).status_code == 401


# --- Rejects bad input ------------------------------------------------------------------------------------------------


def test_findings_stand_beside_their_fields_and_nothing_is_lost(chen: Client, home: Household) -> None:
    sent = filled(home, outcome="interviewed", consent="", note="电话 13800138000")
    sent |= rows(
        "assets", [{"kind": "house", "current": "很多"}, {"kind": "vehicle", "current": "50", "note": "三轮车"}]
    )
    answer = send(chen, home, sent)
    html = answer.content.decode()

    assert answer.status_code == 422
    assert "有 4 处需要改" in html
    assert "“很多”不是金额" in html
    assert 'value="很多"' in html
    assert 'value="三轮车"' in html
    assert 'name="confirmed" value="assets-1-current=50"' in html
    assert not Visit.objects.exists()

    sent |= {"consent": "spoken", "note": "", "assets-0-current": "150000", "confirmed": "assets-1-current=50"}
    assert send(chen, home, sent).status_code == 302


def test_a_removed_row_shifts_no_finding(chen: Client, home: Household) -> None:
    gone = {"kind": "land", "current": "1", "DELETE": "on"}
    answer = send(chen, home, filled(home) | rows("assets", [gone, {}, {"kind": "house", "current": "abc"}]))

    form = answer.context["form"]
    assert list(form.rows["assets"].formset.forms[2].errors) == ["current"]
    assert not form.rows["assets"].formset.forms[0].errors


def test_without_consent_the_file_is_refused_and_the_visit_alone_goes_through(chen: Client, home: Household) -> None:
    sent = filled(home, consent="none")
    answer = send(chen, home, sent)
    assert answer.status_code == 422
    assert "对方不同意采集，档案没有保存" in answer.content.decode()

    assert send(chen, home, sent | {"visit_only": "on"}).status_code == 302
    assert (Visit.objects.count(), Profile.objects.count()) == (1, 0)


def test_other_content_under_the_same_identity_is_a_conflict(chen: Client, home: Household) -> None:
    sent = filled(home)
    send(chen, home, sent)
    answer = send(chen, home, sent | {"note": "又改了"})

    assert answer.status_code == 409
    assert "后来改动的内容没有保存" in answer.content.decode()
    assert Visit.objects.get().note == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"partner": "abc"},
        {"person_met": "9" * 30},
        {"purpose": "x" * 5000},
        {"next_visit_on": "2026-13-45"},
        {"members-0-person": "1"},
        {"borrower": "<script>"},
    ],
)
def test_nonsense_is_refused_politely(chen: Client, home: Household, changes: dict[str, Any]) -> None:
    assert send(chen, home, filled(home, **changes)).status_code == 422
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"client_uuid": "x"}, {"device_at": "soon"}, {"latitude": "NaN", "longitude": "1"}, {"latitude": "1e9"}],
)
def test_a_broken_device_is_no_reason_to_lose_a_visit(chen: Client, home: Household, changes: dict[str, Any]) -> None:
    assert send(chen, home, filled(home, **changes)).status_code == 302
    assert Visit.objects.get().latitude is None


def test_somebody_who_left_while_the_form_was_open_is_said_at_the_top(chen: Client, home: Household) -> None:
    fields = filled(home)
    son = Person.objects.get(household=home, relation="son")
    Person.objects.filter(pk=son.pk).update(left_on=clock.today(), left_reason="moved")
    answer = send(chen, home, fields)
    assert answer.status_code == 422
    top = answer.content.decode().partition("处需要改")[2].partition("</div>")[0]
    assert "现在不在本户" in top
