"""Which revisions may feed a line: the one door of Python to ``lib.trusted`` (Decision record 0017)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from config.lib import clock
from customers.models import Profile


def trusted(at: datetime | None = None) -> QuerySet[Profile]:
    """Return the revisions trusted at an instant, else now: accepted by a second officer, and not held by a sudden change that is
    unproved."""
    return Profile.objects.filter(
        pk__in=RawSQL("select trusted.profile_id from lib.trusted(%s) as trusted", [at or clock.now()])
    )


def newest_trusted(subject_ids: Iterable[int], at: datetime | None = None) -> QuerySet[Profile]:
    """Return the newest trusted revision of each subject that has one."""
    return trusted(at).filter(subject_id__in=list(subject_ids)).order_by("subject_id", "-number").distinct("subject_id")
