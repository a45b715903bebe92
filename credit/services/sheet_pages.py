"""Photos of a paper sheet: added by its typist, compared by its confirmer, sealed with the sheet, kept at the opening.

Bytes are encrypted within the request that brings them; nothing of them touches a disk or a table in clear, and nothing but
the ciphertext tells that a photo was added: no history, no audit event, no time (Design, 5a).
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, files
from config.lib.crypto import Unreadable
from credit import pages
from credit.models import DraftCell, DraftPage, Round, Sheet, SheetPage
from credit.pages import NOTE, PHOTO, Page
from credit.sealing import sheet_key
from credit.services.holding import SealedError, hold
from grids.access import Post, Staff
from grids.services import Refused

NOTE_PLACE = 0
LONGEST_NOTE = 200


@dataclass(frozen=True)
class Draft:
    """What a paper sheet carries beside its rows: its photos by place, or the reason why there are none."""

    photos: tuple[UUID, ...]
    note: str
    room: int

    @property
    def is_empty(self) -> bool:
        """Neither a photo nor a reason: such a sheet is not handed on and not sealed."""
        return not self.photos and not self.note


def room_of(sheet: Sheet) -> int:
    """Return how many photos a sheet in hand has room for; its cells are the households, whoever holds it sees them all."""
    return pages.places(DraftCell.objects.filter(sheet=sheet).count()) - 1


def draft_of(sheet: Sheet) -> Draft:
    """Return the photos and the note of a paper sheet in hand; row security shows none of them to anybody else."""
    rows = list(DraftPage.objects.filter(sheet=sheet).order_by("place").values_list("pk", "place"))
    note = next((pk for pk, place in rows if place == NOTE_PLACE), None)
    return Draft(
        photos=tuple(pk for pk, place in rows if place != NOTE_PLACE),
        note=_read(sheet, note).text if note else "",
        room=room_of(sheet),
    )


def _read(sheet: Sheet, uuid: UUID) -> Page:
    value = DraftPage.objects.values_list("value", flat=True).get(sheet=sheet, pk=uuid)
    return pages.read_page(sheet_key(sheet.uuid), sheet.uuid, uuid, value)


def photo(sheet: Sheet, uuid: UUID) -> bytes | None:
    """Return a photo of a paper sheet in hand (``pages.CONTENT_TYPE``), None where there is none to see."""
    row = DraftPage.objects.filter(sheet=sheet, pk=uuid).exclude(place=NOTE_PLACE).first()
    return None if row is None else pages.read_page(sheet_key(sheet.uuid), sheet.uuid, uuid, row.value).content


@transaction.atomic
def add_photo(*, sheet: Sheet, block: bytes) -> UUID:
    """Add a photo of the paper: made small and without its metadata, encrypted, put in the first free place.

    Raises Refused for what is no photo or when there is no room left, SealedError once the sheet was handed on.
    """
    try:
        content = files.small_photo(block, longest=pages.LONGEST_EDGE, most_bytes=pages.MOST_BYTES)
    except files.FileRefused as refusal:
        raise Refused(str(refusal)) from None
    sheet = _typed(sheet)
    taken = set(DraftPage.objects.filter(sheet=sheet).values_list("place", flat=True))
    room = room_of(sheet)
    free = [place for place in range(1, room + 1) if place not in taken]
    if not free:
        raise Refused(_("最多 %(count)s 张照片，请先删去多余的") % {"count": room})
    # After the last one while there is room, so that photos stay in the order they were taken.
    place = next((place for place in free if place > max(taken, default=0)), free[0])
    return _write(sheet, place, Page(PHOTO, content))


@transaction.atomic
def drop_photo(*, sheet: Sheet, uuid: UUID) -> None:
    """Take a photo off a paper sheet that is still being typed; nothing of it is kept."""
    DraftPage.objects.filter(sheet=_typed(sheet), pk=uuid).exclude(place=NOTE_PLACE).delete()


def _typed(sheet: Sheet) -> Sheet:
    sheet = hold(sheet)
    if sheet.mode != Sheet.Mode.PAPER or sheet.state != Sheet.State.OPEN:
        raise SealedError
    return sheet


def _write(sheet: Sheet, place: int, page: Page) -> UUID:
    uuid = uuid4()
    value = pages.write_page(sheet_key(sheet.uuid), sheet.uuid, uuid, page)
    DraftPage.objects.create(id=uuid, sheet=sheet, place=place, value=value)
    return uuid


def settle_note(*, sheet: Sheet, note: str) -> None:
    """Before a sheet is handed on: keep the reason why it has no photo, or drop an old one where there are photos.

    The reason is sealed like a photo would be, so that nobody learns before the opening which sheets have one. Raises
    Refused where there is neither.
    """
    drafted = DraftPage.objects.filter(sheet=sheet)
    drafted.filter(place=NOTE_PLACE).delete()
    if drafted.exists():
        return
    note = " ".join(note.split())[:LONGEST_NOTE]
    if not note:
        raise Refused(_("请先拍下纸质表，或写明拍不了的原因"))
    _write(sheet, NOTE_PLACE, Page(NOTE, note.encode()))


def sealed_pages(sheet: Sheet, public_key: bytes, households: int) -> bytes:
    """Return the container of a paper sheet in hand, encrypted to its round; its size does not depend on what is in it."""
    key = sheet_key(sheet.uuid)
    rows = DraftPage.objects.filter(sheet=sheet).order_by("place").values_list("pk", "value")
    found = [pages.read_page(key, sheet.uuid, pk, value) for pk, value in rows]
    if not found:
        raise Refused(_("这份纸质表没有照片，也没有写明原因，请退给代录人补上"))
    return pages.seal_pages(public_key, sheet.round_id, sheet.uuid, found, households)


# --- After the opening --------------------------------------------------------------------------------------------------


def keep_opened(*, round: Round, sheet_id: int, sheet_uuid: UUID, private: bytes) -> None:
    """Open the container of a sealed sheet and keep its pages; the opener's part, in the transaction of the opening.

    They are rows, not files: if the opening fails, nothing of what was opened may stay behind. Raises Unreadable.
    """
    with connection.cursor() as cursor:
        cursor.execute("select acc.open_pages(%s)", [sheet_id])
        (blob,) = cursor.fetchone()
    if blob is None:
        return  # typed by its own assessor
    rows = []
    for number, page in enumerate(pages.open_pages(private, round.pk, sheet_uuid, bytes(blob)), start=1):
        uuid = uuid4()
        is_note = page.kind == NOTE
        rows.append(
            SheetPage(
                id=uuid,
                institution_id=round.institution_id,
                grid_id=round.grid_id,
                sheet_id=sheet_id,
                place=NOTE_PLACE if is_note else number,
                kind=SheetPage.Kind.NOTE if is_note else SheetPage.Kind.PHOTO,
                value=pages.keep_page(uuid, page.content),
            )
        )
    if not rows:
        raise Unreadable("sheet has no page")
    SheetPage.objects.bulk_create(rows)


@transaction.atomic
def read_opened(*, by: Staff, post: Post, page: SheetPage) -> bytes:
    """Return what an opened page shows; leaves an audit event."""
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="sheet_page_opened",
        about="round",
        about_id=page.sheet.round_id,
        detail={"sheet": page.sheet.number, "page": page.place},
    )
    return pages.read_kept(page.pk, page.value)
