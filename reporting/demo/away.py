"""Households of the demo county that are away or refuse: calls instead of knocking, contact plans; and visits that came in on paper."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image

from config.lib import files
from customers.domain import contacts
from customers.domain.contacts import Terms
from customers.domain.visits import SHEET
from customers.models import ContactPlan, Evidence, Household, Person, Visit
from customers.selectors import contacts as released
from customers.selectors import profile_files as books
from customers.selectors.forms import editions_of
from customers.services import profile_files
from grids.models import Grid, Staff
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

PAPER = 7
"""Of a hundred visits so many were written down on paper and typed at the branch."""
CALLED = 45
"""Of a hundred households away so many were reached by phone, ..."""
SEEN = 50
"""... and up to so many by video."""
PLANNED = 4
"""Four of five that were away or refused have a plan."""
BATCH = 6
FILE_NAME = "停电那周的纸质表.xlsx"


def way_of(outcome: str, number: int, lead: Staff, typist: Staff) -> tuple[str, str, str, int | None]:
    """Return how a visit was made and came in: channel, who was called, entry, who typed it; ``number`` is the visit's own."""
    if outcome == Visit.Outcome.AWAY and number % 100 < CALLED:
        return Visit.Channel.PHONE.value, ("home", "self")[number % 3 == 0], Visit.Entry.PAGE.value, None
    if outcome == Visit.Outcome.AWAY and number % 100 < SEEN:
        return Visit.Channel.VIDEO.value, "", Visit.Entry.PAGE.value, None
    if outcome == Visit.Outcome.INTERVIEWED and number % 100 < PAPER:
        return Visit.Channel.SITE.value, "", Visit.Entry.PAPER.value, (lead if number % 2 else typist).pk
    return Visit.Channel.SITE.value, "", Visit.Entry.PAGE.value, None


def write(people: Organisation, villages: Sequence[Grid], seed: int, now: datetime) -> dict[str, int]:
    """Write plans, photos of the typed sheets of the last days, and a file of visits that waits for a branch manager."""
    random = Random(seed)  # noqa: S311  numbers of its own: nobody else's change with them
    plans = _plans(random, people, now)
    ContactPlan.objects.bulk_create(plans, batch_size=2000)
    return {
        "contact_plans": len(plans),
        "sheets": _sheets(random, villages),
        "visits_on_file": _batch(people, villages, now),
    }


def _plans(random: Random, people: Organisation, now: datetime) -> list[ContactPlan]:
    rules, release = released.rules_of(people.bank.pk, now.date())
    visits = list(
        Visit.objects.filter(outcome__in=(Visit.Outcome.AWAY, Visit.Outcome.REFUSED)).order_by(
            "device_at", "content_hash"
        )
    )
    members: dict[int, list[int]] = {}
    present = Person.objects.filter(household__in=[one.subject_id for one in visits], left_on__isnull=True)
    for household, person in present.order_by("household_id", "pk").values_list("household_id", "pk"):
        members.setdefault(household, []).append(person)
    heads = dict(Household.objects.filter(pk__in=list(members)).values_list("pk", "head_id"))
    found = []
    for place, visit in enumerate(visits):
        if place % (PLANNED + 1) == PLANNED:
            continue
        at_home = [pk for pk in members.get(visit.subject_id, ()) if pk != heads.get(visit.subject_id)]
        terms = contacts.fitted(
            _wish(random, visit, at_home, now.date()), rules, members=at_home, today=visit.received_at.date()
        )
        found.append(
            ContactPlan(
                institution_id=visit.institution_id,
                grid_id=visit.grid_id,
                recorded_grid_id=visit.recorded_grid_id,
                subject_id=visit.subject_id,
                visit=visit,
                why=terms.why,
                way=terms.way,
                contact_id=terms.contact,
                returns_on=terms.returns_on,
                next_on=terms.next_on,
                release=release,
                made_by_id=visit.lead_id,
                made_at=visit.received_at,
            )
        )
    return found


def _wish(random: Random, visit: Visit, at_home: Sequence[int], today: date) -> Terms:
    if visit.outcome == Visit.Outcome.REFUSED:
        return Terms(why=contacts.REFUSED, way=random.choice(("phone", "letter")))
    way = random.choice(("home", "phone", "video", "festival"))
    returns_on = today + timedelta(days=random.randint(10, 110)) if random.random() < 0.7 else None
    next_on = today + timedelta(days=random.randint(-3, 40)) if random.random() < 0.4 else None
    return Terms(
        why=contacts.AWAY,
        way=way,
        contact=at_home[0] if way == contacts.HOME and at_home else None,
        returns_on=returns_on,
        next_on=next_on,
    )


def _sheets(random: Random, villages: Sequence[Grid]) -> int:
    """Put the photo of its sheet on the newest paper visit of each village, and of the call on every visit by video."""
    papers = Visit.objects.filter(entry=Visit.Entry.PAPER, grid__in=villages).order_by("grid_id", "-device_at", "pk")
    calls = Visit.objects.filter(channel=Visit.Channel.VIDEO, grid__in=villages).order_by("device_at", "content_hash")
    shown = [*papers.distinct("grid_id"), *calls]
    for visit in shown:
        is_sheet = visit.entry == Visit.Entry.PAPER
        stored = files.store_photo(
            content=_sheet(random),
            name="sheet.jpg" if is_sheet else "call.jpg",
            institution_id=visit.institution_id,
            grid_id=visit.grid_id,
            stored_by_id=visit.typed_by_id or visit.lead_id,
            subject_id=visit.subject_id,
        )
        Evidence.objects.create(
            institution_id=visit.institution_id,
            grid_id=visit.grid_id,
            recorded_grid_id=visit.recorded_grid_id,
            subject_id=visit.subject_id,
            visit=visit,
            file=stored,
            caption=SHEET if is_sheet else "",
        )
    return len(shown)


def _sheet(random: Random) -> BytesIO:
    """A sheet of paper with lines of ink on it, no two alike."""
    picture = Image.new("L", (210, 297), 246)
    for row in range(20, 280, 9):
        for start in range(16, random.randint(60, 190), 7):
            picture.paste(random.randint(40, 120), (start, row, start + random.randint(2, 6), row + 2))
    block = BytesIO()
    picture.convert("RGB").save(block, "JPEG")
    block.seek(0)
    return block


def _batch(people: Organisation, villages: Sequence[Grid], now: datetime) -> int:
    """Upload some files of a village as an officer typed them from paper; the branch manager has yet to confirm."""
    village = next((one for one in villages if one.branch_id == people.branches[0].pk), villages[0])
    officer = people.officer_of[village.pk]
    edition = editions_of(people.bank.pk, "household")[0]
    with clock_at(now - timedelta(hours=4)), acting(officer) as post:
        content, _count = books.export(post, village.pk, edition, "zh-hans", most=BATCH)
        file: Any = profile_files.upload(
            staff=officer,
            post_id=post.pk,
            branch=village.branch,
            edition=edition,
            content=BytesIO(content),
            name=FILE_NAME,
        )
    return int(file.subjects) if file.state == profile_files.State.WAITING else 0
