"""Rules of customers: who belongs to a household, where rows are routed, files and their totals, first events."""

from collections.abc import Iterator

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from customers.domain import economics, uscc
from customers.models import HouseholdFacts, Profile, Subject
from customers.models.scoped import Recorded
from customers.selectors.facts import reads_again

TOTALS = (
    "assets",
    "disposable",
    "liabilities",
    "guarantees",
    "gross_income",
    "operating_cost",
    "expenses",
    "net_income",
    "surplus",
    "net_assets",
)


def routing_of(app: str) -> str:
    """Return the statement that finds the facts of an app whose grid or institution is not that of their subject."""
    parts = [
        f"select '{model._meta.db_table}:' || fact.id from {model._meta.db_table} as fact "  # noqa: S608
        "join customers_subject as subject on subject.id = fact.subject_id "
        "where fact.grid_id <> subject.grid_id or fact.institution_id <> subject.institution_id"
        for model in apps.get_app_config(app).get_models()
        if issubclass(model, Recorded) and any(field.name == "subject" for field in model._meta.fields)
    ]
    return " union all ".join(parts)


# --- Households and people ------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.a_household_is_a_subject",
    _("每户恰有一个农户建档对象"),
    """
    select home.subject_id from customers_household as home left join customers_subject as subject on subject.id = home.subject_id
    where subject.id is null or subject.kind <> 'household'
    union all
    select subject.id from customers_subject as subject left join customers_household as home on home.subject_id = subject.id
    where subject.kind = 'household' and home.subject_id is null
    """,
)
rule_by_sql(
    "customers.head_and_borrower_are_members",
    _("户主和借款人都是本户成员"),
    """
    select home.subject_id from customers_household as home left join customers_person as person on person.id = home.head_id
    where home.head_id is not null and person.household_id is distinct from home.subject_id
    union
    select home.subject_id from customers_household as home left join customers_person as person on person.id = home.borrower_id
    where home.borrower_id is not null and person.household_id is distinct from home.subject_id
    """,
)
rule_by_sql(
    "customers.rows_follow_their_household",
    _("户、成员、检索词与建档对象在同一网格"),
    """
    select 'customers_household:' || home.subject_id from customers_household as home
    join customers_subject as subject on subject.id = home.subject_id
    where home.grid_id <> subject.grid_id or home.institution_id <> subject.institution_id
    union all
    select 'customers_person:' || person.id from customers_person as person
    join customers_household as home on home.subject_id = person.household_id
    where person.grid_id <> home.grid_id or person.institution_id <> home.institution_id
    union all
    select distinct 'customers_persontoken:' || token.person_id from customers_persontoken as token
    join customers_person as person on person.id = token.person_id
    where token.grid_id <> person.grid_id or token.institution_id <> person.institution_id
    union all
    select 'customers_subject:' || subject.id from customers_subject as subject
    join grids_grid as grid on grid.id = subject.grid_id where grid.institution_id <> subject.institution_id
    """,
)
rule_by_sql(
    "customers.facts_follow_their_household", _("走访、档案、名单等记录与所属户在同一网格"), routing_of("customers")
)
rule_by_sql(
    "customers.every_name_can_be_found",
    _("每个未删除的人都有检索词，已删除的人没有，也没有没有人的检索词"),
    """
    select 'customers_person:' || person.id from customers_person as person
    where person.erased_at is null and person.name <> ''
      and not exists (select from customers_persontoken as token where token.person_id = person.id)
    union all
    select distinct 'customers_persontoken:' || token.person_id from customers_persontoken as token
    left join customers_person as person on person.id = token.person_id
    where person.id is null or person.erased_at is not null
    """,
)
rule_by_sql(
    "customers.the_erased_left_nothing",
    _("已删除的人不留姓名、证件和密钥"),
    """
    select id from customers_person
    where erased_at is not null
      and (name <> '' or sort_key <> '' or num_nonnulls(data_key, id_number, id_index, id_tail, phone, phone_index, phone_tail) > 0)
    union all
    select subject_id from customers_principal
    where erased_at is not null
      and (name <> '' or num_nonnulls(data_key, id_number, id_index, id_tail, phone, phone_index, phone_tail) > 0)
    """,
)

