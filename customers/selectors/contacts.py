"""Contact plans in force, and the register of those who work away from home, as their households' checked files name them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db import connection
from django.utils.translation import get_language

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from config.lib.weeks import business_day
from customers.domain import contacts
from customers.domain.contacts import PLAIN, Rest, Rules, Terms
from customers.domain.form import Form
from customers.models import ContactPlan, Person, Profile, StandingContact, Visit
from customers.selectors.forms import form_released
from customers.selectors.identity import Masked, masked
from grids.access import Post, grids_for

KIND: Final = "contact_plans"
PER_PAGE: Final = 20
MOST: Final = 10_000
# Days ahead a return is asked for; "past": the expected day has gone by.
DUE: Final = ("30", "60", "past")


def rules_of(institution_id: int, on: date) -> tuple[Rules, Release | None]:
    """Return the released days in force; the stated defaults where a bank has released none."""
    with suppress(releases.NotReleased):
        release = releases.in_force(institution_id, KIND, on)
        return Rules.read(release.document), release
    return PLAIN, None


def terms_of(why: str | None, way: str | None, returns_on: date | None, next_on: date | None) -> Terms | None:
    """Return the terms of a plan in force; None where there is none."""
    return Terms(why=why, way=way, returns_on=returns_on, next_on=next_on) if why and way else None


@dataclass(frozen=True)
class Kept:
    """How a subject is kept in touch with: the plan in force (None: none), and when it is visited again."""

    plan: StandingContact | None
    rest: Rest

    @property
    def rests(self) -> bool:
        """Whether it is left out of what is suggested today."""
        return self.rest.until is not None and self.rest.until > clock.today()


def kept_of(subject_id: int, institution_id: int) -> Kept:
    """Return how one household, business or unit is kept in touch with."""
    plan = StandingContact.objects.filter(subject_id=subject_id).select_related("contact", "made_by").first()
    last = (
        Visit.objects.filter(subject_id=subject_id).order_by("-received_at", "-pk").only("outcome", "device_at").first()
    )
    refused_on = business_day(last.device_at) if last is not None and last.outcome == Visit.Outcome.REFUSED else None
    terms = terms_of(plan.why, plan.way, plan.returns_on, plan.next_on) if plan is not None else None
    rules, _release = rules_of(institution_id, clock.today())
    return Kept(plan, contacts.rest_of(terms, refused_on, rules))


def history_of(subject_id: int) -> list[ContactPlan]:
    """Return every word on how a subject is kept in touch with, the newest first."""
    return list(ContactPlan.objects.filter(subject_id=subject_id).select_related("made_by", "contact").order_by("-pk"))


def said_of_away(base: Profile | None, people: list[Person]) -> dict[str, str]:
    """Return what a plan begins with, from what the file already says of those who work away: contact at home and day of return."""
    rows = (base.document.get("migrants") or []) if base is not None else []
    present = {str(one.pk) for one in people}
    at_home = next((str(row["home_contact"]) for row in rows if str(row.get("home_contact")) in present), "")
    today = clock.today().isoformat()
    days = sorted(row["returns_on"] for row in rows if (row.get("returns_on") or "") > today)
    return {
        "plan_contact": at_home,
        "plan_returns": days[0] if days else "",
        "plan_way": "home" if at_home else "phone",
    }


# --- The register -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MigrantFilter:
    """Which of those who work away are shown, as the address says it."""

    grid: int | None = None
    due: str = ""

    @classmethod
    def read(cls, query: Any) -> "MigrantFilter":
        """Read the filter; whatever is no filter is left out."""
        grid, due = query.get("grid", ""), query.get("due", "")
        return cls(int(grid) if grid.isdigit() and len(grid) < 19 else None, due if due in DUE else "")


@dataclass(frozen=True)
class Migrant:
    """Somebody who works away: where, which trade in words, through whom at home, when he is expected back, since when the file says
    so, and the contact agreed with his household."""

    person_id: int
    subject_id: int
    name: str
    head: str
    grid: str
    number: str
    place: str
    trade: Words | None
    contact: str
    returns_on: date | None
    since: date | None
    next_on: date | None
    way: str
    numbers: Masked = field(default_factory=Masked)

    @property
    def is_past(self) -> bool:
        """Whether the expected day has gone by."""
        return self.returns_on is not None and self.returns_on < clock.today()

    @property
    def trade_label(self) -> str:
        """The trade in the reader's language, "" where none is named."""
        return self.trade.of(get_language() or "zh-hans") if self.trade else ""

    @property
    def way_label(self) -> str:
        """How contact is made, in words."""
        return str(ContactPlan.Way(self.way).label) if self.way else ""


