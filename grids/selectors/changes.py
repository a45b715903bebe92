"""Transfers and absences as they are listed, and what a transfer would hand over."""

from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch

from config.lib import clock
from grids import access
from grids.access import Post, seats_on
from grids.models import Absence, Seat, Staff, Transfer, TransferGrid

ON_PAGE = 20
TONES = {
    "proposed": "wait", "confirmed": "wait", "done": "good", "failed": "orange", "refused": "neutral", "withdrawn": "neutral",
}  # fmt: skip


def list_transfers(post: Post, number: str | None) -> tuple[Page[Transfer], list[dict[str, Any]]]:
    """Return one page of the transfers a post may see, the newest first, with what it may do about each."""
    people = ("staff", "from_branch", "to_branch", "proposed_by", "giving_by", "receiving_by", "ended_by")
    grids = (
        TransferGrid.objects.select_related("grid", "successor").defer("grid__boundary").order_by("grid__pinyin", "pk")
    )
    rows = access.transfers_for(post).select_related(*people).prefetch_related(Prefetch("grids", grids))
    page: Page[Transfer] = Paginator(rows.order_by("-proposed_at", "-pk"), ON_PAGE).get_page(number)
    return page, [_told(one, post) for one in page]


def _told(one: Transfer, post: Post) -> dict[str, Any]:
    to_whom: dict[Staff, list[str]] = {}
    for row in one.grids.all():
        to_whom.setdefault(row.successor, []).append(row.grid.name)
    me = post.staff_id
    gives = access.answers_for(post, one.from_branch) and one.giving_by_id is None
    takes = access.answers_for(post, one.to_branch or one.from_branch) and one.receiving_by_id is None
    is_others = me not in (one.proposed_by_id, one.staff_id)
    return {
        "row": one,
        "tone": TONES[one.state],
        "to_whom": [{"name": staff.name, "grids": names} for staff, names in to_whom.items()],
        "may_confirm": one.state == Transfer.State.PROPOSED and is_others and (gives or takes),
        "may_withdraw": one.proposed_by_id == me and one.state in (Transfer.State.PROPOSED, Transfer.State.CONFIRMED),
    }


def covered_by(staff: Staff, on: date) -> list[Seat]:
    """Return the seats that own customers and that a person takes on a day, by name of the grid."""
    seats = seats_on(on).filter(staff=staff, kind__covers=True).select_related("grid__branch", "kind")
    return list(seats.defer("grid__boundary").order_by("grid__branch__path", "grid__pinyin", "pk"))


def list_absences(post: Post, number: str | None) -> tuple[Page[Absence], list[dict[str, Any]]]:
    """Return one page of the absences of a post's people, those to come and present ones first."""
    rows = access.absences_for(post).select_related("staff__home_branch", "deputy", "recorded_by")
    page: Page[Absence] = Paginator(rows.order_by("-to_on", "-pk"), ON_PAGE).get_page(number)
    today = clock.today()
    return page, [
        {
            "row": one,
            "state": "past" if one.to_on <= today else "later" if one.from_on > today else "now",
            "may_end": one.to_on > today and post.staff_id != one.deputy_id,
        }
        for one in page
    ]