# --- Businesses and units -------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.an_entity_is_a_subject",
    _("每家商户、每个单位恰有一个同类的建档对象"),
    """
    select subject.id from customers_subject as subject
    left join customers_business as business on business.subject_id = subject.id
    left join customers_unit as unit on unit.subject_id = subject.id
    where (subject.kind = 'business') <> (business.subject_id is not null) or (subject.kind = 'unit') <> (unit.subject_id is not null)
    """,
)
rule_by_sql(
    "customers.home_grids_hold_their_subjects",
    _("建档对象所在网格收这一类对象"),
    """
    select subject.id from customers_subject as subject join grids_grid as grid on grid.id = subject.grid_id
    where not lib.holds(grid.kind, subject.kind)
    """,
)
rule_by_sql(
    "customers.rows_follow_their_entity",
    _("商户、单位、负责人、检索词与建档对象在同一网格"),
    " union all ".join(
        f"select distinct '{table}:' || one.subject_id from {table} as one "  # noqa: S608  constants of this project
        "left join customers_subject as subject on subject.id = one.subject_id "
        "where subject.id is null or one.grid_id <> subject.grid_id or one.institution_id <> subject.institution_id"
        for table in ("customers_business", "customers_unit", "customers_principal", "customers_subjecttoken")
    ),
)
rule_by_sql(
    "customers.every_entity_can_be_found",
    _("每家商户、每个单位和负责人都有检索词"),
    """
    select one.subject_id from (select subject_id from customers_business union all select subject_id from customers_unit) as one
    where not exists (select from customers_subjecttoken as token where token.subject_id = one.subject_id and not token.of_person)
    union
    select subject_id from customers_principal as principal
    where principal.erased_at is null and principal.name <> '' and not exists (
        select from customers_subjecttoken as token where token.subject_id = principal.subject_id and token.of_person)
    """,
)
rule_by_sql(
    "customers.feature_grids_show_and_hold_nobody",
    _("特色网格成员所指的都是特色网格"),
    """
    select member.id from customers_subjectgrid as member join grids_grid as grid on grid.id = member.feature_id
    where grid.kind <> 'feature' or grid.institution_id <> member.institution_id
    """,
)


@rule_by_sample("customers.credit_codes_are_right", _("统一社会信用代码的校验位都对"))
def _credit_codes(sample: int) -> Iterator[object]:
    filed = Subject.objects.filter(uscc__isnull=False)
    for subject in sampled(filed, sample):
        if uscc.check(subject.uscc or "").errors:
            yield subject.pk


rule_by_sql(
    "customers.members_change_with_a_visit",
    _("走访中增减的成员都属于那一户，离户的人都有离户日期"),
    """
    select change.id from customers_memberchange as change
    join customers_visit as visit on visit.id = change.visit_id
    join customers_person as person on person.id = change.person_id
    where visit.subject_id <> change.subject_id or person.institution_id <> change.institution_id
       or (change.kind = 'left' and person.household_id = change.subject_id and person.left_on is null
           and not exists (select from customers_memberchange as later
                           where later.person_id = change.person_id and later.kind = 'joined' and later.id > change.id)
           and not exists (select from customers_householdevent as event
                           where event.person_id = change.person_id and event.kind in ('rejoin', 'transfer', 'marriage')
                             and event.state = 'done'))
    """,
)

# --- The life of households ------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.present_members_have_one_head",
    _("变动过的在册户，恰有一名在户户主，借款人在户"),
    """
    select home.subject_id from customers_household as home
    join customers_subject as subject on subject.id = home.subject_id and subject.left_on is null
    where exists (select from customers_householdevent as event
                  where event.state = 'done' and home.subject_id in (event.subject_id, event.to_subject_id))
      and ((select array_agg(person.id) from customers_person as person
            where person.household_id = home.subject_id and person.left_on is null and person.relation = 'head')
           is distinct from array[home.head_id]
        or (home.borrower_id is not null and not exists (
            select from customers_person as person
            where person.id = home.borrower_id and person.household_id = home.subject_id and person.left_on is null)))
    """,
)
rule_by_sql(
    "customers.changes_need_two",
    _("家庭变动须他人确认的，都由提出人以外的人确认；已生效的都写明时间"),
    """
    select 'customers_householdevent:' || id from customers_householdevent
    where proposed_by_id in (giving_by_id, receiving_by_id)
       or (state = 'done' and (done_at is null or (needs_giving and giving_by_id is null) or (needs_receiving and receiving_by_id is null)))
    union all
    select 'customers_gridmerger:' || id from customers_gridmerger
    where proposed_by_id in (giving_by_id, receiving_by_id) or (state = 'done' and num_nonnulls(done_at, giving_by_id, receiving_by_id) < 3)
    """,
)
rule_by_sql(
    "customers.changes_leave_their_mark",
    _("生效的变动都看得到结果：并户和离册的已离册，身故的已离户，分户有新户，并村的原村已停用"),
    """
    select 'customers_householdevent:' || event.id from customers_householdevent as event
    join customers_subject as subject on subject.id = event.subject_id
    left join customers_person as person on person.id = event.person_id
    where event.state = 'done' and (
        (event.kind = 'merge' and subject.left_reason <> 'merged')
        or (event.kind = 'leave' and subject.left_on is null and not exists (
            select from customers_householdevent as back
            where back.subject_id = event.subject_id and back.kind = 'return' and back.state = 'done' and back.id > event.id))
        or (event.kind = 'death' and person.left_reason <> 'deceased')
        or (event.kind = 'split' and event.to_subject_id is null))
    union all
    select 'customers_gridmerger:' || merger.id from customers_gridmerger as merger
    where merger.state = 'done' and exists (select from customers_subject where grid_id = merger.from_grid_id)
    """,
)