_FROM = """
    from lib.migrants(%(grids)s, %(at)s) as away
    where (%(due)s = '' or (%(due)s = 'past' and away.returns_on < %(today)s)
           or (%(due)s <> 'past' and away.returns_on between %(today)s and %(until)s))
"""
# Names and the first revision that says it are looked up for the lines of one page alone.
_PAGE = f"""
    with shown as materialized (
        select away.* {_FROM}
        order by away.returns_on nulls last, away.subject_id, away.person_id offset %(first)s limit %(count)s
    )
    select shown.person_id, shown.subject_id, person.name, coalesce(head.name, ''), grid.name, home.number, shown.place, shown.trade, shown.form_id,
           coalesce(contact.name, ''), shown.returns_on, plan.next_on, plan.way,
           (select min(file.submitted_at) from customers_profile as file where file.subject_id = shown.subject_id
            and file.document @> jsonb_build_object('migrants', jsonb_build_array(jsonb_build_object('member', shown.person_id::text))))
    from shown
    join customers_person as person on person.id = shown.person_id
    join customers_household as home on home.subject_id = shown.subject_id
    join grids_grid as grid on grid.id = shown.grid_id
    left join customers_person as head on head.id = home.head_id
    left join customers_person as contact on contact.id = shown.contact_id and contact.left_on is null and contact.erased_at is null
    left join customers_standing_contact as plan on plan.subject_id = shown.subject_id
    order by shown.returns_on nulls last, shown.subject_id, shown.person_id
"""  # noqa: S608
_COUNTS = """
    select count(*), count(*) filter (where returns_on between %(today)s and %(today)s + 30),
           count(*) filter (where returns_on between %(today)s and %(today)s + 60), count(*) filter (where returns_on < %(today)s)
    from lib.migrants(%(grids)s, %(at)s)
"""


