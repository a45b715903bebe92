"""Rules of credit: lines reproduce, sheets stay sealed until the one opening, decisions are taken by two."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from credit.models import LineResult
from credit.selectors import integrity_openings as integrity_openings
from credit.selectors import integrity_preparing as integrity_preparing
from credit.selectors import integrity_sheets as integrity_sheets
from credit.selectors import integrity_signing as integrity_signing
from credit.selectors import laboratory_integrity as laboratory_integrity
from credit.selectors.lines import differences
from customers.selectors.integrity import reached_by, routing_of

rule_by_sql("credit.facts_follow_their_household", _("评议、决定、额度等记录与所属户在同一网格"), routing_of("credit"))

# --- Lines --------------------------------------------------------------------------------------------------------------

rule_by_sql(
    "credit.one_result_per_run",
    _("一次测算中每户只有一个结果"),
    """
    select min(id)::text from credit_lineresult group by run_id, subject_id having count(*) > 1
    union all
    select 'series of credit_lineresult:' || result.id from credit_lineresult as result
    join credit_linerun as run on run.id = result.run_id where result.series <> run.series
    """,
)
rule_by_sql(
    "credit.runs_count_their_results",
    _("测算完成后，结果数等于所记的数"),
    """
    select run.id
    from credit_linerun as run join lib_jobrun as job on job.id = run.run_id and job.state = 'done'
    where (select count(*) from credit_lineresult as result where result.run_id = run.id)
          is distinct from coalesce((run.figures ->> 'filed')::bigint, 0)
       or (run.figures ->> 'households')::bigint
          <> (run.figures ->> 'filed')::bigint + coalesce((run.figures ->> 'unfiled')::bigint, 0)
             + coalesce((run.figures ->> 'unchanged')::bigint, 0) + coalesce((run.figures ->> 'failed')::bigint, 0)
    """,
)


@rule_by_sample("credit.lines_reproduce", _("额度由所存的数据、模型和参数重算，分毫不差"))
def _other_lines(sample: int) -> Iterator[int]:
    for result in sampled(LineResult.objects.select_related("run__model", "run__bases"), sample):
        if differences(result):
            yield result.pk


rule_by_sql(
    "credit.results_refer_to_what_is_there",
    _("每个结果所指的户、档案、名单记录和轮次都在；决定所取的结果都在"),
    """
    select 'credit_lineresult:' || result.id
    from credit_lineresult as result
    left join credit_linerun as run on run.id = result.run_id
    left join customers_subject as subject on subject.id = result.subject_id
    left join customers_householdfacts as facts on facts.profile_id = result.profile_id and facts.subject_id = result.subject_id
    left join customers_listentry as entry on entry.id = result.entry_id and entry.subject_id = result.subject_id
    where run.id is null or subject.id is null or facts.profile_id is null or (result.entry_id is not null and entry.id is null)
       or result.institution_id <> run.institution_id or result.grid_id <> subject.grid_id
       or not exists (select from grids_grid as grid where grid.id = result.recorded_grid_id)
    union all
    select 'credit_decision:' || decision.id from credit_decision as decision
    where decision.line_result_id is not null and not exists (
        select from credit_lineresult as result where result.id = decision.line_result_id and result.subject_id = decision.subject_id)
    """,
)
rule_by_sql(
    "credit.lines_are_published_by_another",
    _("发布测算的人不是发起人"),
    "select id from credit_linerun where published_by_id = asked_by_id",
)
rule_by_sql(
    "credit.lines_rest_on_trusted_files",
    _("测算所用的档案在测算时点都可用，没有待证明的大额变化"),
    """
    select result.id
    from customers_changeflag as flag
    join credit_lineresult as result on result.subject_id = flag.subject_id and result.profile_id = flag.profile_id
    join credit_linerun as run on run.id = result.run_id
    where not exists (select from lib.trusted(run.as_of) as held where held.profile_id = result.profile_id)
    """,
)

rule_by_sql(
    "credit.handed_over_after_publication",
    _("交给客户的额度说明都属于已发布的测算，附有当时的复核和异议告知"),
    """
    select handed.id
    from credit_linehandover as handed
    join credit_linerun as run on run.id = handed.run_id
    join lib_release as notice on notice.id = handed.notice_id
    where run.published_at is null or handed.handed_at < run.published_at or notice.kind <> 'line_notice'
    """,
)

# --- Sheets and opening -------------------------------------------------------------------------------------------------

rule_by_sql(
    "credit.openings_hold_the_sealed_sheets",
    _("开启记录中的摘要与封存的评议表逐一相符"),
    """
    select coalesce(listed.round_id, sealed.round_id)
    from (select opening.round_id, (sheet ->> 'sheet')::uuid as uuid, sheet ->> 'sha256' as digest, sheet ->> 'pages' as pages
          from credit_openingevent as opening, jsonb_array_elements(opening.sheets) as sheet) as listed
    full join (select sheet.round_id, sheet.uuid, encode(sha256(content.blob), 'hex') as digest,
                      encode(sha256(content.pages), 'hex') as pages
               from credit_sealedsheet as content join credit_sheet as sheet on sheet.id = content.sheet_id
               join credit_openingevent as opening on opening.round_id = sheet.round_id) as sealed
        on sealed.round_id = listed.round_id and sealed.uuid = listed.uuid
    where (sealed.digest, sealed.pages) is distinct from (listed.digest, listed.pages)
    """,
)
rule_by_sql(
    "credit.only_the_opened_have_opinions",
    _("开启前没有评议意见；开启后每张计入的评议表对每户各有一条"),
    """
    select round.id
    from credit_round as round left join credit_openingevent as opening on opening.round_id = round.id
    where (select count(*) from credit_opinion as opinion where opinion.round_id = round.id)
        <> case when opening.id is null then 0 else
               (select count(*) from credit_sheet as sheet where sheet.round_id = round.id and sheet.state = 'sealed')
               * (select count(*) from credit_sheetsubject as roster where roster.round_id = round.id and roster.is_assessable) end
    """,
)
rule_by_sql(
    "credit.openings_need_two",
    _("开启由两个人申请和同意"),
    """
    select opening.round_id from credit_openingevent as opening
    where not exists (select from credit_openingrequest as request
                      where request.round_id = opening.round_id and request.cancelled_at is null
                        and request.seconded_by_id <> request.asked_by_id)
    """,
)
rule_by_sql(
    "credit.stages_tell_the_truth",
    _("进入决定阶段的轮次都已开启，评议中的都没有；封存的评议表都有内容，没有留下草稿"),
    """
    select 'credit_round:' || round.id from credit_round as round left join credit_openingevent as opening on opening.round_id = round.id
    where (round.stage in ('decide', 'notice', 'sign') and opening.id is null)
       or (round.stage in ('prepare', 'list', 'assess', 'opening') and opening.id is not null)
    union all
    select 'credit_sheet:' || sheet.id from credit_sheet as sheet
    left join credit_sealedsheet as content on content.sheet_id = sheet.id
    where (sheet.state = 'sealed' and content.id is null) or (sheet.state in ('open', 'typed', 'excused') and content.id is not null)
       or (sheet.state in ('sealed', 'withdrawn', 'excused')
           and (exists (select from credit_draftcell as cell where cell.sheet_id = sheet.id)
                or exists (select from credit_draftpage as page where page.sheet_id = sheet.id)))
    """,
)
rule_by_sql(
    "credit.paper_is_sealed_with_its_sheet",
    _("封存的纸质评议表都有等长的照片包，本人录入的没有；照片只在开启后才有，每份计入的纸质表至少一张或写明原因"),
    """
    select 'credit_sealedsheet:' || content.id from credit_sealedsheet as content
    join credit_sheet as sheet on sheet.id = content.sheet_id
    where octet_length(content.pages) is distinct from case sheet.mode when 'paper' then 131072 * lib.pages_of(sheet.round_id) + 48 end
    union all
    select 'credit_sheet:' || sheet.id from credit_sheet as sheet
    left join credit_openingevent as opening on opening.round_id = sheet.round_id
    where exists (select from credit_sheetpage as page where page.sheet_id = sheet.id)
          <> (opening.id is not null and sheet.mode = 'paper' and sheet.state = 'sealed')
    """,
)

# --- Decisions ----------------------------------------------------------------------------------------------------------

rule_by_sql(
    "credit.every_household_is_decided_on",
    _("已开启的轮次中，每个可评议户都有一项决定，测算次序从 1 起连续"),
    """
    select 'credit_sheetsubject:' || roster.id from credit_sheetsubject as roster
    join credit_openingevent as opening on opening.round_id = roster.round_id
    join credit_round as round on round.id = roster.round_id
    where roster.is_assessable and not exists (
        select from credit_decision as decision
        where decision.round_id = coalesce(round.parent_id, round.id) and decision.subject_id = roster.subject_id)
    union all
    select 'credit_decision:' || max(decision.id) from credit_decision as decision
    group by decision.round_id, decision.application_id, decision.subject_id
    having min(decision.number) <> 1 or max(decision.number) <> count(*)
    union all
    select 'credit_decision:' || decision.id from credit_decision as decision
    where decision.round_id is not null
      and not exists (select from credit_openingevent as opening where opening.round_id = decision.round_id)
    """,
)
rule_by_sql(
    "credit.steps_have_no_gap",
    _("每项决定的步骤从 1 起连续，终结后没有后续"),
    """
    select decision_id from credit_decisionstep group by decision_id having min(number) <> 1 or max(number) <> count(*)
    union
    select step.decision_id from credit_decisionstep as step join credit_decisionstep as final
        on final.decision_id = step.decision_id and final.number < step.number
        and (final.verb in ('refuse', 'withdraw') or (final.verb = 'approve' and step.verb <> 'withdraw'))
    """,
)
rule_by_sql(
    "credit.maker_is_not_checker",
    _("提交的人不审批自己提交的决定"),
    """
    select step.decision_id from credit_decisionstep as step join credit_decisionstep as made
        on made.decision_id = step.decision_id and made.staff_id = step.staff_id and made.verb in ('propose', 'refer')
    where step.verb in ('approve', 'refuse')
    """,
)
rule_by_sql(
    "credit.approved_within_the_bounds",
    _("批准金额不超过测算额度，超过的都写明理由"),
    """
    select step.decision_id from credit_decisionstep as step join credit_decision as decision on decision.id = step.decision_id
    where step.verb = 'approve' and step.amount > decision.proposed_amount and step.reason = ''
    """,
)

# --- Snapshots of the core system ---------------------------------------------------------------------------------------

rule_by_sql(
    "credit.snapshots_need_two",
    _("快照都有两个人，由另一位确认"),
    """
    select id from credit_coresnapshot
    where state in ('in_force', 'superseded')
      and (settled_by_id is null or settled_at is null or settled_by_id = uploaded_by_id and not settled_from_console)
    """,
)
rule_by_sql(
    "credit.snapshots_hold_what_was_counted",
    _("快照里的贷款笔数和金额与检查时所记的相符"),
    """
    select snapshot.id
    from credit_coresnapshot as snapshot
    left join lateral (
        select count(*) as rows, coalesce(sum(outstanding), 0) as outstanding, coalesce(sum(undrawn), 0) as undrawn
        from credit_corecredit as credit where credit.snapshot_id = snapshot.id) as held on true
    left join lateral (
        select coalesce(sum((value ->> 'rows')::bigint), 0) as rows, coalesce(sum((value ->> 'outstanding')::numeric), 0) as outstanding,
               coalesce(sum((value ->> 'undrawn')::numeric), 0) as undrawn
        from jsonb_each(coalesce(snapshot.summary -> 'filed', '{}'))) as told on true
    where case when snapshot.state in ('checking', 'broken', 'failed') then held.rows > 0
               else (held.rows, held.outstanding, held.undrawn) <> (told.rows, told.outstanding, told.undrawn) end
    """,
)
rule_by_sql(
    "credit.decisions_name_their_snapshot",
    _("按快照算敞口的决定都记着是哪一份、哪一天"),
    """
    select decision.id
    from credit_decision as decision
    left join credit_coresnapshot as snapshot on snapshot.id = decision.snapshot_id
    where coalesce(decision.trace #>> '{exposure,source}' = 'core', false) <> (snapshot.id is not null)
       or snapshot.id is not null and (
           snapshot.state not in ('in_force', 'superseded') or snapshot.institution_id <> decision.institution_id
           or (decision.trace #>> '{exposure,snapshot}')::bigint is distinct from snapshot.id
           or decision.trace #>> '{exposure,as_of}' is distinct from snapshot.taken_on::text
           or snapshot.settled_at > decision.created_at + interval '1 minute')
    """,
)

# --- Applications -------------------------------------------------------------------------------------------------------

rule_by_sql(
    "credit.applications_follow_their_steps",
    _("单户申请的状态与办理步骤一致：步骤从 1 起连续，批准、不予授信、撤回各有其步骤，在办的都有期限"),
    """
    select 'credit_application:' || application_id from credit_applicationstep
    group by application_id having min(number) <> 1 or max(number) <> count(*)
    union
    select 'credit_application:' || asked.id
    from credit_application as asked
    left join lateral (
        select step.verb, step.post_kind from credit_decisionstep as step
        join credit_decision as decision on decision.id = step.decision_id
        where decision.application_id = asked.id and not exists (
            select from credit_decision as newer where newer.application_id = asked.id and newer.number > decision.number)
        order by step.number desc limit 1) as last on true
    left join lateral (
        select step.verb from credit_applicationstep as step where step.application_id = asked.id order by step.number desc limit 1
        ) as own on true
    where (asked.ended_at is null) <> (asked.due_on is not null)
       or own.verb is null
       or asked.stage <> case
            when own.verb = 'cancel' then 'cancelled'
            when own.verb = 'turn_down' then 'refused'
            when last.verb = 'withdraw' then 'revoked'
            when last.verb = 'approve' then 'granted'
            when last.verb = 'refuse' then 'refused'
            when last.verb = 'refer' then 'approval'
            when last.verb = 'propose' then 'branch'
            when own.verb = 'investigate' then 'proposal'
            else 'investigation' end
    """,
)
rule_by_sql(
    "credit.applications_keep_to_their_household",
    _("申请的步骤、资料和决定都属于同一户；一户至多一笔在办"),
    """
    select 'credit_applicationstep:' || step.id from credit_applicationstep as step
    join credit_application as asked on asked.id = step.application_id and asked.subject_id <> step.subject_id
    union all
    select 'credit_applicationdocument:' || document.id from credit_applicationdocument as document
    join credit_application as asked on asked.id = document.application_id
    join lib_storedfile as file on file.id = document.file_id
    where asked.subject_id <> document.subject_id or file.subject_id is distinct from document.subject_id
    union all
    select 'credit_decision:' || decision.id from credit_decision as decision
    join credit_application as asked on asked.id = decision.application_id and asked.subject_id <> decision.subject_id
    union all
    select 'credit_application:' || max(id) from credit_application where ended_at is null group by subject_id having count(*) > 1
    """,
)
rule_by_sql(
    "credit.one_line_at_a_time",
    _("一户同时测算的两项决定，只批准其中一项"),
    """
    select 'credit_decisionstep:' || step.id
    from credit_decisionstep as step
    join credit_decision as decision on decision.id = step.decision_id and decision.application_id is not null
    join credit_decisionstep as other on other.subject_id = step.subject_id and other.decision_id <> step.decision_id
     and other.verb = 'approve' and other.amount > 0 and other.taken_at > decision.created_at and other.taken_at < step.taken_at
    where step.verb = 'approve' and step.amount > 0
      and not exists (select from credit_decisionstep as gone
                      where gone.decision_id = other.decision_id and gone.verb = 'withdraw' and gone.taken_at < step.taken_at)
    """,
)

# --- First events (Semantics, section 2), in both directions --------------------------------------------------------------

rule_by_sql(
    "credit.assessed_is_an_opening",
    _("“已评议”都有开启时的有效意见，活动内开启的有效意见都已计入"),
    reached_by(
        "assessed",
        "select distinct opinion.subject_id, opening.opened_at from credit_opinion as opinion "
        "join credit_openingevent as opening on opening.round_id = opinion.round_id "
        "where opinion.kind in ('refuse', 'amount')",
    ),
)
# A step and its milestone are written in one transaction, but each reads the clock.
rule_by_sql(
    "credit.granted_is_an_approval",
    _("“已授信”都有批准且金额大于 0 的决定，活动内的批准都已计入"),
    reached_by(
        "granted",
        "select subject_id, taken_at from credit_decisionstep where verb = 'approve' and amount > 0",
        slack="1 minute",
    ),
)
rule_by_sql(
    "credit.withdrawn_is_a_withdrawal",
    _("“授信撤回”都有撤回的决定，活动内的撤回都已计入"),
    reached_by(
        "grant_withdrawn",
        "select subject_id, taken_at from credit_decisionstep where verb = 'withdraw'",
        slack="1 minute",
    ),
)


from credit.selectors import integrity_notices  # noqa: E402, F401  rules of the last stages, beside these
