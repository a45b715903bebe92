"""What the second check returns: by officer, and by part of the file and reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.lib import clock
from customers import access
from customers.models import ProfileCheck
from customers.selectors.checking import rules_on
from customers.selectors.forms import first_edition
from customers.selectors.queues import places_of
from grids.access import Post

DAYS = (30, 90, 365)
PER_PAGE = 20
MOST_ROWS = 100


@dataclass(frozen=True)
class OfficerReturns:
    """How many of an officer's files were checked and how many of them went back."""

    collector_id: int
    name: str
    checked: int
    returned: int


@dataclass(frozen=True)
class PartReturns:
    """How often a part of the file came back for a reason; ``section`` is "" for the whole, ``reason`` "" for words alone."""

    section: str
    title: str
    reason: str
    reason_title: str
    count: int


@dataclass(frozen=True)
class Wanted:
    """What is shown: the last so many days, of one officer, part or reason; None or ... for all."""

    days: int = 90
    officer: int | None = None
    section: str | None = None
    reason: str | None = None

    @property
    def since(self) -> datetime:
        """The first instant that counts."""
        return clock.now() - timedelta(days=self.days)


def _checks(post: Post, wanted: Wanted) -> QuerySet[ProfileCheck]:
    found = access.checks_for(post).filter(checked_at__gte=wanted.since)
    return found if wanted.officer is None else found.filter(profile__collector_id=wanted.officer)


def by_officer(post: Post, wanted: Wanted) -> list[OfficerReturns]:
    """Return the officers whose files were checked, who had most returned first."""
    rows = (
        access.checks_for(post)
        .filter(checked_at__gte=wanted.since)
        .values_list("profile__collector_id", "profile__collector__name")
        .annotate(checked=Count("pk"), returned=Count("pk", filter=Q(verdict=ProfileCheck.Verdict.RETURNED)))
        .order_by("-returned", "profile__collector__name")[:MOST_ROWS]
    )
    return [OfficerReturns(*row) for row in rows]


def by_part(post: Post, wanted: Wanted) -> list[PartReturns]:
    """Return the parts of the file and the reasons for which files came back, the most frequent first."""
    returned = _checks(post, wanted).filter(verdict=ProfileCheck.Verdict.RETURNED).order_by()
    sql, values = returned.values("remarks").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(  # the inner statement is Django's own, with its values
            "select split_part(remark ->> 'path', '.', 1), coalesce(remark ->> 'reason', ''), count(*) "  # noqa: S608
            f"from ({sql}) as back, jsonb_array_elements(back.remarks) as remark "
            f"group by 1, 2 order by 3 desc, 1, 2 limit {MOST_ROWS}",
            values,
        )
        rows = cursor.fetchall()
    language = get_language() or "zh-hans"
    sections = first_edition().by_code
    rules = rules_on(post.staff.institution_id, clock.today())
    reasons = {one.code: one.label(language) for one in rules.reasons}
    return [
        PartReturns(
            section,
            sections[section].words.label(language) if section in sections else section or _("总体"),
            reason,
            reasons.get(reason, reason),
            count,
        )
        for section, reason, count in rows
    ]


@dataclass(frozen=True)
class ReturnedFile:
    """A file that went back, with the words."""

    place: Any
    title: str
    check: ProfileCheck


def files(post: Post, wanted: Wanted, number: str | None) -> tuple[Page[ProfileCheck], list[ReturnedFile]]:
    """Return one page of the files that came back, the newest first."""
    found = _checks(post, wanted).filter(verdict=ProfileCheck.Verdict.RETURNED)
    if wanted.reason:
        found = found.filter(remarks__contains=[{"reason": wanted.reason}])
    rows = found.select_related("checker", "profile__collector").defer("profile__document")
    page = Paginator(rows.order_by("-checked_at", "-pk"), PER_PAGE).get_page(number)
    checks = list(page.object_list)
    places, titles = places_of([check.subject_id for check in checks])
    return page, [
        ReturnedFile(places[check.subject_id], titles[check.subject_id], check)
        for check in checks
        if check.subject_id in places
    ]
