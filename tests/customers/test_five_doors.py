"""One form, five doors: the phone page, the typing page, the API, the file and the paper itself know what the form asks, and a
field that a released version adds is asked by all of them, without a line of code. So for each of the six kinds, and for units."""

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock, releases
from config.lib.pdf import render
from customers.domain.profilefile import read_tables
from customers.models import Household, Person
from customers.selectors import profile_files as books
from customers.selectors.forms import Edition, editions_of
from customers.selectors.papers import paper_data
from tests.customers.builders import document, make_business, make_grid, make_household, make_unit, release_parameters
from tests.customers.doors import DOORS, by_page, import_book, made_by
from tests.customers.test_entity_visits import FILED, OWN
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

BUSINESSES = {
    "individual_business": "licensed",
    "family_farm": "farm",
    "cooperative": "coop",
    "leading_enterprise": "leading",
}
UNIT = "employer"
KINDS = ("farm_household", "large_grower", *BUSINESSES, UNIT)


def second_version(key: str) -> dict[str, Any]:
    """Return a shipped form with the two new questions; that of units is made from the one of leading enterprises."""
    source = "leading_enterprise" if key == UNIT else key
    form: dict[str, Any] = deepcopy(json.loads((SHIPPED / f"{source}.json").read_text("utf-8")))
    if key == UNIT:
        form |= {"subject": "unit", "zh": "企业单位采集表", "en": "Employer form"}
        form.pop("fits", None)
    next(one for one in form["sections"] if one["code"] == "assets")["fields"].append(ROW_FIELD)
    answers = [one for one in form["sections"] if one["shape"] == "answers" and one["code"] != "borrowing"]
    answers[0]["fields"].append(ANSWER)
    return form


def release(world: World, key: str) -> Edition:
    """Release the second version of a form beside the shipped ones."""
    release_parameters(world)
    releases.publish(
        institution_id=world.bank.pk,
        kind="form",
        key=key,
        document=second_version(key),
        effective_on=date(2026, 2, 1),
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    return next(one for one in editions_of(world.bank.pk) if one.key == key)


def a_place(world: World, key: str) -> tuple[Any, dict[str, Any]]:
    """Return a household, business or unit of the kind a form is for, and what is said of it."""
    if key in ("farm_household", "large_grower"):
        home = make_household(world.liu)
        said = document(home) | {"migrants": _migrants(home)}
        for member in said["members"]:
            del member["away"]  # "no" is not said; a form that does not ask does not send it
    else:
        kind = BUSINESSES.get(key, "leading")
        said = {"version": 1, "guarantees": [], "needs": [{"kind": _need(key), "amount": "50000"}]}
        said |= deepcopy(FILED) | deepcopy(OWN[kind])
        said["performance"] = {"status": "normal", "breaches": []}
    said["assets"][0]["insured"] = "full"
    said["solar_panels"] = 12
    if key == UNIT:
        return make_unit(make_grid(world, "institution", "机关片")), said
    if key in BUSINESSES:
        return make_business(make_grid(world, "market", "东关市场"), kind=BUSINESSES[key]), said
    return home, said


def _need(key: str) -> str:
    form = second_version(key)
    needs = next(one for one in form["sections"] if one["code"] == "needs")
    kind = next(one for one in needs["fields"] if one["code"] == "kind")
    return str(kind["options"][0]["code"])


def _migrants(home: Household) -> list[dict[str, Any]]:
    people = list(Person.objects.filter(household=home).order_by("pk"))
    return [{
        "member": str(people[2].pk), "place": "广东 东莞", "trade": "manufacturing", "home_contact": str(people[0].pk),
        "returns_on": "2027-02-10",
    }]  # fmt: skip


# --- The same answers through each door ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", KINDS)
def test_every_door_makes_the_same_revision(world: World, client_of: ClientOf, key: str) -> None:
    edition = release(world, key)
    place, said = a_place(world, key)
    for door in DOORS:
        door(world, place, client_of, edition, said)

    made = made_by(place)
    assert [one.visit.entry for one in made] == ["page", "paper", "api", "file"]
    assert {one.form_id for one in made} == {edition.release_id}
    for one in made:
        assert one.document == made[0].document, one.visit.entry
    assert {one.document_hash for one in made} == {made[0].document_hash}
    assert {one.completeness for one in made} == {made[0].completeness}
    assert made[0].document["solar_panels"] == 12
    assert made[0].document["assets"][0]["insured"] == "full"
    assert {(one.visit.person_met_id is None, one.visit.met_role) for one in made} == {
        (True, "principal") if key in (*BUSINESSES, UNIT) else (False, "")
    }


@pytest.mark.parametrize("key", KINDS)
def test_a_released_question_is_on_every_page_and_on_paper(world: World, client_of: ClientOf, key: str) -> None:
    edition = release(world, key)
    place, _said = a_place(world, key)
    chen = client_of(world.chen)
    for name in ("visit", "paper_type"):
        html = chen.get(reverse(f"customers:{name}", args=[place.pk]), {"form": key}).content.decode()
        assert "光伏板数量" in html
        assert "是否投保" in html
    tables, _wrong = read_tables(io.BytesIO(books.template(edition, "en")))
    assert "solar_panels" in tables["answers"][0]
    assert "insured" in tables["assets"][0]
    data = paper_data([place], edition, "zh-hans", "https://gedang.test/")
    written = json.dumps(data["sections"], ensure_ascii=False)
    assert "光伏板数量" in written
    assert "是否投保" in written
    if key in ("farm_household", "individual_business"):  # drawn once for each kind of head, and read where a reader is
        pdf = render("form", data, "zh-hans")
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
            assert "光伏板数量" in text
            assert "是否投保" in text


@pytest.mark.parametrize("key", ["farm_household", "cooperative"])
def test_an_export_read_back_makes_the_same_revision(world: World, client_of: ClientOf, key: str) -> None:
    edition = release(world, key)
    place, said = a_place(world, key)
    by_page(world, place, client_of, edition, said)
    answer = client_of(world.chen).get(
        reverse("customers:profile_export"), {"grid": place.grid_id, "edition": edition.release_id}
    )
    assert answer.status_code == 200
    for language in ("zh-hans", "en"):
        content, count = books.export(world.chen.posts.get(), place.grid_id, edition, language)
        assert count == 1
        import_book(world, edition, content)
    made = made_by(place)
    assert [one.document_hash for one in made] == [made[0].document_hash] * 3


# --- A workbook as a person fills it in, in his own words ---------------------------------------------------------


@pytest.fixture
def edition(world: World) -> Edition:
    return release(world, "farm_household")


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


def test_words_and_separators_of_a_person_are_read_as_they_are_meant(world: World, edition: Edition) -> None:
    home = make_household(world.liu)
    import_book(world, edition, workbook(world, home, edition))
    (made,) = made_by(home)
    assert (made.net_income, made.net_assets) == (52_000, 120_000)
    house = made.document["assets"][0]
    assert (house["kind"], house["disposable"], house["insured"]) == ("house", "60000.00", "full")