class _Register:
    """The register as a paginator reads it: counted once, a slice at a time."""

    def __init__(self, post: Post, wanted: MigrantFilter) -> None:
        grids = grids_for(post).order_by()
        if wanted.grid is not None:
            grids = grids.filter(pk=wanted.grid)
        today = clock.today()
        self.values: dict[str, Any] = {
            "grids": list(grids.values_list("pk", flat=True)),
            "at": clock.now(),
            "today": today,
            "due": wanted.due,
            "until": today + timedelta(days=int(wanted.due)) if wanted.due.isdigit() else today,
        }

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) {_FROM}", self.values)
            return int(cursor.fetchone()[0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Migrant]:
        first, last = part.start or 0, part.stop or MOST
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, self.values | {"first": first, "count": last - first})
            rows = cursor.fetchall()
        forms = {pk: form_released(pk) for pk in {row[8] for row in rows} if pk is not None}
        return [_migrant(row, forms.get(row[8])) for row in rows]

    def counts(self) -> Mapping[str, int]:
        """Count all, those back within 30 and 60 days, and those whose day has gone by."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, self.values)
            return dict(zip(("", *DUE), cursor.fetchone(), strict=True))


def _migrant(row: tuple[Any, ...], form: Form | None) -> Migrant:
    person, subject, name, head, grid, number, place, trade, _form, contact, returns_on, next_on, way, since = row
    return Migrant(
        person_id=person,
        subject_id=subject,
        name=name,
        head=head,
        grid=grid,
        number=number,
        place=place or "",
        trade=_trade(form, trade),
        contact=contact,
        returns_on=returns_on,
        since=business_day(since) if since else None,
        next_on=next_on,
        way=way or "",
    )


def _trade(form: Form | None, code: str) -> Words | None:
    """Return a trade in the words of the form the file was filled in by."""
    section = form.by_code.get("migrants") if form is not None and code else None
    asked = section.by_code.get("trade") if section is not None else None
    option = asked.choices.get(code) if asked is not None else None
    return Words(option.words.zh, option.words.en) if option is not None else None


def register_of(
    post: Post, wanted: MigrantFilter, number: str | None
) -> tuple[Page[Any], list[Migrant], Mapping[str, int]]:
    """Return one page of those who work away, the first to return at the head, their lines with masked phones, and the counts."""
    rows = _Register(post, wanted)
    page: Page[Any] = Paginator(rows, PER_PAGE).get_page(number)  # type: ignore[arg-type]
    shown: list[Migrant] = list(page.object_list)
    people = Person.objects.in_bulk([one.person_id for one in shown])
    lines = [_with_numbers(one, people.get(one.person_id)) for one in shown]
    return page, lines, rows.counts()


def _with_numbers(one: Migrant, person: Person | None) -> Migrant:
    return replace(one, numbers=masked(person)) if person is not None else one


def workbook(post: Post, wanted: MigrantFilter, language: str, made_on: date) -> tuple[bytes, int]:
    """Return the register as .xlsx and how many lines it has; neither ID numbers nor phones are in it."""
    found = _Register(post, wanted)
    total = found.count()
    shown = found[0:MOST]
    columns = [
        Column(key="name", name=Words("姓名", "Name"), width=12),
        Column(key="head", name=Words("户主", "Head"), width=12),
        Column(key="grid", name=Words("网格", "Grid"), width=18),
        Column(key="number", name=Words("户号", "Household"), shape=Shape.CODE, width=14),
        Column(key="place", name=Words("务工地点", "Place"), width=22),
        Column(key="trade", name=Words("行业", "Trade"), width=14),
        Column(key="contact", name=Words("家中联系人", "Contact at home"), width=14),
        Column(key="returns", name=Words("预计返乡", "Expected back"), shape=Shape.DAY, width=12),
        Column(key="since", name=Words("登记以来", "On file since"), shape=Shape.DAY, width=12),
        Column(key="next", name=Words("下次联系", "Next contact"), shape=Shape.DAY, width=12),
    ]
    lines = [
        Row(
            cells={
                "name": one.name,
                "head": one.head,
                "grid": one.grid,
                "number": one.number,
                "place": one.place,
                "trade": one.trade.of(language) if one.trade else "",
                "contact": one.contact,
                "returns": one.returns_on,
                "since": one.since,
                "next": one.next_on,
            }
        )
        for one in shown
    ]
    notes = [Words(f"{made_on:%Y-%m-%d}，共 {total:,} 人", f"{made_on:%Y-%m-%d}, {total:,} people")]
    if total > MOST:
        notes.append(Words(f"只列出前 {MOST:,} 人", f"The first {MOST:,} are listed"))
    title = Words("外出务工登记", "Register of those working away")
    table = Table(title=title, columns=columns, rows=lines, notes=notes)
    return write_workbook([Sheet(table=table)], language=language, created=clock.now()), len(lines)


def grid_options(post: Post) -> list[tuple[int, str]]:
    """Return the grids of a post that hold households, for a filter."""
    kinds = ("village", "community")
    return list(grids_for(post).filter(kind__in=kinds).order_by("pinyin", "pk").values_list("pk", "name"))
