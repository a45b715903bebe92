"""What stands in the way of a household's line in a round, as people noted it: appended, never changed."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from credit.models.rounds import Round
from customers.models import Subject
from customers.models.scoped import Recorded
from grids.models import Staff


class MergeException(Recorded):
    """An exception of a household in a round, or that it is over; of each code the newest row counts."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        worker="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
    )

    class Code(models.TextChoices):
        MULTIPLE = "multiple", _("一户多贷")
        AWAY = "away", _("外出")
        DECLINED = "declined", _("客户不要")
        NO_BORROWER = "no_borrower", _("无适龄借款人")

    round = models.ForeignKey(Round, models.PROTECT, related_name="exceptions")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    code = models.CharField(_("例外"), max_length=11, choices=Code)
    is_over = models.BooleanField(default=False)
    reason = models.CharField(_("理由"), max_length=500)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    post_kind = models.CharField(max_length=20)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="merge_exception_has_reason")]
        indexes = [models.Index(fields=["round", "subject", "code", "-id"], name="exceptions_of_round")]
