"""What is known of an opening afterwards: who asked, which sheets counted, their hashes; and all of it as an export to be checked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from credit.access import scope
from credit.domain import proof
from credit.models import OpeningEvent, OpeningRequest, Opinion, Round, RoundKey, Sheet, SheetProof, SheetSubject
from grids.access import Post


@dataclass(frozen=True)
class OpenedSheet:
    """A sheet as the opening found it; ``content`` is empty for one that did not count, and where it may not be shown."""

    pk: int
    number: int
    state: str
    sha256: str
    content: str


@dataclass(frozen=True)
class OpeningRecord:
    """One opening: who asked for it and when, its sheets by number, the document that is hashed."""

    request: OpeningRequest
    opened_at: datetime
    sheets: tuple[OpenedSheet, ...]
    event: dict[str, Any]

    @property
    def document(self) -> bytes:
        """The event as the export holds it."""
        return proof.canonical(self.event)

    @property
    def fingerprint(self) -> str:
        """What ties an export to this system: the hash of the event."""
        return proof.fingerprint(self.document)

    @property
    def is_whole(self) -> bool:
        """Whether every counted sheet has its proof and the reader may see it."""
        return all(sheet.content for sheet in self.sheets if sheet.state == Sheet.State.SEALED)


def opening_record(post: Post, round: Round) -> OpeningRecord | None:
    """Return the record of the opening of a round, None before it."""
    found = OpeningEvent.objects.filter(scope(post), round=round).first()
    if found is None:
        return None
    request = (
        OpeningRequest.objects.filter(round=round, cancelled_at__isnull=True)
        .select_related("asked_by", "seconded_by")
        .get()
    )
    ids = dict(Sheet.objects.filter(round=round).values_list("uuid", "pk"))
    by_uuid = {str(uuid): pk for uuid, pk in ids.items()}
    proofs = dict(SheetProof.objects.filter(sheet__round=round).values_list("sheet_id", "sha256"))
    sheets = tuple(
        OpenedSheet(pk, entry["number"], entry["state"], entry["sha256"], proofs.get(pk, ""))
        for entry in found.sheets
        if (pk := by_uuid[entry["sheet"]])
    )
    households = SheetSubject.objects.filter(round=round, is_assessable=True).order_by("subject_id")
    event = {
        "format": "gedang opening 1",
        "institution": round.institution_id,
        "round": round.pk,
        "asked_by": request.asked_by_id,
        "asked_at": request.asked_at.isoformat(),
        "seconded_by": request.seconded_by_id,
        "seconded_at": request.seconded_at.isoformat() if request.seconded_at else "",
        "opened_at": found.opened_at.isoformat(),
        "public_key": bytes(RoundKey.objects.values_list("public_key", flat=True).get(round_id=round.pk)).hex(),
        "households": list(households.values_list("subject_id", flat=True)),
        "sheets": [
            {**entry, **({"content": sheet.content} if entry["state"] == Sheet.State.SEALED else {})}
            for entry, sheet in zip(found.sheets, sheets, strict=True)
        ],
    }
    return OpeningRecord(request, found.opened_at, sheets, event)


def sealed_block(sheet_id: int) -> bytes:
    """Return the sealed content of a counted sheet of an opened round, as it was sealed."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.opened_blob(%s)", [sheet_id])
        return bytes(cursor.fetchone()[0])


def opened_content(sheet_id: int) -> bytes:
    """Return what a counted sheet says, from the opinions as they stand now."""
    rows = Opinion.objects.filter(sheet_id=sheet_id).values_list("subject_id", "kind", "amount", "reasons", "score")
    return proof.content({subject: proof.said(*opinion) for subject, *opinion in rows})
