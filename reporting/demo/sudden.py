"""Sudden changes of the demo county: a car without proof yet, a shop with its contract, a loan confirmed and checked.

Everything passes through the services under the rights of who does it, in a village where no round is held.
"""

from copy import deepcopy
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from PIL import Image, ImageDraw

from config.lib.clock import SHANGHAI
from customers import access
from customers.models import ListEntry, Person, Profile
from customers.services import guard
from customers.services.checks import check_profile
from customers.services.guard import Proof
from customers.services.visits import Stored, Submission, submit_visit
from grids.models import Grid
from reporting.demo.changes import Village, in_person, quiet_villages
from reporting.demo.organisation import Organisation

Item = tuple[str, str, dict[str, str]]
STORIES: tuple[tuple[int, Item, str], ...] = (
    (1, ("assets", "vehicle", {"note": "新购轿车", "current": "128000.00", "disposable": "0.00"}), "open"),
    (3, ("assets", "town_house", {"note": "县城商铺", "current": "460000.00", "disposable": "0.00"}), "proved"),
    (
        6,
        ("liabilities", "other_bank", {"note": "购房贷款", "original": "180000.00", "outstanding": "176000.00"}),
        "confirmed",
    ),
)


def write(organisation: Organisation, villages: list[Grid], now: datetime) -> dict[str, int]:
    """Write one change of each kind; returns how many."""
    village = quiet_villages(organisation, villages)[0]
    told = {"open": 0, "proved": 0, "confirmed": 0}
    for (days, item, state), (profile, head) in zip(STORIES, _files(village, now), strict=True):
        _tell(organisation, village, profile, head, now - timedelta(days=days), item, state)
        told[state] += 1
    return told


def _files(village: Village, now: datetime) -> list[tuple[Profile, Person]]:
    """Files accepted before the first story and so small that each of them is a sudden change, of households in no other story,
    with the head who is met."""
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    listed = ListEntry.objects.filter(subject_id=OuterRef("subject_id"))
    files = Profile.objects.filter(
        ~Exists(newer),
        ~Exists(listed),
        grid=village.grid,
        form__isnull=False,
        submitted_at__gt=now - timedelta(days=170),
        check_verdict__verdict="accepted",
        check_verdict__checked_at__lt=now - timedelta(days=8),
        assets__lt=350_000,
        liabilities__lt=300_000,
    ).select_related("subject__household__head")
    changed = set(
        Person.objects.filter(grid=village.grid, left_on__isnull=False).values_list("household_id", flat=True)
    )
    found = []
    for profile in files.order_by("-subject_id"):
        home = profile.subject.household
        present = {str(one.pk) for one in village.people.get(home.pk, ())}
        named = {str(one["person"]) for one in profile.document.get("members", ())}
        if home.head is not None and home.pk not in changed and named == present:
            found.append((profile, home.head))
    return found[: len(STORIES)]


def _tell(
    organisation: Organisation, village: Village, profile: Profile, head: Person, at: datetime, item: Item, state: str
) -> None:
    section, kind, amounts = item
    document = deepcopy(profile.document)
    document[section] = [*document.get(section, ()), {"kind": kind, **amounts}]
    place = f"{section}.{len(document[section]) - 1}"
    moment = at.astimezone(SHANGHAI).replace(hour=10, minute=40, second=30, microsecond=0)
    proofs = () if state == "open" else (Proof(section, _paper(amounts["note"]), "proof.jpg", place),)
    officer, manager = village.officer, village.manager
    with in_person(officer, moment) as post:
        stored: Stored = submit_visit(
            staff=officer,
            post_id=post.pk,
            place=access.open_household(post, profile.subject_id),
            submission=Submission(
                client_uuid=UUID(int=profile.pk),
                purpose="revisit",
                outcome="interviewed",
                device_at=moment - timedelta(minutes=50),
                person_met_id=head.pk,
                consent="standing",
                document=document,
                confirmed=frozenset(_places(document)),
                proofs=proofs,
            ),
        )
    if state != "confirmed" or stored.profile is None:
        return
    with in_person(manager, moment + timedelta(days=1)) as post:
        found = access.open_changes_to_settle(profile.subject_id)
        guard.settle(staff=manager, post_id=post.pk, profile=found, outcome="confirmed", answer="看过借款合同")
        found = access.open_check(profile.subject_id)
        check_profile(staff=manager, post_id=post.pk, profile=found, verdict="accepted", remarks=[])


def _places(value: Any, at: str = "") -> set[str]:
    """Every place of a document: what is written here is meant so."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at}.union(*(_places(one, f"{at}.{name}" if at else str(name)) for name, one in inner))


def _paper(note: str) -> bytes:
    """A photo of a contract, as far as a demo goes: lines on paper, other ones for each."""
    block = BytesIO()
    picture = Image.new("RGB", (600, 800), (246, 243, 236))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((210, 70, 390, 96), fill=(60, 60, 66))
    for place in range(18):
        draw.rectangle(
            (70, 150 + place * 30, 530 - (sum(map(ord, note)) * (place + 3)) % 190, 158 + place * 30),
            fill=(150, 150, 156),
        )
    draw.ellipse((400, 640, 520, 760), outline=(196, 60, 50), width=7)
    picture.save(block, "JPEG", quality=70)
    return block.getvalue()
