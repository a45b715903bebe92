"""Notices of a round as they may be shown now: consent and lines are looked up at every display and every print."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from config.lib import clock, releases
from config.lib.display import day, wan_figure
from config.lib.models import Release
from config.lib.working_days import changes_of
from credit.domain import notices as domain
from credit.domain.notices import NoticeRules
from credit.models import Notice, NoticePrint, NoticeRow, Round
from credit.selectors.granted import Granted, granted_in, granted_of
from customers.domain.consents import PUBLICITY
from customers.selectors.consents import agreed_to, agreed_under
from customers.selectors.naming import names_of


def rules_in_force(institution_id: int) -> Release | None:
    """Return the release of the rules of notices in force today, None while there is none."""
    try:
        return releases.in_force(institution_id, domain.RULES, clock.today())
    except releases.NotReleased:
        return None


def rules_of_notice(notice: Notice) -> NoticeRules:
    """Return the rules a notice was prepared under."""
    return NoticeRules.from_document(notice.rules.document)


@dataclass(frozen=True)
class Unshown:
    """A granted line that may be shown and stands on no notice yet, with the version of the consent notice it was agreed under."""

    line: Granted
    consent_version: int


def unshown_in(rounds: Collection[int]) -> dict[int, list[Unshown]]:
    """Return by round who agreed to be shown and stands on no notice by his present decision; constant queries."""
    granted = granted_in(rounds)
    agreed = agreed_under(PUBLICITY, [line.subject_id for lines in granted.values() for line in lines])
    rows = NoticeRow.objects.filter(notice__round__in=rounds, notice__dropped_at__isnull=True)
    shown = set(rows.values_list("subject_id", "decision_id"))
    return {
        pk: [
            Unshown(line, agreed[line.subject_id])
            for line in lines
            if line.subject_id in agreed and (line.subject_id, line.decision_id) not in shown
        ]
        for pk, lines in granted.items()
    }


def unshown(round: Round) -> list[Unshown]:
    """Return the same of one round."""
    return unshown_in([round.pk])[round.pk]


def standing(notice: Notice) -> list[NoticeRow]:
    """Return the rows of a notice that may be shown now: consent stands, and so does the line by that decision."""
    return standing_among([notice])[notice.pk]


def standing_among(notices: Collection[Notice]) -> dict[int, list[NoticeRow]]:
    """Return the same of several notices of one round, by the notice's id."""
    found: dict[int, list[NoticeRow]] = {notice.pk: [] for notice in notices}
    rows = list(NoticeRow.objects.filter(notice__in=notices).order_by("notice_id", "place"))
    if not rows:
        return found
    lines = {line.subject_id: line.decision_id for line in granted_of(next(iter(notices)).round)}
    agreed = agreed_to(PUBLICITY, {row.subject_id for row in rows})
    for row in domain.standing_rows([(row, row.subject_id, row.decision_id) for row in rows], agreed, lines):
        found[row.notice_id].append(row)
    return found


def fingerprint(rows: Collection[NoticeRow]) -> str:
    """Return the fingerprint of the rows a paper holds."""
    return domain.fingerprint([(row.subject_id, row.decision_id) for row in rows])


@dataclass(frozen=True)
class Shown:
    """A row of a notice as it hangs: place, masked name, group, grade or that a line was granted, the amount in 万元 or ""."""

    place: int
    name: str
    group: str
    grade: str
    amount: str
    subject_id: int


def drawn(rows: Collection[NoticeRow], rules: NoticeRules, language: str) -> list[Shown]:
    """Return rows in words; one query for the names."""
    names = names_of(row.named_id for row in rows if row.named_id is not None)
    return [
        Shown(
            row.place,
            domain.masked_name(names.get(row.named_id or 0, "")),
            row.group,
            _grade(row.grade, rules, language),
            wan_figure(row.amount) if row.amount is not None else "",
            row.subject_id,
        )
        for row in rows
    ]


def beside(rules: NoticeRules, language: str) -> str:
    """Return the heading of what stands beside a name."""
    grade, granted = ("Grade", "Result") if language.startswith("en") else ("等级", "结果")
    return grade if rules.shows is domain.Shows.GRADE else granted


