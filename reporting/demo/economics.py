"""Believable economics of a household in a Jiaodong county: orchards, vermicelli workshops, day labour, salaries.

Documents come in the canonical form that ``customers.domain.form.read`` would give them; a test keeps it so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

Document = dict[str, Any]

# kind: share of households, occupation of the earners, income sources (kind, note, gross from-to, cost share)
LIVES: tuple[tuple[float, str, tuple[tuple[str, str, int, int, float], ...]], ...] = (
    (0.30, "farming", (("planting", "苹果", 28_000, 90_000, 0.38), ("labour", "农闲务工", 6_000, 30_000, 0.0))),
    (0.16, "farming", (("planting", "粮食、花生", 8_000, 26_000, 0.42), ("labour", "县内务工", 25_000, 60_000, 0.02))),
    (0.20, "migrant_work", (("labour", "外出务工", 55_000, 140_000, 0.08), ("planting", "口粮田", 3_000, 9_000, 0.4))),
    (0.13, "salaried", (("wage", "企业职工", 48_000, 110_000, 0.0), ("planting", "果园", 6_000, 30_000, 0.35))),
    (0.07, "trade", (("commerce", "商店", 90_000, 380_000, 0.72), ("rent", "门面出租", 4_000, 18_000, 0.0))),
    (0.05, "trade", (("commerce", "粉丝加工", 180_000, 700_000, 0.78), ("labour", "务工", 10_000, 30_000, 0.0))),
    (0.05, "breeding", (("breeding", "生猪、肉鸡", 90_000, 420_000, 0.74), ("planting", "玉米", 6_000, 18_000, 0.4))),
    (0.04, "retired", (("subsidy", "养老金", 3_000, 12_000, 0.0), ("rent", "土地流转", 2_000, 7_000, 0.0))),
)


AWAY = (
    ("山东青岛", "manufacturing"),
    ("山东烟台", "manufacturing"),
    ("山东威海", "services"),
    ("山东济南", "construction"),
    ("江苏苏州", "manufacturing"),
    ("北京", "domestic"),
)


@dataclass(frozen=True, slots=True)
class Adult:
    """A member as the profile knows him: reference, relation code, age, sex."""

    person: int
    relation: str
    age: int
    sex: str


def yuan(amount: float) -> str:
    """Return a rounded-off amount as an officer would write it down, as decimal text."""
    step = 100 if amount < 20_000 else 500 if amount < 100_000 else 1_000
    return f"{int(amount // step * step)}.00"


def document(random: Random, people: Sequence[Adult], today: date) -> Document:
    """Make the profile of a household; the first of ``people`` is the head."""
    workers = [one for one in people if 18 <= one.age < 65]
    life = LIVES[-1] if not workers else random.choices(LIVES, [share for share, _, _ in LIVES])[0]
    wealth = random.lognormvariate(0, 0.42) * (1.0 if workers else 0.55)
    borrower = next((one for one in people if 22 <= one.age < 60), people[0])
    income = [
        {
            "kind": kind,
            "note": note,
            "gross": yuan(gross := random.uniform(low, high) * wealth),
            "cost": yuan(gross * share * random.uniform(0.85, 1.1)),
        }
        for kind, note, low, high, share in life[2]
    ]
    income.append(
        {"kind": "subsidy", "note": "耕地地力补贴", "gross": yuan(random.uniform(300, 1_400)), "cost": "0.00"}
    )
    performance: Document = {"status": random.choices(("normal", "none", "breached"), (46, 51, 3))[0], "breaches": []}
    if performance["status"] == "breached":
        performance["breaches"] = [
            {
                "what": random.choice(("interest", "principal", "both")),
                "days_overdue": random.randint(20, 400),
                "repaid": random.choice(("within_1_year", "within_2_years", "unpaid")),
                "measure": random.choice(("reminder", "administrative")),
                "note": "",
            }
        ]
    members = [_member(random, one, life[1]) for one in people]
    return {
        "version": 1,
        "borrower": str(borrower.person),
        "shares_held": yuan(random.choice((0, 0, 0, 1_000, 5_000, 10_000, 20_000))),
        "judgement": random.choices(("excellent", "good", "fair", "poor"), (24, 50, 23, 3))[0],
        "grade": random.choices(("AAA", "AA", "A"), (18, 47, 35))[0],
        "members": members,
        "assets": _assets(random, wealth, life[1]),
        "liabilities": _liabilities(random, wealth, today),
        "guarantees": [{"note": "为亲属贷款担保", "amount": yuan(random.uniform(20_000, 90_000))}]
        if random.random() < 0.06
        else [],
        "income": income,
        "expenses": [
            {"kind": "living", "note": "", "amount": yuan(random.uniform(5_500, 9_500) * len(people) * wealth**0.5)},
            {"kind": "gifts", "note": "", "amount": yuan(random.uniform(1_500, 7_000))},
            *(
                [{"kind": "education", "note": "", "amount": yuan(random.uniform(2_000, 18_000))}]
                if any(6 <= one.age < 23 for one in people)
                else []
            ),
            *(
                [{"kind": "medical", "note": "", "amount": yuan(random.uniform(800, 9_000))}]
                if random.random() < 0.4
                else []
            ),
        ],
        "performance": performance,
        "migrants": _migrants(random, members),
        "needs": _needs(random),
    }


def _migrants(random: Random, members: list[Document]) -> list[Document]:
    """Those who work away, with the place, the trade and who can be asked at home."""
    found: list[Document] = []
    at_home = next((one["person"] for one in members if not one["away"]), None)
    for one in members:
        if one["away"] and one["occupation"] == "migrant_work":
            place, trade = random.choice(AWAY)
            contact = {"home_contact": at_home} if at_home else {}
            found.append({"member": one["person"], "place": place, "trade": trade, **contact, "note": ""})
    return found


def _member(random: Random, one: Adult, occupation: str) -> Document:
    if one.age < 16:
        return {
            "person": str(one.person),
            "relation": one.relation,
            "labour": "unable",
            "occupation": "student",
            "away": False,
        }
    if one.age >= 68:
        return {
            "person": str(one.person),
            "relation": one.relation,
            "labour": "unable",
            "occupation": "retired",
            "away": False,
        }
    if one.age >= 60:
        return {
            "person": str(one.person),
            "relation": one.relation,
            "labour": "partial",
            "occupation": "farming",
            "away": False,
        }
    if one.age < 22 and random.random() < 0.7:
        return {
            "person": str(one.person),
            "relation": one.relation,
            "labour": "able",
            "occupation": "student",
            "away": True,
        }
    away = occupation == "migrant_work" and (one.relation in ("head", "son", "daughter")) and random.random() < 0.75
    return {
        "person": str(one.person),
        "relation": one.relation,
        "labour": "able",
        "occupation": "migrant_work" if away else occupation,
        "away": away,
    }


def _item(kind: str, quantity: str, current: float, disposable_share: float, note: str = "") -> Document:
    return {
        "kind": kind,
        "note": note,
        "quantity": quantity,
        "original": yuan(current * 1.25),
        "current": yuan(current),
        "disposable": yuan(current * disposable_share),
    }


def _assets(random: Random, wealth: float, occupation: str) -> list[Document]:
    items = [
        _item("house", "1", random.uniform(60_000, 160_000) * wealth, 0.0),
        _item("appliances", "1", random.uniform(6_000, 22_000) * wealth, 0.1),
        _item("deposit", "1", random.uniform(8_000, 90_000) * wealth, 1.0),
    ]
    if random.random() < 0.24 * wealth:
        items.append(_item("town_house", "1", random.uniform(260_000, 620_000) * wealth**0.5, 0.8, "县城"))
    if random.random() < 0.46:
        items.append(_item("vehicle", "1", random.uniform(15_000, 110_000) * wealth, 0.7))
    if occupation in ("farming", "breeding"):
        items.append(_item("machinery", "2", random.uniform(4_000, 40_000), 0.4))
        items.append(
            _item("land", f"{random.uniform(2, 14):.1f}".removesuffix(".0"), random.uniform(6_000, 45_000), 0.3, "果园")
        )
    if occupation == "breeding":
        items.append(_item("livestock", "60", random.uniform(30_000, 160_000) * wealth, 0.8))
    if occupation == "trade":
        items.append(_item("shop_stock", "1", random.uniform(30_000, 240_000) * wealth, 0.5))
    return items


def _liabilities(random: Random, wealth: float, today: date) -> list[Document]:
    found = []
    for kind, chance, low, high in (
        ("own_bank", 0.16, 20_000, 100_000),
        ("other_bank", 0.17, 30_000, 220_000),
        ("private", 0.07, 5_000, 40_000),
        ("credit_card", 0.09, 1_000, 15_000),
    ):
        if random.random() < chance:
            outstanding = random.uniform(low, high) * wealth**0.5
            due = date(today.year + random.randint(1, 3), random.randint(1, 12), random.randint(1, 28)).isoformat()
            found.append(
                {
                    "kind": kind,
                    "note": "",
                    "original": yuan(outstanding * 1.4),
                    "outstanding": yuan(outstanding),
                    "due_on": due,
                }
            )
    return found


def _needs(random: Random) -> list[Document]:
    if random.random() < 0.45:
        return []
    kind = random.choices(
        ("production_loan", "consumer_loan", "mobile_bank", "merchant_code", "deposit"), (45, 15, 20, 10, 10)
    )[0]
    amount = yuan(random.choice((20_000, 30_000, 50_000, 80_000, 100_000))) if kind.endswith("_loan") else None
    return [{"kind": kind, "note": "", **({"amount": amount} if amount else {})}]
