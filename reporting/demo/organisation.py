"""The bank of the demo county: staff, posts, seats and released parameters."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from config.lib import clock, releases
from grids.models import Branch, Grid, Institution, Post, PostKind, Seat, SeatKind, Staff
from grids.services import absences, staff_files, transfers
from reporting.demo.families import NEW_FEMALE, NEW_MALE, SURNAMES

PASSWORD = "gedang-demo-2026"  # noqa: S105  printed at every start: a demo county holds nobody's data
PARAMETERS = ("credit/parameters", "customers/parameters", "reporting/parameters")
OFFICERS_PER_BRANCH = 3


@dataclass
class Organisation:
    """Who works where, by branch id."""

    bank: Institution
    branches: list[Branch]
    managers: dict[int, Staff] = field(default_factory=dict)
    deputies: dict[int, Staff] = field(default_factory=dict)
    """The second manager of a branch: what two managers decide cannot wait for a holiday. The first branch has one."""
    officers: dict[int, list[Staff]] = field(default_factory=dict)
    officer_of: dict[int, Staff] = field(default_factory=dict)
    """Grid id to the officer who covers it."""
    approvers: list[Staff] = field(default_factory=list)
    auditors: list[Staff] = field(default_factory=list)
    leaders: list[Staff] = field(default_factory=list)
    parameter_managers: list[Staff] = field(default_factory=list)
    administrators: list[Staff] = field(default_factory=list)
    assessors: list[Staff] = field(default_factory=list)
    """Villagers with a sheet of their own that is still open."""

    def welcome(self, assessor: Staff) -> None:
        """Give a villager who enters his own sheet the demo's password."""
        assessor.set_password(PASSWORD)
        assessor.must_change_password = False
        assessor.save(update_fields=["password", "must_change_password"])
        self.assessors.append(assessor)


class _Desk:
    """Hands out names and employee numbers; all share one password hash, since hashing is slow on purpose."""

    def __init__(self, bank: Institution, random: Random) -> None:
        self.bank, self.random = bank, random
        self.hash = make_password(PASSWORD)
        self.names: set[str] = set()

    def person(self, number: str, branch: Branch) -> Staff:
        while True:
            surname = self.random.choices([name for name, _ in SURNAMES], [weight for _, weight in SURNAMES])[0]
            letters = self.random.choice((NEW_MALE, NEW_FEMALE))
            name = surname + "".join(self.random.sample(letters, self.random.choice((1, 2, 2))))
            if name not in self.names:
                self.names.add(name)
                break
        return Staff(institution=self.bank, number=number, name=name, home_branch=branch, password=self.hash)


def build(bank: Institution, random: Random, since: date) -> Organisation:
    """Write staff, posts and seats: a manager and three officers a branch, and the posts of the head office."""
    desk = _Desk(bank, random)
    head = bank.branches.get(kind=Branch.Kind.HEAD)
    branches = sorted(bank.branches.filter(kind=Branch.Kind.BRANCH), key=lambda branch: (branch.town_code, branch.pk))
    organisation = Organisation(bank=bank, branches=branches)
    posts: list[tuple[Staff, str, Branch | None]] = []
    for kind, first, count, people in (
        (PostKind.APPROVER, 8101, 2, organisation.approvers),
        (PostKind.AUDITOR, 8201, 2, organisation.auditors),
        (PostKind.LEADER, 8301, 1, organisation.leaders),
        (PostKind.PARAMETER_MANAGER, 8401, 2, organisation.parameter_managers),
        (PostKind.ADMINISTRATOR, 9001, 2, organisation.administrators),
    ):
        for place in range(count):
            people.append(desk.person(str(first + place), head))
            posts.append((people[-1], kind, None))
    for place, branch in enumerate(branches, start=1):
        manager = desk.person(f"{place:02d}00", branch)
        organisation.managers[branch.pk] = manager
        posts.append((manager, PostKind.BRANCH_MANAGER, branch))
        officers = [desk.person(f"{place:02d}{turn:02d}", branch) for turn in range(1, OFFICERS_PER_BRANCH + 1)]
        organisation.officers[branch.pk] = officers
        posts += [(officer, PostKind.OFFICER, branch) for officer in officers]
    leading = branches[0]
    organisation.deputies[leading.pk] = desk.person("0190", leading)
    posts.append((organisation.deputies[leading.pk], PostKind.BRANCH_MANAGER, leading))
    Staff.objects.bulk_create([staff for staff, _, _ in posts])
    Post.objects.bulk_create(
        Post(staff=staff, kind=kind, branch=branch, from_on=since) for staff, kind, branch in posts
    )
    _seats(organisation, since)
    return organisation


