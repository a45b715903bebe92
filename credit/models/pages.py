"""Photos of paper sheets: drafted while a sheet is typed, kept after the opening. Between the two they are sealed with it."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.lib.guards import HIDDEN, Guard
from credit.models.rounds import MINE, NO_STATISTICS, Sheet, before
from customers.models.scoped import Scoped

TYPED_BY_ME = (
    f"{MINE} and exists (select 1 from credit_sheet as sheet where sheet.id = sheet_id and sheet.state = 'open')"  # noqa: S608  constants
)
# Who may not read every opinion of a round does not see its paper either: a photo shows a whole page of households.
NOBODY_HIDDEN = (
    "not exists (select 1 from credit_sheet as sheet join credit_sheetsubject as roster on roster.round_id = sheet.round_id "  # noqa: S608  constants
    f"where sheet.id = sheet_id and (roster.subject_id <> {HIDDEN}) is not true)"
)


class DraftPage(models.Model):
    """One encrypted page of an unsealed paper sheet; gone at sealing, no history.

    Place 0 holds the note of a sheet without photos. Only the typist, and after him the named confirmer, reach it.
    """

    guard = Guard(
        web="SELECT, INSERT, DELETE",
        whole="",
        worker="",
        read="",
        extra=(
            "alter table {table} alter column value set storage external",
            "alter table {table} enable row level security",
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for select to gedang_web using ({MINE})",
            "drop policy if exists typed on {table}",
            f"create policy typed on {{table}} for insert to gedang_web with check ({TYPED_BY_ME})",
            "drop policy if exists dropped on {table}",
            f"create policy dropped on {{table}} for delete to gedang_web using ({TYPED_BY_ME})",
            *before("insert or update", "lib.keep_page()"),
            *(NO_STATISTICS.format(column) for column in ("id", "sheet_id", "place", "value")),
            # The planner's count of rows would tell how many photos were taken; large values are still cleared away.
            "alter table {table} set (autovacuum_enabled = false, toast.autovacuum_enabled = true)",
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid4)
    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="draft_pages", db_index=False)
    place = models.PositiveSmallIntegerField()
    value = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "place"], name="one_draft_page_per_place")]


class SheetPage(Scoped):
    """One page of a paper sheet as the opening found it, encrypted under a key of its own; written by the opener only."""

    guard = Guard(
        scope="grid",
        web="SELECT",
        worker="",
        read="",
        append_only=True,
        opener="SELECT, INSERT",
        extra=(
            "alter table {table} alter column value set storage external",
            "drop policy if exists whole_rosters on {table}",
            "create policy whole_rosters on {table} as restrictive for select to gedang_web_all "
            f"using ({NOBODY_HIDDEN})",
        ),
    )

    class Kind(models.TextChoices):
        PHOTO = "photo", _("照片")
        NOTE = "note", _("没有照片的原因")

    id = models.UUIDField(primary_key=True, default=uuid4)
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="pages", db_index=False)
    place = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "place"], name="one_page_per_place")]
