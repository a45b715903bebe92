"""Rules of the last stages of a round: who is shown, for how long, who settles what is said against it, and a report that never moves."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from config.lib.releases import document_hash
from config.lib.working_days import changes_of
from credit.domain.notices import last_day
from credit.models import Notice, VillageReport
from credit.selectors.notices import rules_of_notice

rule_by_sql(
    "credit.notices_show_decisions_of_their_round",
    _("公示由两人准备和核对，名单上的都是本轮同户的决定，当时同意公示"),
    """
    select 'credit_notice:' || notice.id from credit_notice as notice where notice.confirmed_by_id = notice.prepared_by_id
    union all
    select 'credit_noticerow:' || row.id
    from credit_noticerow as row
    join credit_notice as notice on notice.id = row.notice_id
    left join credit_decision as decision on decision.id = row.decision_id and decision.round_id = notice.round_id
                                         and decision.subject_id = row.subject_id
    where decision.id is null or not exists (
        select from customers_consent as word
        where word.subject_id = row.subject_id and word.scopes ? 'publicity' and word.how not in ('withdrawn', 'refused'))
    """,
)


@rule_by_sample("credit.notices_hang_their_working_days", _("公示期是规则所定的工作日，按银行日历"))
def _other_windows(sample: int) -> Iterator[int]:
    for notice in sampled(Notice.objects.filter(posted_on__isnull=False).select_related("rules"), sample):
        if notice.posted_on is not None:
            changes = changes_of(notice.institution_id, notice.posted_on)
            if notice.ends_on != last_day(notice.posted_on, rules_of_notice(notice).days, changes):
                yield notice.pk


rule_by_sql(
    "credit.objections_are_settled_by_another",
    _("异议在公示期内登记，由另一人办结，提出人另行加密保存"),
    """
    select objection.id
    from credit_objection as objection
    join credit_notice as notice on notice.id = objection.notice_id
    left join credit_objectionsource as source on source.objection_id = objection.id
    where source.id is null or objection.settler_id = objection.received_by_id or notice.ends_on is null
       or (objection.received_at at time zone 'Asia/Shanghai')::date not between notice.posted_on and notice.ends_on
    """,
)
rule_by_sql(
    "credit.rounds_leave_no_notice_behind",
    _("离开公示阶段的轮次，公示期都已满，异议都有答复"),
    """
    select round.id
    from credit_round as round
    join credit_notice as notice on notice.round_id = round.id and notice.dropped_at is null
    left join credit_roundstage as stage on stage.round_id = round.id and stage.stage = 'notice'
    where round.stage in ('sign', 'closed') and (
        notice.ends_on is null or notice.ends_on >= (coalesce(stage.left_at, round.stage_since) at time zone 'Asia/Shanghai')::date
        or exists (select from credit_objection as objection where objection.notice_id = notice.id and objection.settled_at is null))
    """,
)


@rule_by_sample("credit.village_reports_never_move", _("村级报告与结束时一字不差"))
def _moved_reports(sample: int) -> Iterator[int]:
    for report in sampled(VillageReport.objects.select_related("round"), sample):
        if document_hash(report.document) != report.sha256 or report.round.stage != "closed":
            yield report.pk