# --- Plans of a day ---------------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.plans_stand",
    _("走访计划：推迟的那一条在后一天有接续的一条，接续的都有来处；撤下的由安排的人撤下；安排的人与客户经理同属一行"),
    """
    select planned.id from customers_plannedvisit as planned
    join grids_staff as officer on officer.id = planned.officer_id join grids_staff as putter on putter.id = planned.put_by_id
    left join customers_plannedvisit as later on later.follows_id = planned.id
    left join customers_plannedvisit as before on before.id = planned.follows_id
    where (planned.postponed_to is not null) <> (later.id is not null)
       or later."on" <> planned.postponed_to or later.officer_id <> planned.officer_id
       or (planned.follows_id is not null and (before.subject_id, before.wanted) is distinct from (planned.subject_id, planned.wanted))
       or planned.withdrawn_by_id <> planned.put_by_id
       or officer.institution_id <> planned.institution_id or putter.institution_id <> planned.institution_id
    """,
)

# --- Consent ----------------------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.files_stand_on_consent",
    _("每一版档案收到时，这户最后一次说的是同意采集"),
    """
    select profile.id from customers_profile as profile
    join customers_visit as visit on visit.id = profile.visit_id
    left join lateral (
        select consent.how not in ('withdrawn', 'refused') as is_given from customers_consent as consent
        where consent.subject_id = visit.subject_id and consent.whose_id is null and consent.given_at <= visit.received_at
          and (consent.scopes ? 'collection' or consent.refused ? 'collection')
        order by consent.given_at desc, consent.id desc limit 1
    ) as last on true
    where last.is_given is distinct from true
    """,
)
rule_by_sql(
    "customers.signatures_are_sealed",
    _("签名都是密封保存的文件，属于所签的那一户；查询征信都有签名和用途"),
    """
    select consent.id from customers_consent as consent left join lib_storedfile as file on file.id = consent.signature_id
    where (consent.how in ('drawn', 'photo')) <> (file.id is not null)
       or (file.id is not null and (not file.is_encrypted or file.kind <> 'consent' or file.subject_id <> consent.subject_id))
       or (consent.how not in ('withdrawn', 'refused') and consent.scopes ? 'credit_query' and (file.id is null or consent.credit_purpose = ''))
    """,
)

# --- Files ------------------------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.revisions_have_no_gap",
    _("每户档案的版次从 1 起连续"),
    """
    select subject_id from customers_profile group by subject_id
    having min(number) <> 1 or max(number) <> count(*) or count(distinct number) <> count(*)
        or array_agg(id order by number) <> array_agg(id order by id)
    """,
)


@rule_by_sample("customers.totals_are_those_of_the_document", _("档案合计与明细一致，明细与提交时的摘要一致"))
def _wrong_totals(sample: int) -> Iterator[int]:
    for profile in sampled(Profile.objects.only("document", "document_hash", *TOTALS), sample):
        totals = economics.totals(profile.document)
        if profile.document_hash != economics.digest(profile.document) or any(
            getattr(profile, name) != getattr(totals, name) for name in TOTALS
        ):
            yield profile.pk


