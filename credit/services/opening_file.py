"""The export of an opening: everything a stand-alone check needs, and nothing that opens another sheet."""

import json
import zipfile
from io import BytesIO

from django.db import transaction

from config.lib import audit
from credit.models import Round, Sheet
from credit.selectors.openings import OpeningRecord, opened_content, sealed_block
from grids.access import Post, Staff


@transaction.atomic
def opening_file(*, by: Staff, post: Post, round: Round, record: OpeningRecord) -> bytes:
    """Return the export of an opening as a zip, made now under the rights of now; leaves an audit event.

    ``event.json`` is what the fingerprint is of; ``sealed/`` the counted sheets as they were sealed, ``opened/`` what they say. A
    withdrawn sheet is there by its hash alone. Keys are public ones.
    """
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("event.json", record.document)
        archive.writestr("about.json", json.dumps(_about(round, record), ensure_ascii=False, indent=1))
        for sheet in record.sheets:
            if sheet.state != Sheet.State.SEALED:
                continue
            sealed = zipfile.ZipInfo(f"sealed/{sheet.number:03d}.bin")  # ciphertext does not grow smaller
            archive.writestr(sealed, sealed_block(sheet.pk))
            archive.writestr(f"opened/{sheet.number:03d}.jsonl", opened_content(sheet.pk))
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="opening_exported",
        about="round",
        about_id=round.pk,
        detail={"fingerprint": record.fingerprint},
    )
    return out.getvalue()


def _about(round: Round, record: OpeningRecord) -> dict[str, str]:
    """Names for people; they may change later and are no part of the fingerprint."""
    request = record.request
    return {
        "机构 institution": round.grid.institution.name,
        "村 village": f"{round.grid.town}{round.grid.name}",
        "轮次 round": round.name,
        "申请 asked by": request.asked_by.name,
        "同意 seconded by": request.seconded_by.name if request.seconded_by else "",
    }
