"""Snapshots of the demo bank's core system: one before the rounds, one of yesterday, each confirmed by the other approver.

Loans here are those the files tell of, as the bank's own books would have them; loans of other banks stay with the files.
"""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from random import Random
from typing import Any

from credit.services import snapshots
from customers.domain.identity import check_character
from customers.models import Household, Person, Profile
from customers.selectors.identity import decrypt
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

HEADER = (
    "身份证号",
    "合同号",
    "业务种类",
    "余额",
    "未用额度",
    "授信金额",
    "欠息天数",
    "本金逾期天数",
    "到期日",
    "五级分类",
    "整村授信",
)
STRANGERS = 40
"""People of the core system's file who are in no household file: shopkeepers of the town, people of other counties."""


class CoreSystem:
    """The bank's books: the credits of people on file, told on two days."""

    def __init__(self, organisation: Organisation, county: str, seed: int) -> None:
        self.organisation = organisation
        random = Random(seed)  # noqa: S311  a story to be told again, no secret
        self.loans = [*_loans(random), *_strangers(random, county)]
        self.random = random

    def snapshot(self, moment: datetime) -> int:
        """Import the file of a day's end and confirm it the next morning; returns how many rows it has."""
        uploader, confirmer = self.organisation.approvers[:2]
        taken_on = (moment - timedelta(days=1)).date()
        with clock_at(moment), acting(uploader):
            done = snapshots.import_now(
                content=BytesIO(_csv(self.loans)),
                name=f"个人信贷余额_{taken_on:%Y%m%d}.csv",
                taken_on=taken_on,
                staff=uploader,
                confirmed_by=confirmer,
                answer="秋收后集中还款，已与会计部核对",
                at=moment,
            )
        if done.state != done.State.IN_FORCE:
            raise RuntimeError(f"the snapshot of {taken_on} is {done.state}: {done.summary}")
        return int(done.summary["rows"])

    def time_passes(self) -> None:
        """Let people repay and draw: a third pays something back, some are done with it."""
        left = []
        for loan in self.loans:
            owed = Decimal(loan.get("余额") or 0)
            chance = self.random.random()
            if chance < 0.02:
                continue
            if owed and chance < 0.35:
                loan = {**loan, "余额": f"{_rounded(owed * Decimal(self.random.randint(80, 97)) / 100):.2f}"}
            left.append(loan)
        self.loans = left


def _loans(random: Random) -> Iterator[dict[str, str]]:
    """The loans, guarantees and lines of heads of households whose file tells of any."""
    newest = Profile.objects.order_by("subject_id", "-number").distinct("subject_id")
    told: Any = dict(newest.values_list("subject_id", "document__liabilities"))
    homes = Household.objects.filter(pk__in=list(told), head__isnull=False).order_by("grid__division_code", "number")
    heads = Person.objects.in_bulk(list(homes.values_list("head_id", flat=True)))
    number = 0
    for home in homes:
        number_of = heads[home.head_id or 0]
        owed = [item for item in told[home.pk] or [] if item["kind"] == "own_bank"]
        has_line, guarantees = random.random() < 0.04, random.random() < 0.015
        if not (owed or has_line or guarantees) or number_of.id_number is None:
            continue
        who = {"身份证号": decrypt(number_of, "id_number")}
        for item in owed:
            number += 1
            yield who | _loan(random, number, Decimal(item["outstanding"] or 0), item.get("due_on") or "")
        if has_line:
            number += 1
            granted = Decimal(random.choice((20_000, 30_000, 50_000)))
            yield who | {
                "合同号": f"ZC2025{number:07d}", "业务种类": "本行未用授信", "未用额度": f"{granted:.2f}",
                "授信金额": f"{granted:.2f}", "到期日": "2027-12-31", "整村授信": "是",
            }  # fmt: skip
        if guarantees:
            number += 1
            yield who | {
                "合同号": f"BZ2024{number:07d}", "业务种类": "对外担保",
                "余额": f"{random.choice((20_000, 30_000, 50_000, 80_000)):.2f}", "到期日": "2027-06-30",
            }  # fmt: skip


def _loan(random: Random, number: int, owed: Decimal, due_on: str) -> dict[str, str]:
    chance = random.random()
    # A few in a hundred pay late, very few long past due.
    late = random.randint(120, 400) if chance < 0.006 else random.randint(3, 60) if chance < 0.035 else 0
    return {
        "合同号": f"JK2025{number:07d}",
        "业务种类": "本行贷款",
        "余额": f"{owed:.2f}",
        "授信金额": f"{max(owed, _rounded(owed * Decimal('1.3'))):.2f}",
        "欠息天数": str(late),
        "本金逾期天数": str(late if late > 90 else 0),
        "到期日": due_on,
        "五级分类": "可疑" if late > 360 else "次级" if late > 90 else "关注" if late else "正常",
    }


def _strangers(random: Random, county: str) -> Iterator[dict[str, str]]:
    for place in range(STRANGERS):
        body = f"{county}{random.randint(1958, 2003)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}{900 + place:03d}"
        owed = Decimal(random.randint(5, 80) * 1000)
        yield {"身份证号": body + check_character(body)} | _loan(random, 9_000_000 + place, owed, "2027-09-30")


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(100))


def _csv(rows: list[dict[str, str]]) -> bytes:
    out = StringIO()
    writer = csv.DictWriter(out, HEADER, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
