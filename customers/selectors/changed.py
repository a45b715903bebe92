"""Households of which something changed that a line may rest on (``customers.models.changed``)."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection

from config.lib import clock
from customers.selectors.frozen import months_begun

KEPT = timedelta(days=800)


def changed_since(institution_id: int, transaction: int) -> list[int]:
    """Return the households noted by transactions that had not ended, or not begun, at an earlier look."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct note.subject_id from customers_subjectchange as note "
            "join customers_subject as subject on subject.id = note.subject_id and subject.institution_id = %s "
            "where note.transaction >= %s order by 1",
            [institution_id, transaction],
        )
        return [pk for (pk,) in cursor.fetchall()]


def birthdays_between(institution_id: int, after: date, until: date) -> list[int]:
    """Return the households whose borrower is older in years on one day than on an earlier one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select home.subject_id from customers_household as home join customers_person as borrower on borrower.id = home.borrower_id "
            "where home.institution_id = %s and borrower.born_on is not null "
            "and date_part('year', age(%s::date, borrower.born_on)) <> date_part('year', age(%s::date, borrower.born_on)) order by 1",
            [institution_id, until, after],
        )
        return [pk for (pk,) in cursor.fetchall()]


def months_between(institution_id: int, after: date, until: date) -> list[int]:
    """Return the households whose borrower has begun another month of life on one day than on an earlier one."""
    begun = [months_begun("borrower.born_on", day) for day in (until, after)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select home.subject_id from customers_household as home join customers_person as borrower on borrower.id = home.borrower_id "  # noqa: S608
            f"where home.institution_id = %s and borrower.born_on is not null and {begun[0]} <> {begun[1]} order by 1",
            [institution_id],
        )
        return [pk for (pk,) in cursor.fetchall()]


def households_in(grid_ids: Iterable[int]) -> list[int]:
    """Return the households of some villages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from customers_subject where kind = 'household' and grid_id = any (%s) order by 1",
            [list(grid_ids)],
        )
        return [pk for (pk,) in cursor.fetchall()]


def forget_old() -> int:
    """Delete notes older than any run that may still be built on; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("delete from customers_subjectchange where noted_at < %s", [clock.now() - KEPT])
        return int(cursor.rowcount)
