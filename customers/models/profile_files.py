"""Files of visits: checked whole, confirmed by a second person, then written through the door every visit comes through."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import JobRun, Release, StoredFile
from customers.models.imports import OF_BRANCH
from grids.models import Branch, Institution, Staff


class ProfileFile(models.Model):
    """One file by one edition of a form. State machine: broken; waiting -> rejected | writing -> written | failed.

    What a stopped writing left out is written by the same file again; what is there is not written twice.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, settled_by_id, settled_at, answer, run_id)",
        whole="",
        worker="SELECT, UPDATE",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists branch on {table}",
            f"create policy branch on {{table}} to gedang_web using ({OF_BRANCH}) with check ({OF_BRANCH})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
            *kept_by("lib.keep_profile_file", "before insert or update"),
        ),
    )

    class State(models.TextChoices):
        BROKEN = "broken", _("有错误，未写入")
        WAITING = "waiting", _("待确认")
        WRITING = "writing", _("写入中")
        WRITTEN = "written", _("已写入")
        FAILED = "failed", _("没有写完")
        REJECTED = "rejected", _("不同意")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    form = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", db_index=False)
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("文件"), max_length=200)
    state = models.CharField(max_length=8, choices=State)
    subjects = models.PositiveIntegerField(default=0)
    # Written by this file, and already there from an earlier writing of the same file.
    written = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    # sheet, row, column, code, value, zh, en: what keeps the file out; refused: what was refused while writing.
    problems: Any = models.JSONField(default=list)
    refused: Any = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    settled_from_console = models.BooleanField(default=False)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")
    run = models.ForeignKey(JobRun, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) | Q(settled_from_console=True) | ~Q(settled_by=F("uploaded_by")),
                name="profile_file_needs_two_people",
            ),
            models.UniqueConstraint(
                fields=["branch", "file_sha256", "form"],
                condition=Q(state__in=("waiting", "writing")),
                name="profile_file_waits_once",
            ),
        ]
        indexes = [models.Index(fields=["branch", "-uploaded_at"], name="profile_files_of_branch")]