def _grade(grade: Mapping[str, str] | None, rules: NoticeRules, language: str) -> str:
    english = language.startswith("en")
    if grade is None or rules.shows is domain.Shows.GRANTED:
        return "line granted" if english else "已授信"
    return grade["en" if english else "zh"]


@dataclass(frozen=True)
class Posted:
    """A notice with what a page says of it: rows frozen and shown now, working days left, whether the paper has to be replaced."""

    notice: Notice
    frozen: int
    shown: int
    days_left: int
    last_print: NoticePrint | None
    must_reprint: bool

    @property
    def is_waiting(self) -> bool:
        """Prepared, and not confirmed yet."""
        return self.notice.confirmed_at is None

    @property
    def is_open(self) -> bool:
        """Whether objections are taken today."""
        return not self.is_waiting and takes_objections(self.notice, clock.today())


def takes_objections(notice: Notice, today: date) -> bool:
    """Whether a notice hangs on a day."""
    return notice.posted_on is not None and notice.ends_on is not None and notice.posted_on <= today <= notice.ends_on


def posted(round: Round) -> list[Posted]:
    """Return the notices of a round, the newest first, those dropped before they were confirmed left out; constant queries."""
    notices = list(
        Notice.objects.filter(round=round, dropped_at__isnull=True)
        .select_related("prepared_by", "confirmed_by", "rules", "round", "photo")
        .defer("round__settings")
        .order_by("-number")
    )
    if not notices:
        return []
    rows = standing_among(notices)
    frozen: dict[int, int] = {}
    for pk in NoticeRow.objects.filter(notice__in=notices).values_list("notice_id", flat=True):
        frozen[pk] = frozen.get(pk, 0) + 1
    prints = NoticePrint.objects.filter(notice__in=notices).order_by("notice_id", "-pk").distinct("notice_id")
    last = {one.notice_id: one for one in prints.select_related("printed_by")}
    changes = changes_of(round.institution_id)
    today = clock.today()
    return [
        Posted(
            notice,
            frozen.get(notice.pk, 0),
            len(rows[notice.pk]),
            domain.days_left(today, notice.ends_on, changes) if notice.ends_on else 0,
            last.get(notice.pk),
            notice.pk in last
            and takes_objections(notice, today)
            and last[notice.pk].sha256 != fingerprint(rows[notice.pk]),
        )
        for notice in notices
    ]


def poster(notice: Notice, rows: Collection[NoticeRow], language: str, stamp: str) -> dict[str, Any]:
    """Return what the template ``notice`` prints, already written for the reader."""
    rules, grid = rules_of_notice(notice), notice.grid
    english = language.startswith("en")
    shown = drawn(rows, rules, language)
    return {
        "bank": grid.institution.name,
        "village": f"{grid.town}{grid.name}",
        "round": notice.round.name,
        "number": f"Notice {notice.number}" if english else f"第 {notice.number} 号",
        "period": period(notice, language),
        "beside": beside(rules, language),
        "has_amounts": any(row.amount for row in shown),
        "rows": [
            {"place": row.place, "name": row.name, "group": row.group, "grade": row.grade, "amount": row.amount or "—"}
            for row in shown
        ],
        "paragraphs": list(rules.paragraphs(language)),
        "contact": [
            {"name": "Objections taken by" if english else "受理异议", "value": grid.branch.name},
            {"name": "Posted at" if english else "张贴地点", "value": notice.place},
        ],
        "stamp": stamp,
    }


def period(notice: Notice, language: str) -> str:
    """Return the time a notice hangs, in words."""
    if notice.posted_on is None or notice.ends_on is None:
        return "not posted yet" if language.startswith("en") else "尚未张贴"
    between = "to" if language.startswith("en") else "至"
    return f"{day(notice.posted_on)} {between} {day(notice.ends_on)}"


def granted_count(round: Round) -> int:
    """Return how many lines of a round stand."""
    return len(granted_of(round))


def frozen_count(notice: Notice) -> int:
    """Return how many rows a notice was frozen with."""
    return NoticeRow.objects.filter(notice=notice).count()
