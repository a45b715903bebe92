"""What an officer has in hand of customers, as counts, for who hands his grids over."""

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext_lazy as _

from config.lib.holdings import Fate, Holding, holding

WORDS: dict[str, tuple[object, Fate]] = {
    "next_visits": (_("约定的下次走访"), "goes"),
    "returned": (_("退回待改的档案"), "goes"),
    "unchecked": (_("等复核的档案"), "waits"),
    "collected": (_("采集过的档案（终身负责）"), "stays"),
}


@holding
def of_customers(staff_id: int) -> Iterable[Holding]:
    """Count visits agreed, files returned and unchecked, and the files collected for life; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("select code, held from acc.customers_held(%s)", [staff_id])
        return [Holding(WORDS[code][0], held, WORDS[code][1]) for code, held in cursor.fetchall()]
