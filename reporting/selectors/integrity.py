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
        items = list(
            SampleItem.objects.filter(plan=plan, is_targeted=False)
            .order_by("order")
            .values_list("subject_id", "draw_hash")
        )
        if (len(members), len(items)) != (plan.population_size, plan.sample_size):
            yield plan.pk
            continue
        again = sampling.draw(members, sample=len(items), seed=plan.seed)
        expected = [(subject, sampling.draw_hash(plan.seed, subject)) for subject in again.subjects]
        if (expected, again.population_hash) != (items, plan.population_hash):
            yield plan.pk


rule_by_sql(
    "reporting.the_drawn_are_of_the_population",
    _("抽中的都在总体之内，次序从 1 起连续"),
    """
    select 'reporting_sampleitem:' || item.id from reporting_sampleitem as item
    left join reporting_sampleunit as unit on unit.plan_id = item.plan_id and unit.subject_id = item.subject_id
    where not item.is_targeted and (unit.profile_id is distinct from item.profile_id or unit.stratum is distinct from item.stratum)
    union all
    select 'reporting_sampleplan:' || plan_id from reporting_sampleitem where not is_targeted group by plan_id
    having min("order") <> 1 or max("order") <> count(*)
    """,
)
rule_by_sql(
    "reporting.kin_are_outside_the_population",
    _("抽取前申报为审计人员亲属、又没有撤回的户，不在总体之内"),
    """
    select 'reporting_kindeclaration:' || declared.id from reporting_kindeclaration as declared
    join reporting_sampleunit as unit on unit.plan_id = declared.plan_id and unit.subject_id = declared.subject_id
    where not declared.is_late and declared.withdrawn_at is null
    """,
)
rule_by_sql(
    "reporting.kin_are_declared_by_the_named",
    _("亲属由被指名的审计人员申报；抽取后申报的都是抽中或重点抽查的户"),
    """
    select 'reporting_kindeclaration:' || declared.id from reporting_kindeclaration as declared
    where not exists (select from reporting_sampleauditor as named
                      where named.plan_id = declared.plan_id and named.staff_id = declared.auditor_id)
       or declared.is_late and not exists (select from reporting_sampleitem as item
                                           where item.plan_id = declared.plan_id and item.subject_id = declared.subject_id)
    """,
)
rule_by_sql(
    "reporting.nobody_inspects_his_kin",
    _("没有人检查自己申报为亲属的户"),
    """
    select 'reporting_inspection:' || done.id from reporting_inspection as done
    join reporting_sampleitem as item on item.id = done.item_id
    join reporting_kindeclaration as declared
      on declared.plan_id = item.plan_id and declared.subject_id = item.subject_id and declared.auditor_id = done.auditor_id
    where declared.withdrawn_at is null
    """,
)
rule_by_sql(
    "reporting.the_targeted_are_apart",
    _("重点抽查的户没有被抽中，没有次序，所属计划已抽取，对照的是复核通过的档案"),
    """
    select 'reporting_sampleitem:' || item.id from reporting_sampleitem as item
    join reporting_sampleplan as plan on plan.id = item.plan_id
    where item.is_targeted and (
        item."order" is not null or item.draw_hash <> '' or plan.state = 'planned'
        or exists (select from reporting_sampleitem as drawn where drawn.plan_id = item.plan_id
                   and drawn.subject_id = item.subject_id and not drawn.is_targeted)
        or not exists (select from customers_profilecheck as done where done.profile_id = item.profile_id
                       and done.subject_id = item.subject_id and done.verdict = 'accepted'))
    """,
)
rule_by_sql(
    "reporting.conclusions_rest_on_the_random_part",
    _("结论的差错数和通过与否只由抽中的户得出，每户都已检查"),
    """
    select 'reporting_conclusion:' || done.id from reporting_conclusion as done
    join reporting_sampleplan as plan on plan.id = done.plan_id
    join lateral (
        select count(result.id) as inspected, count(*) filter (where result.is_deviation) as wrong
        from reporting_sampleitem as item
        left join reporting_inspection as found on found.item_id = item.id
        left join reporting_inspectionresult as result on result.inspection_id = found.id
        where item.plan_id = plan.id and not item.is_targeted
    ) as part on true
    where plan.state <> 'concluded' or part.inspected <> plan.sample_size or done.found <> part.wrong
       or done.is_accepted <> (part.wrong <= plan.acceptance_number)
    """,
)
