"""Forms on paper: what is printed, what the QR code opens, and the page on which a sheet is typed."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.lib import clock, files, jobs
from config.lib.models import AuditEvent, JobRun, Release, StoredFile
from customers.models import Evidence, Household, Profile, Visit
from customers.selectors import papers
from customers.selectors.forms import editions_of
from customers.selectors.papers import paper_data, read_token, token_of
from tests.customers.builders import make_household, release_parameters
from tests.customers.pages import filled
from tests.world import World

ClientOf = Callable[..., Client]


def sheet_photo() -> SimpleUploadedFile:
    block = BytesIO()
    Image.new("RGB", (40, 60), "white").save(block, "JPEG")
    return SimpleUploadedFile("sheet.jpg", block.getvalue(), content_type="image/jpeg")


def typed(home: Household, lead: int, **changes: Any) -> dict[str, Any]:
    """Return what the typing page sends for a full sheet."""
    sent = filled(home) | {
        "lead": str(lead),
        "visit_on": clock.today().isoformat(),
        "visit_at": "00:05",
        "sheets": sheet_photo(),
    }
    del sent["device_at"]
    return sent | changes


def type_in(client: Client, home: Household, sent: dict[str, Any], query: str = "") -> Any:
    return client.post(reverse("customers:paper_type", args=[home.pk]) + query, sent)


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


@pytest.fixture
def chen(world: World, client_of: ClientOf) -> Client:
    return client_of(world.chen)


def _edition(world: World) -> Any:
    return editions_of(world.bank.pk, "household")[0]


# --- What is printed ----------------------------------------------------------------------------------------------


def test_a_paper_holds_the_whole_form_and_no_number_of_a_person(world: World, home: Household) -> None:
    edition = _edition(world)
    data = paper_data([home], edition, "zh-hans", "https://gedang.test/")

    assert [one["title"] for one in data["sections"]] == [
        section.words.zh for step in edition.form.steps for section in edition.form.in_step(step.code)
    ]
    assert [one["name"] for one in data["subjects"][0]["members"]] == ["刘建国", "王秀英", "刘洋"]
    assert not re.search(r"[0-9]{11,}", str(data["subjects"][0]["members"]))
    assets = next(one for one in data["sections"] if one["title"] == "财产")
    assert assets["rows"][:2] == ["农村房屋", "城镇房产"]
    assert [one["unit"] for one in assets["columns"]][:2] == ["", "元"]


def test_children_and_the_old_need_name_and_relation_only(world: World) -> None:
    release_parameters(world)
    people = (("刘建国", "head", "M", 1950), ("刘一诺", "granddaughter", "F", 2018), ("刘奶奶", "mother", "F", 1930))
    home = make_household(world.liu, people=people)

    data = paper_data([home], _edition(world), "zh-hans", "https://gedang.test/")
    assert [one["is_light"] for one in data["subjects"][0]["members"]] == [False, True, True]


def test_a_village_of_papers_costs_the_queries_of_one(
    world: World, home: Household, django_assert_num_queries: Any
) -> None:
    homes = [home, *(make_household(world.liu, f"{number:04d}") for number in range(2, 12))]
    edition = _edition(world)
    for some in (homes[:1], homes):
        with django_assert_num_queries(2):
            paper_data(some, edition, "zh-hans", "https://gedang.test/")


def test_a_token_is_sealed_and_opens_what_was_printed(world: World, home: Household) -> None:
    token = token_of(home.pk, 7)
    assert read_token(token) == (home.pk, 7)
    assert token != token_of(home.pk, 7)
    for broken in (token[:-2] + "xx", token[:20], "", "A" * 60, "ä"):
        assert read_token(broken) is None


def test_one_household_is_printed_at_once_and_on_record(chen: Client, home: Household) -> None:
    answer = chen.get(reverse("customers:paper", args=[home.pk]))

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    event = AuditEvent.objects.get(verb="form_printed")
    assert (event.about, event.about_id, event.detail["copies"]) == ("household", str(home.pk), 1)


def test_a_large_grid_is_printed_by_a_worker_and_sealed(
    chen: Client, world: World, home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "INLINE", 1)
    make_household(world.liu, "0002")
    sent = {"grid": world.liu.pk, "edition": _edition(world).release_id, "group": ""}
    answer = chen.post(reverse("customers:paper_print"), sent)
    run = JobRun.objects.get(kind="print_forms")
    assert answer["Location"] == reverse("lib:job", args=[run.pk])

    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.units_done, run.error) == ("done", 2, "")
    stored = StoredFile.objects.get(uuid=run.result["file"])
    assert (stored.is_encrypted, stored.content_type) == (True, "application/pdf")
    assert stored.expires_at is not None
    served = chen.get(reverse("lib:file", args=[stored.uuid]))
    assert b"".join(served).startswith(b"%PDF")
    assert files.read(stored).startswith(b"%PDF")


def test_too_many_and_none_are_told(chen: Client, world: World, home: Household, monkeypatch: Any) -> None:
    sent = {"grid": world.liu.pk, "edition": _edition(world).release_id, "group": "9组"}
    answer = chen.post(reverse("customers:paper_print"), sent)
    assert answer.status_code == 422
    assert "没有符合条件的对象" in answer.content.decode()
    monkeypatch.setattr("customers.services.papers.MOST", 1)
    make_household(world.liu, "0002")
    assert "请按组分开打印" in chen.post(reverse("customers:paper_print"), sent | {"group": ""}).content.decode()


# --- Typing -------------------------------------------------------------------------------------------------------


def test_the_code_leads_to_this_household_and_edition_and_nobody_elses(
    world: World, home: Household, client_of: ClientOf
) -> None:
    url = reverse("customers:paper_open", args=[token_of(home.pk, _edition(world).release_id)])
    answer = client_of(world.chen).get(url)
    wanted = f"{reverse('customers:paper_type', args=[home.pk])}?edition={_edition(world).release_id}"
    assert answer["Location"] == wanted
    assert client_of(world.fang).get(url).status_code == 404
    assert client_of(world.chen).get(reverse("customers:paper_open", args=["x" * 60])).status_code == 404


def test_the_typing_page_is_one_page_in_the_order_of_the_paper(chen: Client, world: World, home: Household) -> None:
    html = chen.get(reverse("customers:paper_type", args=[home.pk])).content.decode()
    titles = [one["title"] for one in paper_data([home], _edition(world), "zh-hans", "x")["sections"]]
    places = [html.index(f">{title}</h") for title in titles]
    assert places == sorted(places)
    assert "data-step=" not in html
    assert "data-latitude" not in html


def test_a_typed_sheet_is_a_visit_of_who_went(chen: Client, world: World, home: Household, client_of: ClientOf) -> None:
    answer = type_in(client_of(world.gao), home, typed(home, world.chen.pk))
    assert answer.status_code == 302, answer.content.decode()[-3000:]

    visit = Visit.objects.get()
    assert (visit.lead, visit.typed_by, visit.entry) == (world.chen, world.gao, "paper")
    assert visit.device_at.astimezone(clock.SHANGHAI).date() == clock.today()
    assert Evidence.objects.get().caption == "纸质表"
    assert Profile.objects.get().collector == world.chen
    page = chen.get(reverse("customers:household", args=[home.pk])).content.decode()
    assert "纸质表录入" in page
    assert f"{world.gao.name} 录入" in page


def test_a_sheet_without_photo_day_or_officer_says_all_of_it(chen: Client, world: World, home: Household) -> None:
    sent = typed(home, world.fang.pk, visit_on="", visit_at="25:99")
    del sent["sheets"]
    html = type_in(chen, home, sent).content.decode()
    assert "请先上传纸质表的照片" in html
    assert "请填写纸质表上的走访日期" in html
    assert "走访人须是" in html
    assert "“25:99”" in html
    assert not Visit.objects.exists()


def test_the_client_does_not_say_how_a_visit_came_in(chen: Client, world: World, home: Household) -> None:
    type_in(chen, home, typed(home, world.chen.pk, entry="page", typed_by=str(world.deng.pk)))
    assert (Visit.objects.get().entry, Visit.objects.get().typed_by) == ("paper", world.chen)


def test_a_sheet_of_an_older_edition_is_typed_by_that_edition(chen: Client, world: World, home: Household) -> None:
    old = _edition(world).release_id
    first = Release.objects.get(pk=old)
    newer = Release.objects.create(
        institution=world.bank, kind="form", key=first.key, version=first.version + 1, effective_on=clock.today(),
        document=first.document | {"zh": "新表", "en": "New form"}, sha256="0" * 64, drafted_by=world.mo,
        released_by=world.ning,
    )  # fmt: skip
    assert _edition(world).release_id == newer.pk
    assert type_in(chen, home, typed(home, world.chen.pk), f"?edition={old}").status_code == 302
    assert Profile.objects.get().form_id == old


def test_the_page_counts_visits_by_way_and_channel(chen: Client, world: World, home: Household) -> None:
    type_in(chen, home, typed(home, world.chen.pk))
    html = chen.get(reverse("customers:paper_list")).content.decode()
    table = html[html.index("本期走访怎么来的") :]
    row = re.search(r"上门</th>(.*?)</tr>", table, re.DOTALL)
    assert row is not None
    assert re.findall(r"<td[^>]*>(\d+)</td>", row[1]) == ["0", "1", "0", "0", "1"]


def test_the_template_prints_in_both_languages(world: World, home: Household, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    chen.cookies.load({"django_language": "en"})
    answer = chen.get(reverse("customers:paper", args=[home.pk]))
    assert answer.content.startswith(b"%PDF")
