"""Holding a sheet in hand while it is changed, so that an opening and a change wait for each other."""

from django.db import connection

from credit.models import Round, Sheet


class SealedError(Exception):
    """The sheet is not being written any more: sealed, handed on, withdrawn, or the assessment is over."""


def hold(sheet: Sheet) -> Sheet:
    """Keep an opening out until this transaction ends, then lock the sheet. The order (round, sheet) is the opener's.

    Raises SealedError when the round is not being assessed.
    """
    with connection.cursor() as cursor:
        cursor.execute("select acc.hold_round(%s)", [str(sheet.uuid)])
        (stage,) = cursor.fetchone()
    if stage != Round.Stage.ASSESS:
        raise SealedError
    return Sheet.objects.select_for_update(of=("self",)).select_related("round").get(pk=sheet.pk)