rule_by_sql(
    "customers.every_revision_has_its_facts",
    _("每版档案都有一行测算数据，归属与档案一致，违约行数与所记相符"),
    """
    select 'customers_profile:' || profile.id
    from customers_profile as profile left join customers_householdfacts as facts on facts.profile_id = profile.id
    where (facts.subject_id, facts.number, facts.institution_id, facts.grid_id)
          is distinct from (profile.subject_id, profile.number, profile.institution_id, profile.grid_id)
    union all
    select 'customers_householdfacts:' || facts.profile_id from customers_householdfacts as facts
    where (facts.breaches is not null or exists (select from customers_breachfact as listed where listed.profile_id = facts.profile_id))
      and coalesce(facts.breaches, 0) <> (select count(*) from customers_breachfact as listed
                                          where listed.profile_id = facts.profile_id and listed.grid_id = facts.grid_id)
    """,
)


@rule_by_sample("customers.facts_are_those_of_the_document", _("测算数据由采集表重读，分毫不差"))
def _other_facts(sample: int) -> Iterator[int]:
    for row in sampled(HouseholdFacts.objects.select_related("profile__form"), sample):
        if not reads_again(row):
            yield row.pk


rule_by_sql(
    "customers.a_file_is_checked_by_another",
    _("复核人不是走访人、同访人或采集人"),
    """
    select done.id from customers_profilecheck as done
    join customers_profile as profile on profile.id = done.profile_id join customers_visit as visit on visit.id = profile.visit_id
    where done.checker_id in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id)
    """,
)
rule_by_sql(
    "customers.lists_need_two",
    _("名单由另一人确认，名册由另一人确认"),
    """
    select 'customers_listentry:' || id from customers_listentry where confirmed_by_id = proposed_by_id
    union all
    select 'customers_rosterimport:' || id from customers_rosterimport
    where confirmed_by_id = uploaded_by_id and not confirmed_from_console
    """,
)
rule_by_sql(
    "customers.releases_need_two",
    _("移出名单的，都由一人提出、另一人在同一时刻确认"),
    """
    select entry.id from customers_listentry as entry
    where (entry.released_at is not null and entry.superseded_by_id is null and not exists (
              select from customers_listrelease as release
              where release.entry_id = entry.id and release.confirmed_at = entry.released_at
                and release.confirmed_by_id = entry.released_by_id and release.confirmed_by_id <> release.asked_by_id))
       or (entry.released_at is null and exists (
              select from customers_listrelease as release where release.entry_id = entry.id and release.confirmed_at is not null))
    """,
)

rule_by_sql(
    "customers.white_is_one_and_free",
    _("一户至多一条生效的白名单，有成员在名单内的户没有；被取代的名单，取代它的在同一时刻确认"),
    """
    select entry.id from customers_listentry as entry
    where (entry.colour = 'white' and entry.confirmed_at is not null and entry.released_at is null and exists (
              select from customers_listentry as other
              where other.subject_id = entry.subject_id and other.id <> entry.id and (other.colour = 'white' or other.blocks)
                and other.confirmed_at is not null and other.released_at is null
                and (select person.left_on from customers_person as person where person.id = other.person_id) is null))
       or (entry.superseded_by_id is not null and not exists (
              select from customers_listentry as next
              where next.id = entry.superseded_by_id and next.confirmed_at = entry.released_at and entry.colour = 'white'))
    """,
)
rule_by_sql(
    "customers.reviews_move_the_date",
    _("名单的复核日期是最近一次复核定的日期"),
    """
    select entry.id from customers_listentry as entry
    join lateral (select review.next_on from customers_listreview as review where review.entry_id = entry.id
                  order by review.id desc limit 1) as last on true
    where entry.review_on is distinct from last.next_on
    """,
)

rule_by_sql(
    "customers.merges_are_what_they_say",
    _("合并由两个人办理；作为重复离户的人都有一条没有撤销的合并，合并了的人都已离户"),
    """
    select merge.id from customers_personmerge as merge join customers_person as person on person.id = merge.gone_id
    where merge.confirmed_by_id = merge.asked_by_id or merge.undone_by_id = merge.undo_asked_by_id
       or (merge.confirmed_at is not null and merge.undone_at is null and person.left_on is null)
    union all
    select person.id from customers_person as person
    where person.left_reason = 'duplicate' and not exists (
        select from customers_personmerge as merge
        where merge.gone_id = person.id and merge.confirmed_at is not null and merge.undone_at is null)
    """,
)

# --- First events (Semantics, section 2), in both directions -----------------------------------------------------------


