"""Meetings: several villagers in one room, one device handed round, each with a code for his own sheet and for one time.

The steward gives the codes out and never holds a sheet: a code signs the assessor in, ends whatever session the device had, and
the session it begins reaches that one sheet and nothing else (``config.lib.access``).
"""

import secrets
import string
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from credit.models import Round, Sheet, SheetCode
from grids.access import Post, Staff
from grids.services import Refused

LETTERS = "".join(sorted(set(string.ascii_uppercase + string.digits) - set("0O1IL")))
LENGTH = 8
MINUTES = 30
"""How long a code may wait to be used."""


@dataclass(frozen=True)
class Entered:
    """Whom a code lets in, and to which sheet."""

    staff: Staff
    sheet: UUID


def _hash(code: str) -> bytes:
    plain = "".join(code.split()).upper()
    return digest(sha256(b"gedang sheet code" + settings.SECRET_KEY.encode()).digest(), plain.encode(), "sha256")


@transaction.atomic
def issue_code(*, by: Staff, post: Post, sheet: Sheet) -> str:
    """Give out the one code of an assessor's sheet, shown once; an older one no longer works. Raises Refused."""
    round = Round.objects.get(pk=sheet.round_id)
    if sheet.mode != Sheet.Mode.OWN or sheet.state != Sheet.State.OPEN or round.stage != Round.Stage.ASSESS:
        raise Refused(_("这份评议表现在不用口令"))
    if by.pk == sheet.assessor_id:
        raise Refused(_("自己的评议表直接登录填写"))
    code = "".join(secrets.choice(LETTERS) for _place in range(LENGTH))
    now = clock.now()
    SheetCode.objects.bulk_create(
        [
            SheetCode(
                sheet=sheet,
                code_hash=_hash(code),
                issued_by=by,
                issued_at=now,
                expires_at=now + timedelta(minutes=MINUTES),
            )
        ]
    )
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="sheet_code_issued",
        about="round",
        about_id=sheet.round_id,
        detail={"sheet": sheet.number},
    )
    return f"{code[:4]} {code[4:]}"


@transaction.atomic
def use_code(code: str) -> Entered | None:
    """Return whom a code lets in and spend it; None for one that is wrong, spent, replaced or too old."""
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.use_sheet_code(%s, %s)", [_hash(code), clock.now()])
        row = cursor.fetchone()
    person = Staff.objects.filter(pk=row[0], is_active=True).first() if row else None
    return None if person is None else Entered(person, row[1])
