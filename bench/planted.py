"""10,000 planted errors in generated files: how many are caught while typing, by the guard against sudden changes, by the second
check; and how often honest files are asked. Rules as shipped; nothing is demanded of a colleague's eye but what he is told.

Each household has a trusted file and a new one, two months later. Honest changes are small (a few per cent on some figures), with
now and then something new that is true. One error is planted in a new file: a digit too many, too few or doubled; 万元 typed
where 元 is asked; two figures swapped; an ID number mistyped; a neighbour's file sent as one's own.
"""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from bench.harness import Result
from customers.domain import guard, identity, prices
from customers.domain.economics import figures_digest, totals
from customers.domain.form import Form, read, read_form
from customers.domain.prices import Price
from customers.domain.slips import slips
from reporting.demo.economics import Adult, document

PARAMETERS = Path(__file__).parent.parent / "customers" / "parameters"
TODAY = date(2026, 11, 21)
HOUSEHOLDS_PER_VILLAGE = 300
KINDS = ("typing", "unit", "swapped digits", "ID number", "copied file")
HONEST_LIMIT = 1 / 20
TRUE_EVENTS = 0.02  # something large that is true: a car bought, a loan taken
AMOUNTS = {"assets": ("current",), "liabilities": ("outstanding",), "income": ("gross",), "expenses": ("amount",)}

Document = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """The rules as shipped."""

    form: Form
    limits: guard.Limits
    village_ratio: Decimal
    prices: Mapping[str, Price]


@dataclass(frozen=True)
class Home:
    """A household: its trusted file, and the honest one two months later."""

    before: Document
    after: Document


