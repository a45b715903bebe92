"""Decisions: what the rule made of the opinions, the bounds, and the people who decided, in a round or on an application."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Least, Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from credit.models.applications import Application
from credit.models.lines import LineResult
from credit.models.rounds import Round
from credit.models.snapshots import CoreSnapshot
from customers.models import Profile, Subject
from customers.models.scoped import Recorded
from grids.models import Staff


class Decision(Recorded):
    """The computed part of a household's decision, in a round or on an application: merge, bounds, proposal, with the whole trace.

    A household that waited for its file is computed again when the file is there; the highest ``number`` is in force. Those of
    rounds are written by the opening alone, those of applications by who investigated.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        worker="SELECT, INSERT",
        opener="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=(
            "drop policy if exists applications_only on {table}",
            "create policy applications_only on {table} as restrictive for insert to gedang_web, gedang_web_all "
            "with check (application_id is not null)",
            *kept_by("lib.keep_application_decision", "before insert"),
        ),
    )

    class Outcome(models.TextChoices):
        MERGED = "merged", _("已合并")
        REFUSED = "refused", _("评议不予授信")
        SUPPLEMENT = "supplement", _("待补评议")
        DIVERGENT = "divergent", _("分歧")
        NEEDS_FILE = "needs_file", _("待建档")
        PROPOSED = "proposed", _("已测算")

    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="decisions")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="decisions", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(_("测算次序"), default=1)
    outcome = models.CharField(max_length=10, choices=Outcome)
    merged_amount = models.DecimalField(_("村评额度（元）"), max_digits=14, decimal_places=2, null=True)
    # Results lie in parts, which no key of the database can point into; ``check_integrity`` looks that each is there.
    line_result = models.ForeignKey(LineResult, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    model_line = models.DecimalField(_("模型额度（元）"), max_digits=14, decimal_places=2, null=True)
    product_cap = models.DecimalField(_("产品上限（元）"), max_digits=14, decimal_places=2)
    headroom = models.DecimalField(_("可用空间（元）"), max_digits=14, decimal_places=2)
    # What a bank's combined cap leaves beside what the household has at this bank; on applications under rules that name one.
    combined_room = models.DecimalField(_("线上线下合计余量（元）"), max_digits=14, decimal_places=2, null=True)
    profile = models.ForeignKey(Profile, models.PROTECT, null=True, related_name="+")
    # The snapshot of the core system the exposure was read from; without one it is the checked file's.
    snapshot = models.ForeignKey(CoreSnapshot, models.PROTECT, null=True, related_name="+", db_index=False)
    proposed_amount = models.DecimalField(_("测算额度（元）"), max_digits=14, decimal_places=2, null=True)
    binding: Any = models.JSONField(default=list)
    trace: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "subject", "number"], name="one_decision_per_number"),
            models.UniqueConstraint(fields=["application", "number"], name="one_application_decision_per_number"),
            models.CheckConstraint(
                condition=Q(round__isnull=False, application__isnull=True) & ~Q(outcome="proposed")
                | Q(round__isnull=True, application__isnull=False, merged_amount__isnull=True)
                & Q(outcome__in=("proposed", "needs_file")),
                name="decided_in_a_round_or_on_an_application",
            ),
            # What is proposed lies within every bound there is; a NULL bound is none.
            models.CheckConstraint(
                condition=Q(proposed_amount__isnull=True)
                | Q(
                    proposed_amount__lte=Least(
                        "product_cap", "headroom", "combined_room", "model_line", "merged_amount"
                    )
                ),
                name="proposed_within_every_bound",
            ),
        ]
        indexes = [models.Index(fields=["round", "outcome"], name="decisions_by_outcome")]

    @property
    def matter(self) -> Round | Application:
        """What it belongs to: the round or the application, whose frozen rules it is decided under."""
        found = self.round or self.application
        if found is None:
            raise ValueError("a decision belongs to a round or an application")
        return found


class DecisionStep(Recorded):
    """One person's step on a decision: the maker proposes, the checker approves, lowers or returns. Append-only.

    ``final`` steps close it: approved with the granted amount, or refused. The line in force is the newest approved step.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        opener="SELECT",
        extra=(
            "drop trigger if exists maker_is_not_checker on {table}",
            "create trigger maker_is_not_checker before insert on {table} for each row execute function lib.refuse_own_decision()",
            *kept_by("lib.one_line_at_a_time", "before insert"),
            *kept_by("lib.keep_within_asked", "before insert"),
            *kept_by("lib.wait_for_signing", "before insert"),
        ),
    )

    class Verb(models.TextChoices):
        PROPOSE = "propose", _("提交")
        REFER = "refer", _("上报")
        RETURN = "return", _("退回")
        APPROVE = "approve", _("批准")
        REFUSE = "refuse", _("不予授信")
        WITHDRAW = "withdraw", _("撤回授信")

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="steps")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="decision_steps")
    number = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=8, choices=Verb)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2, null=True)
    reason = models.TextField(_("理由"), blank=True, default="")
    trace: Any = models.JSONField(default=dict)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    post_kind = models.CharField(max_length=20)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "number"], name="one_step_per_number"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="step_amount_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["subject", "-taken_at"], name="steps_of_subject")]
