"""Households, documents and submits of the tests: small, plausible, without a form in between."""

import json
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

from PIL import Image

from config.lib import clock, releases
from customers.domain import names
from customers.domain.entities import Facts, check
from customers.models import Business, Household, Person, PersonToken, Subject, Unit
from customers.selectors import frozen
from customers.selectors.checked import active_households
from customers.services import entities, identity
from customers.services.visits import Submission
from grids.models import Grid, Seat
from tests.forms import FORMS, SHIPPED
from tests.world import SINCE, World

PEOPLE = (("刘建国", "head", "M", 1975), ("王秀英", "spouse", "F", 1977), ("刘洋", "son", "M", 2001))


def make_household(
    grid: Grid, number: str = "0001", people: tuple[tuple[str, str, str, int], ...] = PEOPLE, **fields: Any
) -> Household:
    """Write a listed household with its members, as the owner of the database."""
    subject = Subject.objects.create(institution=grid.institution, grid=grid, listed_on=SINCE)
    household = Household.objects.create(
        institution=grid.institution, grid=grid, subject=subject, number=number, group="1组", **fields
    )
    for place, (name, relation, sex, year) in enumerate(people):
        uuid = uuid4()
        # Numbers are unique by household and member; nobody has them.
        sequence = subject.pk * 10 + place
        person = Person.objects.create(
            institution=grid.institution,
            grid=grid,
            household=household,
            uuid=uuid,
            name=name,
            sort_key=names.sort_key(name),
            relation=relation,
            sex=sex,
            born_on=date(year, 3, 5),
            **identity.encrypt_identity(
                uuid, grid.institution_id, f"370685{year}0305{sequence % 10000:04d}", f"154{sequence:08d}"
            ),
        )
        PersonToken.objects.bulk_create(
            PersonToken(institution_id=grid.institution_id, grid_id=grid.pk, person=person, token=token)
            for token in names.tokens(name)
        )
        if relation == "head":
            household.head = person
    household.save()
    return household


def make_business(grid: Grid, name: str = "鑫源超市", **told: Any) -> Business:
    """Write a listed business with its person in charge, as the owner of the database."""
    told = {"kind": "licensed", "principal": "刘建国"} | told
    subject = entities.write(grid=grid, told=_checked("business", name, told), listed_on=SINCE)
    return subject.business


def make_unit(grid: Grid, name: str = "中心小学", **told: Any) -> Unit:
    """Write a listed unit with its contact, as the owner of the database."""
    told = {"kind": "institution", "principal": "王校长"} | told
    return entities.write(grid=grid, told=_checked("unit", name, told), listed_on=SINCE).unit


def make_grid(world: World, kind: str, name: str, *, officer: Any = None) -> Grid:
    """Write a grid of another kind in the East branch, covered by Chen unless somebody else is named."""
    grid = Grid.objects.create(
        institution=world.bank, branch=world.east, kind=kind, name=name, pinyin=names.sort_key(name)
    )
    Seat.objects.create(grid=grid, kind=world.manager_seat, staff=officer or world.chen, from_on=SINCE)
    return grid


def _checked(kind: str, name: str, told: dict[str, Any]) -> Facts:
    facts, findings = check(Facts(subject_kind=kind, name=name, **told), today=clock.today())
    assert not [one for one in findings if one.is_error], findings
    return facts


