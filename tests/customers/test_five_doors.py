"""One form, five doors: the phone page, the typing page, the API, the file and the paper itself know what the form asks, and a
field that a released version adds is asked by all of them, without a line of code."""

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock, releases
from config.lib.pdf import render
from customers.domain.profilefile import read_tables
from customers.models import Household, Person, Profile
from customers.selectors import profile_files as books
from customers.selectors.forms import Edition, editions_of
from customers.selectors.papers import paper_data
from customers.services import profile_files
from grids.access import posts_of
from grids.services.staff import create_token
from tests.api.conftest import Program
from tests.customers.builders import make_household, release_parameters
from tests.customers.pages import filled, rows, send
from tests.customers.test_papers import type_in, typed
from tests.forms import SHIPPED
from tests.world import World

ClientOf = Callable[..., Client]

# What version 2 of the form asks in addition: one answer, and one field in a row.
ANSWER = {
    "code": "solar_panels",
    "type": "whole",
    "zh": "光伏板数量",
    "en": "solar panels",
    "unit": {"zh": "块", "en": "pieces"},
}
ROW_FIELD = {"code": "insured", "type": "choice", "zh": "是否投保", "en": "insured", "options": [
    {"code": "full", "zh": "足额", "en": "in full"}, {"code": "none", "zh": "没有", "en": "not at all"}]}  # fmt: skip


def second_version(key: str) -> dict[str, Any]:
    """Return a shipped form with the two new questions."""
    form: dict[str, Any] = deepcopy(json.loads((SHIPPED / f"{key}.json").read_text("utf-8")))
    next(one for one in form["sections"] if one["code"] == "assets")["fields"].append(ROW_FIELD)
    answers = [one for one in form["sections"] if one["shape"] == "answers" and one["code"] != "borrowing"]
    answers[0]["fields"].append(ANSWER)
    return form