def _seats(organisation: Organisation, since: date) -> None:
    """Give every grid an officer of its branch, in runs of neighbours, and a village contact to every third."""
    kinds = {kind.code: kind for kind in SeatKind.objects.filter(institution=organisation.bank)}
    covering = next(kind for kind in kinds.values() if kind.covers)
    seats = []
    for branch in organisation.branches:
        grids = sorted(Grid.objects.filter(branch=branch), key=lambda grid: grid.division_code)
        officers = organisation.officers[branch.pk]
        for place, grid in enumerate(grids):
            officer = officers[place * len(officers) // len(grids)]
            organisation.officer_of[grid.pk] = officer
            seats.append(Seat(grid=grid, kind=covering, staff=officer, from_on=since))
    Seat.objects.bulk_create(seats, batch_size=1000)


def staff_file(organisation: Organisation) -> None:
    """Leave a file of staff for the first administrator to confirm: two new officers, one whose post gets an end."""
    branch, other = organisation.branches[:2]
    leaving = organisation.officers[other.pk][-1]
    last = clock.today() + timedelta(days=30)
    rows = (
        "工号,姓名,所在机构,岗位,机构范围,自,至,邮箱",
        f"8801,{leaving.name[0]}晓晨,{branch.name},客户经理,{branch.name},,,",
        f"8802,{leaving.name[0]}雨桐,{other.name},客户经理,{other.name},,,",
        f"{leaving.number},{leaving.name},{other.name},客户经理,{other.name},,{last},",
    )
    sender = organisation.administrators[1]
    staff_files.upload(
        by=sender,
        post=Post.objects.get(staff=sender, kind=PostKind.ADMINISTRATOR),
        content=BytesIO("\n".join(rows).encode()),
        name=f"{clock.today().year} 年人员调整.csv",
    )


def changes(organisation: Organisation) -> None:
    """Leave a transfer that waits for the managers of two branches, and an officer who is away with a colleague in his place."""
    first, second = organisation.branches[:2]
    moving, *staying = organisation.officers[second.pk]
    sender = organisation.administrators[1]
    today = clock.today()
    covered = [grid for grid, officer in organisation.officer_of.items() if officer.pk == moving.pk]
    transfers.propose(
        by=sender,
        post=Post.objects.get(staff=sender, kind=PostKind.ADMINISTRATOR),
        staff=moving,
        kind="move",
        to_branch=first,
        on=today + timedelta(days=10),
        reason=f"人事〔{today.year}〕18 号",
        successors={grid: staying[at % len(staying)].pk for at, grid in enumerate(covered)},
    )
    away, deputy = organisation.officers[first.pk][1:3]
    manager = organisation.managers[first.pk]
    absences.record(
        by=manager,
        post=Post.objects.get(staff=manager, kind=PostKind.BRANCH_MANAGER),
        staff=away,
        deputy=deputy,
        from_on=today,
        to_on=today + timedelta(days=7),
        reason="年休假",
    )


def release_parameters(organisation: Organisation, since: date) -> list[str]:
    """Release every shipped parameter document, drafted by one parameter manager and released by the other."""
    drafter, releaser = organisation.parameter_managers
    found = []
    for folder in PARAMETERS:
        for path in sorted(Path(settings.BASE_DIR, folder).glob("*.json")):
            entries = json.loads(path.read_text("utf-8"))
            if not isinstance(entries, list):
                continue  # a document that a list beside it names
            for entry in entries:
                release = releases.publish(
                    institution_id=organisation.bank.pk,
                    kind=entry["kind"],
                    key=entry.get("key", ""),
                    document=_document(path, entry),
                    effective_on=since,
                    drafted_by_id=drafter.pk,
                    released_by_id=releaser.pk,
                    note=entry.get("note", ""),
                )
                found.append(str(release))
    return found


def _document(path: Path, entry: dict[str, Any]) -> Any:
    return entry["document"] if "document" in entry else json.loads((path.parent / entry["file"]).read_text("utf-8"))


def logins(organisation: Organisation) -> list[dict[str, str]]:
    """Return one login per post with open work, for the sign-in page and the terminal."""
    branch = organisation.branches[0]
    people = (
        (PostKind.OFFICER, organisation.officers[branch.pk][0]),
        (PostKind.BRANCH_MANAGER, organisation.managers[branch.pk]),
        (PostKind.APPROVER, organisation.approvers[0]),
        (PostKind.AUDITOR, organisation.auditors[0]),
        *((PostKind.ASSESSOR, assessor) for assessor in organisation.assessors[:1]),
        (PostKind.LEADER, organisation.leaders[0]),
        *((PostKind.PARAMETER_MANAGER, manager) for manager in organisation.parameter_managers),
        (PostKind.ADMINISTRATOR, organisation.administrators[0]),
    )
    return [
        {
            "post": str(kind.label),
            "kind": kind.value,
            "username": staff.number,
            "name": staff.name,
            "password": PASSWORD,
        }
        for kind, staff in people
    ]