def release_parameters(world: World) -> None:
    """Release the notice, the reasons of the lists and the quotas, signed by two."""
    documents = {
        "consent_notice": {
            "scopes": ["collection", "position", "credit_query", "publicity", "messages"],
            "zh": {"title": "告知书", "paragraphs": ["我行采集家庭经济情况，只用于建档授信。"]},
            "en": {"title": "Notice", "paragraphs": ["The bank records household economics for credit."]},
        },
        "list_reasons": {
            "reasons": [
                {"code": "default", "zh": "恶意拖欠贷款", "en": "wilful default", "colours": ["black"]},
                {"code": "overdue", "zh": "现有逾期贷款", "en": "overdue", "colours": ["grey"]},
                {"code": "chosen", "zh": "本户借款人", "en": "borrower of the household", "colours": ["white"]},
                {"code": "guarantees", "zh": "对外担保较多", "en": "many guarantees", "colours": ["attention"]},
                {
                    "code": "disputed",
                    "zh": "身份有争议",
                    "en": "identity disputed",
                    "colours": ["attention"],
                    "blocking": True,
                },
                {"code": "illness", "zh": "患病", "en": "illness", "colours": ["attention"], "sensitive": True},
                {
                    "code": "religion",
                    "zh": "信仰",
                    "en": "religion",
                    "colours": ["attention"],
                    "sensitive": True,
                    "enabled": False,
                },
            ]
        },
        "visit_quotas": {"officer": {"days_per_week": 4, "households_per_week": 40}},
    }
    forms = [("form", key, json.loads((SHIPPED / f"{key}.json").read_text("utf-8"))) for key in FORMS]
    for kind, key, document in [*((kind, "", document) for kind, document in documents.items()), *forms]:
        releases.publish(
            institution_id=world.bank.pk,
            kind=kind,
            key=key,
            document=document,
            effective_on=SINCE,
            drafted_by_id=world.mo.pk,
            released_by_id=world.ning.pk,
        )


def release_day_plan(world: World) -> None:
    """Release the shipped order of visits, signed by two."""
    shipped = json.loads((SHIPPED.parent / "customers.json").read_text("utf-8"))
    releases.publish(
        institution_id=world.bank.pk,
        kind="day_plan",
        document=next(one["document"] for one in shipped if one["kind"] == "day_plan"),
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def document(household: Household, **changes: Any) -> dict[str, Any]:
    """A complete file of a household with net income 52,000 yuan and net assets 120,000 yuan."""
    people = list(Person.objects.filter(household=household).order_by("pk"))
    found: dict[str, Any] = {
        "version": 1,
        "borrower": str(people[0].pk),
        "shares_held": "5000",
        "judgement": "good",
        "grade": "AA",
        "members": [
            {"person": str(p.pk), "relation": p.relation, "labour": "able", "occupation": "farming", "away": False}
            for p in people
        ],
        "assets": [{"kind": "house", "quantity": "1", "current": "150000", "disposable": "60000"}],
        "liabilities": [{"kind": "own_bank", "original": "50000", "outstanding": "30000", "due_on": "2099-05-31"}],
        "guarantees": [],
        "income": [
            {"kind": "planting", "note": "苹果 8 亩", "gross": "40000", "cost": "18000"},
            {"kind": "labour", "gross": "30000"},
        ],
        "expenses": [{"kind": "living", "amount": "20000"}],
        "performance": {"status": "normal", "breaches": []},
        "needs": [{"kind": "production_loan", "amount": "30000"}],
    }
    return found | changes


def frozen_files(institution_id: int) -> dict[int, int | None]:
    """The revision of every active household that is computed from now, None without one."""
    rows = frozen.read(frozen.Scope(institution_id, clock.today(), clock.now()), frozen.Part(0, 2**60), frozen.Wanted())
    filed = dict(zip(rows.subject.tolist(), rows.profile.tolist(), strict=True))
    active = active_households(institution_id, clock.today()).values_list("pk", flat=True)
    return {subject: filed.get(subject) for subject in active}


def submission(household: Household, **changes: Any) -> Submission:
    """An interview with consent and a complete file."""
    fields: dict[str, Any] = {
        "client_uuid": uuid4(),
        "purpose": "census",
        "outcome": "interviewed",
        "device_at": clock.now(),
        "consent": "spoken",
        "document": document(household),
    }
    return Submission(**(fields | changes))


def a_signature() -> bytes:
    """A picture somebody signed on."""
    block = BytesIO()
    picture = Image.new("RGB", (300, 100), "white")
    picture.paste("black", (40, 40, 200, 48))
    picture.save(block, "PNG")
    return block.getvalue()