@pytest.fixture
def edition(world: World) -> Edition:
    release_parameters(world)
    releases.publish(
        institution_id=world.bank.pk,
        kind="form",
        key="farm_household",
        document=second_version("farm_household"),
        effective_on=date(2026, 2, 1),
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    return next(one for one in editions_of(world.bank.pk, "household") if one.key == "farm_household")


# --- The same answers through each door ---------------------------------------------------------------------------


def _assets() -> list[dict[str, str]]:
    return [{"kind": "house", "current": "150000", "disposable": "60000", "insured": "full"}]


def by_page(world: World, home: Household, client_of: ClientOf, edition: Edition) -> None:
    sent = filled(home, solar_panels="12") | rows("assets", _assets())
    assert send(client_of(world.chen), home, sent).status_code == 302


def by_typing(world: World, home: Household, client_of: ClientOf, edition: Edition) -> None:
    sent = typed(home, world.chen.pk, solar_panels="12") | rows("assets", _assets())
    answer = type_in(client_of(world.chen), home, sent, f"?edition={edition.release_id}")
    assert answer.status_code == 302, answer.content.decode()[-2000:]


def by_api(world: World, home: Household, client_of: ClientOf, edition: Edition) -> None:
    people = list(Person.objects.filter(household=home).order_by("pk"))
    sent = {
        "client_uuid": str(uuid4()),
        "household_id": home.pk,
        "purpose": "census",
        "outcome": "interviewed",
        "consent": "spoken",
        "document": {
            "version": 1,
            "borrower": str(people[0].pk),
            "shares_held": "5000",
            "judgement": "good",
            "grade": "AA",
            "solar_panels": 12,
            "members": [
                {"person": str(one.pk), "relation": one.relation, "labour": "able", "occupation": "farming"}
                for one in people
            ],
            "migrants": [],
            "assets": _assets(),
            "liabilities": [{"kind": "own_bank", "outstanding": "30000"}],
            "guarantees": [],
            "income": [{"kind": "planting", "gross": "40000", "cost": "18000"}, {"kind": "labour", "gross": "30000"}],
            "expenses": [{"kind": "living", "amount": "20000"}],
            "needs": [{"kind": "production_loan", "amount": "30000"}],
            "performance": {"status": "normal"},
        },
    }
    _token, text = create_token(
        staff=world.chen, post=posts_of(world.chen).get(), name="核心系统", scope="write", days=30
    )
    answer = Program(text).post("visits/", sent)
    assert answer.status_code == 201, answer.content.decode()


def workbook(
    world: World, home: Household, edition: Edition, changes: dict[str, dict[str, Any]] | None = None
) -> bytes:
    """Return the template of the form filled in as a person would, in words."""
    book = openpyxl.load_workbook(io.BytesIO(books.template(edition, "zh-hans")))
    sheets = {sheet.title.split()[-1]: sheet for sheet in book.worksheets}
    people = list(Person.objects.filter(household=home).order_by("pk"))
    key = {"key.village": home.grid.division_code, "key.number": home.number}

    def write(sheet: str, lines: list[dict[str, Any]]) -> None:
        page = sheets[sheet]
        heads = {cell.value: cell.column for cell in page[1]}
        for at, line in enumerate(lines, start=3):
            for name, value in (key | line | (changes or {}).get(sheet, {})).items():
                page.cell(at, heads[name], value)

    write("answers", [{
        "visit.on": clock.today().isoformat(), "visit.lead": world.chen.number, "visit.purpose": "普查建档",
        "visit.outcome": "interviewed", "visit.consent": "Read out, spoken consent", "visit.person_met": people[0].name,
        "borrower": people[0].name, "shares_held": 5000, "judgement": "较好", "grade": "AA", "status": "normal",
        "solar_panels": 12,
    }])  # fmt: skip
    write(
        "members", [{"member.name": one.name, "labour": "有劳动能力", "occupation": "crop farming"} for one in people]
    )
    write("assets", [{"kind": "农村房屋", "current": 150000, "disposable": "60,000", "insured": "足额"}])
    write("liabilities", [{"kind": "本行借款", "outstanding": 30000}])
    write("income", [{"kind": "种植", "gross": 40000, "cost": 18000}, {"kind": "labour", "gross": "3万"}])
    write("expenses", [{"kind": "living", "amount": 20000}])
    write("needs", [{"kind": "production_loan", "amount": 30000}])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def by_file(world: World, home: Household, client_of: ClientOf, edition: Edition) -> None:
    content = io.BytesIO(workbook(world, home, edition))
    file = profile_files.upload(
        staff=world.chen, post_id=None, branch=world.east, edition=edition, content=content, name="x.xlsx"
    )
    assert file.problems == []
    profile_files.write_now(staff=world.gao, file=file, from_console=False)
    file.refresh_from_db()
    assert (file.written, file.refused) == (1, [])


DOORS = (by_page, by_typing, by_api, by_file)


def test_every_door_makes_the_same_revision(world: World, edition: Edition, client_of: ClientOf) -> None:
    home = make_household(world.liu)
    for door in DOORS:
        door(world, home, client_of, edition)

    made = list(Profile.objects.filter(subject_id=home.pk).select_related("visit").order_by("number"))
    assert [one.visit.entry for one in made] == ["page", "paper", "api", "file"]
    assert {one.form_id for one in made} == {edition.release_id}
    for one in made:
        assert one.document == made[0].document, one.visit.entry
    assert {one.document_hash for one in made} == {made[0].document_hash}
    assert {one.completeness for one in made} == {made[0].completeness}
    assert made[0].document["solar_panels"] == 12
    assert made[0].document["assets"][0]["insured"] == "full"


def test_a_released_question_is_on_every_page_and_on_paper(world: World, edition: Edition, client_of: ClientOf) -> None:
    home = make_household(world.liu)
    chen = client_of(world.chen)
    for name in ("visit", "paper_type"):
        html = chen.get(reverse(f"customers:{name}", args=[home.pk])).content.decode()
        assert "光伏板数量" in html
        assert "是否投保" in html
    tables, _wrong = read_tables(io.BytesIO(books.template(edition, "en")))
    assert "solar_panels" in tables["answers"][0]
    assert "insured" in tables["assets"][0]
    data = paper_data([home], edition, "zh-hans", "https://gedang.test/")
    written = json.dumps(data["sections"], ensure_ascii=False)
    assert "光伏板数量" in written
    assert "是否投保" in written
    pdf = render("form", data, "zh-hans")
    if shutil.which("pdftotext"):  # a reader of PDF, where the machine has one
        text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
        assert "光伏板数量" in text
        assert "是否投保" in text


def test_an_export_read_back_makes_the_same_revision(world: World, edition: Edition, client_of: ClientOf) -> None:
    home = make_household(world.liu)
    by_page(world, home, client_of, edition)
    before = Profile.objects.get(subject_id=home.pk)
    answer = client_of(world.chen).get(
        reverse("customers:profile_export"), {"grid": home.grid_id, "edition": edition.release_id}
    )
    assert answer.status_code == 200
    for language in ("zh-hans", "en"):
        post = world.chen.posts.get()
        content, count = books.export(post, home.grid_id, edition, language)
        assert count == 1
        file = profile_files.upload(
            staff=world.chen,
            post_id=None,
            branch=world.east,
            edition=edition,
            content=io.BytesIO(content),
            name="x.xlsx",
        )
        assert file.problems == []
        profile_files.write_now(staff=world.gao, file=file, from_console=False)
    after = Profile.objects.filter(subject_id=home.pk).order_by("number")
    assert [one.document_hash for one in after] == [before.document_hash] * 3
