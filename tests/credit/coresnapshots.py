"""Core-system files of the tests: people with numbers that check, rows as a bank would export them, two approvers."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from config.lib import clock, jobs, releases
from credit.models import CoreSnapshot
from credit.services import snapshots as service
from customers.domain.identity import check_character
from customers.models import Person
from customers.services import identity
from grids.models import Post, PostKind, Staff
from tests.conftest import acting_as
from tests.credit import village
from tests.world import SINCE, World

HEADER = (
    "身份证号", "合同号", "业务种类", "余额", "未用额度", "授信金额", "欠息天数", "本金逾期天数", "到期日", "五级分类", "整村授信",
)  # fmt: skip
LIMITS = json.loads(Path("credit/parameters/core_snapshot.json").read_text("utf-8"))


def release_limits(world: World, **changes: Any) -> None:
    """Release the limits of snapshots, signed by two."""
    releases.publish(
        institution_id=world.bank.pk,
        kind="core_snapshot",
        document=LIMITS | changes,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def second_approver(world: World) -> Staff:
    """Return Bai, who approves for the whole bank beside Jiang; made once in a world."""
    if "bai" not in world.staff:
        found = Staff.objects.filter(number="bai").first() or Staff.objects.create_user(
            "bai", "a-long-enough-password", name="白雪", institution=world.bank, home_branch=world.head_office
        )
        Post.objects.get_or_create(staff=found, kind=PostKind.APPROVER, branch=None, defaults={"from_on": SINCE})
        world.staff["bai"] = found
    return world.staff["bai"]


def id_number(sequence: int, born: str = "19700101") -> str:
    """Return a number that checks and nobody has."""
    body = f"370685{born}{sequence:03d}"
    return body + check_character(body)


def number_people(*households: int, first: int = 1) -> dict[int, str]:
    """Give the people of households ID numbers that check; return them by person, heads first."""
    found = {}
    people = Person.objects.filter(household_id__in=households).order_by("household_id", "pk")
    for place, person in enumerate(people, start=first):
        number = id_number(place)
        columns = identity.encrypt_identity(person.uuid, person.institution_id, number, "")
        Person.objects.filter(pk=person.pk).update(**columns)
        found[person.pk] = number
    return found


def couple_and_neighbour(world: World) -> list[str]:
    """Write a couple of Liu Village and one man of Zhao Village; return their ID numbers."""
    homes = [village.household(world.liu, "001", "刘一", 2), village.household(world.zhao, "001", "赵一")]
    return list(number_people(*homes).values())


def row(number: str, contract: str, kind: str = "本行贷款", outstanding: str = "10000", **more: str) -> dict[str, str]:
    """Return one row of a file; ``more`` by Chinese title."""
    return {
        "身份证号": number,
        "合同号": contract,
        "业务种类": kind,
        "余额": outstanding,
        "五级分类": "正常" if kind == "本行贷款" else "",
    } | more


def content(*rows: Mapping[str, str], header: tuple[str, ...] = HEADER) -> io.BytesIO:
    """Return rows as a csv file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(out.getvalue().encode("utf-8-sig"))


def upload(
    world: World, *rows: Mapping[str, str], on: date | None = None, staff: Staff | None = None, correction: str = ""
) -> CoreSnapshot:
    """Upload a file as Jiang, or another, and have a worker check it."""
    release_limits(world)
    with acting_as(staff or world.jiang) as post:
        taken = service.upload(
            staff=staff or world.jiang,
            post_id=post.pk if post else None,
            content=content(*rows),
            name="core.csv",
            taken_on=on or clock.today(),
            correction=correction,
        )
    assert taken.run is not None
    jobs.drive_run(taken.run.pk)
    taken.refresh_from_db()
    return taken


def confirm(world: World, snapshot: CoreSnapshot, answer: str = "", staff: Staff | None = None) -> CoreSnapshot:
    """Confirm a snapshot as Bai, or another."""
    staff = staff or second_approver(world)
    with acting_as(staff) as post:
        found = CoreSnapshot.objects.get(pk=snapshot.pk)
        service.confirm(staff=staff, post_id=post.pk if post else None, snapshot=found, answer=answer)
    snapshot.refresh_from_db()
    return snapshot


def in_force(world: World, *rows: Mapping[str, str], on: date | None = None) -> CoreSnapshot:
    """Put a file in force."""
    return confirm(world, upload(world, *rows, on=on), "核对过")
