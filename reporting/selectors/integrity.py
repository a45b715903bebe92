"""Rules of reporting: frozen weeks stay as they were frozen, draws can be repeated."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from customers.selectors.integrity import routing_of
from reporting.domain import sampling
from reporting.models import SampleItem, SamplePlan, SampleUnit, WeeklyReport
from reporting.selectors.frozen import is_intact

rule_by_sql("reporting.facts_follow_their_household", _("抽查总体和样本与所属户在同一网格"), routing_of("reporting"))

# --- Weeks --------------------------------------------------------------------------------------------------------------


@rule_by_sample("reporting.frozen_weeks_are_untouched", _("已冻结周报的各行与冻结时的摘要一致"))
def _changed_weeks(sample: int) -> Iterator[int]:
    for report in sampled(WeeklyReport.objects.all(), sample):
        if not is_intact(report):
            yield report.pk


rule_by_sql(
    "reporting.weeks_have_no_gap",
    _("活动内的周报逐周连续"),
    """
    select id from (select id, starts_on - lag(starts_on) over (partition by campaign_id order by starts_on) as days
                    from reporting_weeklyreport) as week
    where days <> 7
    """,
)
rule_by_sql(
    "reporting.weeks_hold_what_they_counted",
    _("每周所计的首次事件与冻结时的数相符，属于同一活动，都在截止之前收到"),
    """
    select report.id from reporting_weeklyreport as report
    left join (select report_id, count(*) as whole from reporting_countedmilestone group by report_id) as counted
        on counted.report_id = report.id
    where coalesce(counted.whole, 0) is distinct from coalesce((report.parameters ->> 'milestones')::bigint, 0)
    union
    select report.id from reporting_countedmilestone as counted
    join reporting_weeklyreport as report on report.id = counted.report_id
    join customers_milestone as milestone on milestone.id = counted.milestone_id
    where milestone.campaign_id <> report.campaign_id or milestone.reached_at >= report.cut_at
    """,
)

# --- Samples ------------------------------------------------------------------------------------------------------------


@rule_by_sample("reporting.draws_repeat", _("按所存的总体和种子重抽，样本和次序完全一致"))
def _other_draws(sample: int) -> Iterator[int]:
    drawn = SamplePlan.objects.exclude(state=SamplePlan.State.PLANNED)
    for plan in sampled(drawn, sample):
        members = dict(SampleUnit.objects.filter(plan=plan).values_list("subject_id", "stratum"))
        items = list(SampleItem.objects.filter(plan=plan).order_by("order").values_list("subject_id", flat=True))
        if (len(members), len(items)) != (plan.population_size, plan.sample_size):
            yield plan.pk
            continue
        again = sampling.draw(members, sample=len(items), seed=plan.seed)
        if (list(again.subjects), again.population_hash) != (items, plan.population_hash):
            yield plan.pk


rule_by_sql(
    "reporting.the_drawn_are_of_the_population",
    _("抽中的都在总体之内，次序从 1 起连续"),
    """
    select 'reporting_sampleitem:' || item.id from reporting_sampleitem as item
    left join reporting_sampleunit as unit on unit.plan_id = item.plan_id and unit.subject_id = item.subject_id
    where unit.profile_id is distinct from item.profile_id or unit.stratum is distinct from item.stratum
    union all
    select 'reporting_sampleplan:' || plan_id from reporting_sampleitem group by plan_id
    having min("order") <> 1 or max("order") <> count(*)
    """,
)
