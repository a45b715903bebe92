"""Explanations handed to customers: that it was done, by whom, when, in which language (PIPL, article 24)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from config.lib.models import Release
from credit.models.lines import LineRun
from customers.models import Subject
from customers.models.scoped import Recorded
from grids.models import Staff


class LineHandover(Recorded):
    """The explanation of one household's result in one run was handed to the customer, with the notice of that day."""

    guard = Guard(scope="grid", web="SELECT, INSERT", append_only=True, subject_column="subject_id", hideable=True)

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("中文")
        ENGLISH = "en", _("英文")

    run = models.ForeignKey(LineRun, models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="line_handovers", db_index=False)
    notice = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(_("语言"), max_length=10, choices=Language)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    post_kind = models.CharField(max_length=20)
    handed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(language__in=("zh-hans", "en")), name="handed_over_in_a_known_language"
            )
        ]
        indexes = [models.Index(fields=["subject", "-handed_at"], name="handovers_of_subject")]
