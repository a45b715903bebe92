"""White lists: which lines go to the core system, what of a released list may still be written, how its receipt stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from config.lib.weeks import business_day
from credit.access import white_lists_for
from credit.domain.whitelist import COLUMNS, LeftOut
from credit.models import Card, Receipt, ReceiptRow, Round, Signing, WhiteFile, WhiteList, WhiteRow
from credit.selectors.granted import granted_of
from customers.selectors.applicants import borrowers_of
from customers.selectors.assessment import blocked_among, cards
from customers.selectors.consents import withdrawn_among
from customers.selectors.identity import numbers_of
from grids.access import Post

PER_PAGE = 20
TONES = {"made": "wait", "released": "good", "refused": "neutral", "waiting": "wait", "confirmed": "good"}
WHY: dict[LeftOut, Any] = {
    LeftOut.WITHDRAWN: _("授信已撤回"),
    LeftOut.BLOCKED: _("列入黑名单或灰名单"),
    LeftOut.CONSENT: _("撤回了同意"),
    LeftOut.BORROWER: _("借款主体已变更"),
    LeftOut.NUMBER: _("没有身份证号"),
}
_LIVE = (WhiteList.State.MADE, WhiteList.State.RELEASED)


def lists_page(post: Post, number: str | None) -> Page[WhiteList]:
    """Return a page of the white lists a post sees, those to settle first."""
    rows = white_lists_for(post).select_related("round", "grid__branch", "made_by", "settled_by")
    settled = Case(When(state=WhiteList.State.MADE, then=Value(0)), default=Value(1))
    ordered = rows.defer("grid__boundary", "round__settings").order_by(settled, "-made_at", "-pk")
    return Paginator(ordered, PER_PAGE).get_page(number)


def lists_of(post: Post, round: Round) -> list[WhiteList]:
    """Return the white lists of a round, the newest first."""
    return list(white_lists_for(post).filter(round=round).select_related("made_by").order_by("-number"))


def lines_to_list(round: Round) -> list[Signing]:
    """Return the signed lines of a round that stand and are on no list: one on its way or accepted is not listed twice, one the core
    system rejected is listed again."""
    rejected = ReceiptRow.objects.filter(
        white_row=OuterRef("pk"), is_accepted=False, receipt__state=Receipt.State.CONFIRMED
    )
    on_a_list = WhiteRow.objects.filter(~Exists(rejected), signing=OuterRef("pk"), white_list__state__in=_LIVE)
    standing = [one.decision_id for one in granted_of(round)]
    rows = Signing.objects.filter(~Exists(on_a_list), decision__in=standing, outcome=Signing.Outcome.SIGNED)
    return list(rows.order_by("taken_at", "pk"))


def written(white_list: WhiteList) -> tuple[list[dict[str, str]], list[tuple[int, LeftOut]]]:
    """Return the rows of a released list as its file writes them today, and those that may no longer be written, by place.

    Grant, lists, consent and borrower are read now: a list that was right when it was made may be wrong when it is taken.
    """
    rows = list(
        WhiteRow.objects.filter(white_list=white_list)
        .select_related("signing__borrower", "signing__decision")
        .order_by("place")
    )
    subjects = [row.subject_id for row in rows]
    standing = {one.decision_id for one in granted_of(white_list.round)}
    blocked, ended = blocked_among(subjects), withdrawn_among(subjects)
    borrowers = borrowers_of(subjects)
    numbers = numbers_of([row.signing.borrower_id for row in rows if row.signing.borrower_id])
    issued = {one.signing_id: one for one in Card.objects.filter(signing__in=[row.signing_id for row in rows])}
    found: list[dict[str, str]] = []
    left_out: list[tuple[int, LeftOut]] = []
    for row in rows:
        signed = row.signing
        number = numbers.get(signed.borrower_id or 0, "")
        why = (
            LeftOut.BLOCKED
            if row.subject_id in blocked
            else LeftOut.WITHDRAWN
            if signed.decision_id not in standing
            else LeftOut.CONSENT
            if row.subject_id in ended
            else LeftOut.BORROWER
            if borrowers.get(row.subject_id) != signed.borrower_id
            else LeftOut.NUMBER
            if not number
            else None
        )
        if why is not None or signed.borrower is None:
            left_out.append((row.place, why or LeftOut.BORROWER))
            continue
        card = issued.get(signed.pk)
        found.append(
            {
                "place": str(row.place),
                "contract": signed.contract,
                "name": signed.borrower.name,
                "id_number": number,
                "amount": f"{signed.amount:.2f}",
                "signed_on": business_day(signed.taken_at).isoformat(),
                "card": card.number if card else "",
                "valid_until": card.valid_until.isoformat() if card else "",
                "branch": white_list.grid.branch.name,
                "village": white_list.grid.name,
            }
        )
    return found, left_out


def workbook(white_list: WhiteList, rows: Sequence[Mapping[str, str]], language: str) -> bytes:
    """Return the list as xlsx, every cell as text: nothing of a number is lost in a spreadsheet."""
    columns = [Column(key=name, name=Words(zh, en), shape=Shape.CODE, width=20) for name, (zh, en) in COLUMNS.items()]
    title = Words(
        f"{white_list.grid.name}白名单 {white_list.number}", f"{white_list.grid.name} white list {white_list.number}"
    )
    table = Table(title=title, columns=columns, rows=[Row(cells=dict(row)) for row in rows])
    return write_workbook([Sheet(table=table)], language=language, created=white_list.settled_at or white_list.made_at)


def rows_by_contract(white_list: WhiteList) -> dict[str, WhiteRow]:
    """Return the rows of a list by contract number, in their order."""
    rows = WhiteRow.objects.filter(white_list=white_list).select_related("signing").order_by("place")
    return {row.signing.contract: row for row in rows}


def rows_told(white_list: WhiteList, page: list[WhiteRow]) -> list[dict[str, Any]]:
    """Return rows of a list as its page writes them, each with the core system's answer. Three queries."""
    called = cards(row.subject_id for row in page)
    answers = {
        one.white_row_id: one
        for one in ReceiptRow.objects.filter(white_row__in=page, receipt__state=Receipt.State.CONFIRMED)
    }
    return [{"row": row, "card": called.get(row.subject_id), "answer": answers.get(row.pk)} for row in page]


def rows_of(white_list: WhiteList) -> QuerySet[WhiteRow]:
    """Return the rows of a list in their order."""
    return WhiteRow.objects.filter(white_list=white_list).select_related("signing").order_by("place")


def files_of(white_list: WhiteList) -> list[WhiteFile]:
    """Return the downloads of a list, the newest first."""
    return list(
        WhiteFile.objects.filter(white_list=white_list).select_related("staff").order_by("-taken_at", "-pk")[:50]
    )


def receipts_of(white_list: WhiteList) -> list[dict[str, Any]]:
    """Return the receipts of a list, the newest first, with how many lines were taken and rejected."""
    rows = Receipt.objects.filter(white_list=white_list).select_related("imported_by", "settled_by").order_by("-pk")
    return [
        {
            "receipt": one,
            "tone": TONES.get(one.state, "neutral"),
            "accepted": ReceiptRow.objects.filter(receipt=one, is_accepted=True).count(),
            "rejected": list(
                ReceiptRow.objects.filter(receipt=one, is_accepted=False)
                .select_related("white_row__signing")
                .order_by("row")
            ),
        }
        for one in rows[:5]
    ]


def why_words(files: Sequence[WhiteFile]) -> list[str]:
    """Return in words what the newest download left out."""
    return [f"{one['place']} · {WHY[LeftOut(one['why'])]}" for one in files[0].left_out] if files else []