def run(*, full: bool) -> Iterator[Result]:
    """Plant 10,000 errors (1,000 at everyday size) and print what caught them."""
    rules, random = _rules(), Random(11)
    planted = 10_000 if full else 1_000
    villages = [_village(random) for _ in range(max(2, planted // (2 * HOUSEHOLDS_PER_VILLAGE)))]
    usual = [_usual(village) for village in villages]
    asked = Counter(
        _caught(home.before, home.after, rules, usual[place], set())
        for place, village in enumerate(villages)
        for home in village
    )
    honest = sum(asked.values())
    share = 1 - asked[""] / honest
    yield Result(
        "honest files asked anything",
        share,
        "share",
        HONEST_LIMIT,
        {"ratio_to_limit": round(share / HONEST_LIMIT, 3), "files": honest, "asked_by": _shares(asked, honest)},
    )
    caught: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for number in range(planted):
        kind, place = KINDS[number % len(KINDS)], random.randrange(len(villages))
        caught[kind][_planted(kind, villages[place], rules, usual[place], random)] += 1
    for kind, found in caught.items():
        count = sum(found.values())
        yield Result(
            f"{kind}: caught", 1 - found[""] / count, "share", None, {"planted": count} | _shares(found, count)
        )
    whole = sum(caught.values(), Counter())
    yield Result(
        "all planted errors: caught",
        1 - whole[""] / planted,
        "share",
        None,
        {"planted": planted} | _shares(whole, planted),
    )


def _shares(found: Counter[str], count: int) -> dict[str, float]:
    return {by: round(found[by] / count, 4) for by in ("typing", "guard", "check") if found[by]}


def _rules() -> Rules:
    entries = json.loads((PARAMETERS / "customers.json").read_text("utf-8"))
    shipped = {entry["kind"]: entry["document"] for entry in entries if "document" in entry}
    form, _faults = read_form(json.loads((PARAMETERS / "forms" / "farm_household.json").read_text("utf-8")))
    return Rules(
        form,
        guard.read(shipped["change_guard"]),
        Decimal(shipped["typing_checks"]["village_ratio"]),
        prices.read(shipped["price_list"]),
    )


# --- Honest files -------------------------------------------------------------------------------------------------------


def _village(random: Random) -> list[Home]:
    homes = []
    for number in range(HOUSEHOLDS_PER_VILLAGE):
        first = number * 10
        adults = [
            Adult(first, "head", random.randint(28, 62), "M"),
            Adult(first + 1, "spouse", random.randint(27, 60), "F"),
        ]
        adults += [Adult(first + 2 + n, "son", random.randint(3, 26), "M") for n in range(random.randint(0, 2))]
        before = document(random, adults, TODAY)
        homes.append(Home(before, _honest(random, before)))
    return homes


def _honest(random: Random, before: Document) -> Document:
    """The same household two months later."""
    after = deepcopy(before)
    for section, fields in AMOUNTS.items():
        for item in after[section]:
            for field in fields:
                if random.random() < 0.4:
                    item[field] = f"{Decimal(item[field]) * Decimal(str(round(random.uniform(0.94, 1.06), 3))):.2f}"
                    if section == "assets" and "disposable" in item:
                        item["disposable"] = min(item["disposable"], item["current"], key=Decimal)
    if random.random() < TRUE_EVENTS:
        price = f"{random.randint(60, 150) * 1000}.00"
        after["assets"].append({"kind": "vehicle", "note": "新购", "current": price, "disposable": "0.00"})
    return after


def _usual(village: list[Home]) -> dict[str, Decimal]:
    """The upper quartile of the village by figure, from the trusted files."""
    sums = [totals(home.before) for home in village]
    return {
        name: Decimal(
            round(statistics.quantiles([float(getattr(one, name)) for one in sums], n=4, method="inclusive")[2])
        )
        for name in ("assets", "liabilities", "gross_income", "net_income", "expenses")
    }


# --- What catches an error ------------------------------------------------------------------------------------------------


def _doubted(before: Document, clean: Document, rules: Rules) -> bool:
    """Whether an amount is asked about beside the last one or the reference price, and was not asked about then."""
    asked = {one.path for one in prices.outside(before, rules.prices)}
    return bool(slips(rules.form, before, clean) or prices.outside(clean, rules.prices, asked))


def _caught(before: Document, sent: Document, rules: Rules, usual: dict[str, Decimal], others: set[str]) -> str:
    """Which of the three caught it first: "typing", "guard", "check", or "" for none."""
    clean, problems = read(rules.form, sent, today=TODAY)
    known = {(one.path, one.code) for one in read(rules.form, before, today=TODAY)[1]}
    if any((one.path, one.code) not in known for one in problems) or _doubted(before, clean, rules):
        return "typing"
    now, then = totals(clean), totals(before)
    for name, quartile in usual.items():
        far = quartile * rules.village_ratio
        if getattr(now, name) > far and getattr(then, name) <= far:
            return "typing"
    if _sudden(then, now, rules):
        return "guard"
    return "check" if figures_digest(clean) in others else ""


def _sudden(then: Any, now: Any, rules: Rules) -> bool:
    at = datetime(2026, 11, 21, tzinfo=timezone(timedelta(hours=8)))
    revisions = [
        guard.Revision(key, moment, {name: getattr(sums, name) for name in guard.FIGURES})
        for key, moment, sums in ((1, at - timedelta(days=60), then), (2, at, now))
    ]
    return bool(guard.sudden_changes(revisions[1], revisions[:1], rules.limits))


# --- Errors -------------------------------------------------------------------------------------------------------------


def _planted(kind: str, village: list[Home], rules: Rules, usual: dict[str, Decimal], random: Random) -> str:
    home = random.choice(village)
    if kind == "ID number":
        return _mistyped_id(random)
    if kind == "copied file":
        other = random.choice([one for one in village if one is not home])
        copied = {**deepcopy(other.after), "members": home.after["members"], "borrower": home.after["borrower"]}
        copied["migrants"] = []
        return _caught(home.before, copied, rules, usual, {figures_digest(other.after)})
    sent = deepcopy(home.after)
    section = random.choice([name for name in AMOUNTS if any(Decimal(i[AMOUNTS[name][0]]) >= 1000 for i in sent[name])])
    field = AMOUNTS[section][0]
    item = random.choice([one for one in sent[section] if Decimal(one[field]) >= 1000])
    item[field] = ERRORS[kind](item[field].partition(".")[0], random)
    return _caught(home.before, sent, rules, usual, set())


def _slip(figure: str, random: Random) -> str:
    place = random.randrange(len(figure))
    return random.choice((figure + "0", figure[:-1], figure[:place] + figure[place] + figure[place:]))


def _wan(figure: str, random: Random) -> str:
    return f"{Decimal(figure) / 10_000:.2f}"


def _swap(figure: str, random: Random) -> str:
    places = [n for n in range(len(figure) - 1) if figure[n] != figure[n + 1] and (n or figure[1] != "0")]
    if not places:
        return figure + "0"
    place = random.choice(places)
    return figure[:place] + figure[place + 1] + figure[place] + figure[place + 2 :]


ERRORS: dict[str, Callable[[str, Random], str]] = {"typing": _slip, "unit": _wan, "swapped digits": _swap}


def _mistyped_id(random: Random) -> str:
    """A right number with one digit changed or two neighbours swapped."""
    born = date(random.randint(1950, 2005), random.randint(1, 12), random.randint(1, 28))
    stem = f"370685{born:%Y%m%d}{random.randint(1, 999):03d}"
    number = stem + identity.check_character(stem)
    if random.random() < 0.5:
        place = random.randrange(17)
        wrong = number[:place] + str((int(number[place]) + random.randint(1, 9)) % 10) + number[place + 1 :]
    else:
        places = [n for n in range(16) if number[n] != number[n + 1]]
        place = random.choice(places)
        wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return "typing" if identity.check_id(wrong, today=TODAY).errors else ""