def reached_by(kind: str, events: str, *, slack: str = "0 seconds") -> str:
    """Return the statement that finds milestones of a kind without an event, and events of the open campaign that no
    milestone counts. ``events`` selects subject and instant; ``slack`` is how long after the event the milestone may be."""
    return f"""
    with event(subject_id, at) as materialized ({events})
    select reached.subject_id from customers_milestone as reached
    where reached.kind = '{kind}' and not exists (
        select from event where event.subject_id = reached.subject_id
                            and reached.reached_at between event.at and event.at + interval '{slack}')
    union
    select event.subject_id from event
    join customers_subject as subject on subject.id = event.subject_id
    join grids_campaign as campaign on campaign.institution_id = subject.institution_id and campaign.is_open
        and event.at >= campaign.from_on::timestamp at time zone 'Asia/Shanghai'
    where not exists (
        select from customers_milestone as reached
        where reached.campaign_id = campaign.id and reached.subject_id = event.subject_id and reached.kind = '{kind}'
          and reached.reached_at <= event.at + interval '{slack}')
    """  # noqa: S608  constants of this project


FIRST = """
    select coalesce(event.subject_id, reached.subject_id)
    from ({events}) as event(campaign_id, subject_id, at)
    full join (select campaign_id, subject_id, reached_at from customers_milestone where kind = '{kind}') as reached
        on reached.campaign_id = event.campaign_id and reached.subject_id = event.subject_id
    where event.at is distinct from reached.reached_at
"""
rule_by_sql(
    "customers.visited_is_the_first_visit",
    _("“已走访”恰为活动内首次见到人或联系上的走访"),
    FIRST.format(
        kind="visited",
        events="select campaign_id, subject_id, min(received_at) from customers_visit "
        "where campaign_id is not null and outcome not in ('nobody', 'moved') group by campaign_id, subject_id",
    ),
)
rule_by_sql(
    "customers.visits_are_counted_as_they_are",
    _("走访统计里每个时段的户数、次数和有效走访，正是走访记录里的"),
    """
    select coalesce(kept.starts_on, counted.starts_on)
    from (
        select institution_id, span, starts_on, kind, sum(subjects) as subjects, sum(effective) as effective, sum(own_subjects) as own,
               sum(own_effective) as own_effective, sum(visits) as visits, sum(effective_visits) as effective_visits
        from customers_visittally group by institution_id, span, starts_on, kind
    ) as kept
    full join (
        select institution_id, span, starts_on, kind, sum(subjects) as subjects, sum(effective) as effective, sum(own_subjects) as own,
               sum(own_effective) as own_effective, sum(visits) as visits, sum(effective_visits) as effective_visits
        from lib.visit_tallies(null) group by institution_id, span, starts_on, kind
    ) as counted using (institution_id, span, starts_on, kind)
    where (kept.subjects, kept.effective, kept.own, kept.own_effective, kept.visits, kept.effective_visits)
        is distinct from
        (counted.subjects, counted.effective, counted.own, counted.own_effective, counted.visits, counted.effective_visits)
    """,
)
rule_by_sql(
    "customers.what_waits_is_unchecked",
    _("复核队列里恰是每户还没有结论的最新一版"),
    """
    select coalesce(waiting.subject_id, newest.subject_id)
    from customers_waitingfile as waiting
    full join (
        select profile.subject_id, profile.id, profile.grid_id, profile.submitted_at
        from customers_profile as profile
        where not exists (select from customers_profilecheck as done where done.profile_id = profile.id)
          and not exists (select from customers_profile as newer where newer.subject_id = profile.subject_id and newer.number > profile.number)
    ) as newest on newest.subject_id = waiting.subject_id
    where (waiting.profile_id, waiting.grid_id, waiting.submitted_at) is distinct from (newest.id, newest.grid_id, newest.submitted_at)
    """,
)
rule_by_sql(
    "customers.profiled_is_the_first_revision",
    _("“已建档”恰为活动内首次提交的档案"),
    FIRST.format(
        kind="profiled",
        events="select visit.campaign_id, profile.subject_id, min(profile.submitted_at) from customers_profile as profile "
        "join customers_visit as visit on visit.id = profile.visit_id where visit.campaign_id is not null "
        "group by visit.campaign_id, profile.subject_id",
    ),
)
rule_by_sql(
    "customers.checked_is_an_acceptance",
    _("“已复核”都有对应的复核通过，活动内的复核通过都已计入"),
    reached_by(
        "checked",
        "select subject_id, checked_at from customers_profilecheck where verdict = 'accepted'",
    ),
)

rule_by_sql(
    "customers.changes_are_what_was_found",
    _("大额变化的前后数字，就是同一份档案前后两版的合计"),
    """
    select flag.id from customers_changeflag as flag
    join customers_profile as profile on profile.id = flag.profile_id
    join customers_profile as base on base.id = flag.base_id
    where base.subject_id <> profile.subject_id or flag.subject_id <> profile.subject_id or base.number >= profile.number
       or flag.before <> (to_jsonb(base) ->> flag.figure)::numeric or flag.after <> (to_jsonb(profile) ->> flag.figure)::numeric
    """,
)
rule_by_sql(
    "customers.changes_are_proved_and_settled_by_another",
    _("大额变化有证明才确认，处理的人没有参与那次走访"),
    """
    select flag.id from customers_changeflag as flag
    join customers_profile as profile on profile.id = flag.profile_id
    join customers_visit as visit on visit.id = profile.visit_id
    where flag.settled_by_id in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id)
       or (flag.outcome = 'confirmed'
           and not exists (select from customers_changeproof as proof where proof.flag_id = flag.id))
    """,
)

rule_by_sql(
    "customers.checks_in_hand_wait",
    _("分给人的复核都还在等，分到的人没有参与那次走访"),
    """
    select task.id from customers_checktask as task
    join customers_profile as profile on profile.id = task.profile_id
    join customers_visit as visit on visit.id = profile.visit_id
    where task.checker_id in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id)
       or task.subject_id <> profile.subject_id
       or (task.closed_at is null and (
           exists (select from customers_profilecheck as done where done.profile_id = profile.id)
           or exists (select from customers_profile as newer
                      where newer.subject_id = profile.subject_id and newer.number > profile.number)))
    """,
)
rule_by_sql(
    "customers.contact_plans_follow_their_visit",
    _("联系计划和同一户、没有面谈成的走访在一起，由走访人或录入人做"),
    """
    select plan.id from customers_contactplan as plan join customers_visit as visit on visit.id = plan.visit_id
    where visit.subject_id <> plan.subject_id or visit.outcome <> plan.why or visit.outcome not in ('away', 'refused')
       or plan.made_by_id not in (visit.lead_id, coalesce(visit.typed_by_id, visit.lead_id))
    """,
)

# --- Rosters ------------------------------------------------------------------------------------------------------------

rule_by_sql(
    "customers.rosters_add_up",
    _("已导入名册的户数和人数，等于新增、不变、变更等各类之和，也等于各村之和"),
    """
    select roster.id
    from customers_rosterimport as roster, lateral jsonb_to_record(roster.summary -> 'totals') as whole(
             "new" bigint, unchanged bigint, changed bigint, listed bigint, "left" bigint,
             people_new bigint, people_unchanged bigint, people_changed bigint, people_left bigint, moves bigint)
    where roster.state = 'written' and (
        whole.new + whole.unchanged + whole.changed + whole.listed + whole.left
            is distinct from (roster.summary ->> 'households')::bigint
        or whole.people_new + whole.people_unchanged + whole.people_changed + whole.people_left + whole.moves
            is distinct from (roster.summary ->> 'people')::bigint
        or (select coalesce(sum((village.figures ->> 'new')::bigint), 0) from jsonb_each(roster.summary -> 'villages') as village(grid, figures))
            is distinct from whole.new
        or (select count(*) from customers_moverequest as move where move.roster_id = roster.id) > whole.moves)
    """,
)
rule_by_sql(
    "customers.remarks_go_with_a_returned_roster",
    _("名册的逐行意见，都随另一人的退回写下，所说的行和列文件里都有"),
    """
    select remark.id from customers_rosterremark as remark join customers_rosterimport as roster on roster.id = remark.roster_id
    where roster.state <> 'discarded' or roster.answer = '' or roster.discarded_by_id = roster.uploaded_by_id
       or roster.summary #> array['header', 'places', remark.column_name] is null
       or not exists (select from jsonb_array_elements(roster.summary -> 'spans') as span
                      where remark.row between (span ->> 0)::bigint and (span ->> 1)::bigint)
    """,
)
rule_by_sql(
    "customers.confirmed_rosters_are_written",
    _("名册只有确认后才写入，写入的都有确认人"),
    "select id from customers_rosterimport where state in ('writing', 'written') and confirmed_by_id is null "
    "or state in ('checking', 'checked', 'broken', 'discarded') and confirmed_by_id is not null",
)
