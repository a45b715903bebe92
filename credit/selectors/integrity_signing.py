"""Rules of signing: contracts rest on grants, cards on contracts, drawings on snapshots; lists keep the order they were drawn in."""

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sql
from customers.selectors.integrity import reached_by

rule_by_sql(
    "credit.contracts_rest_on_grants",
    _("签约金额等于批准的额度，签约人不是审批人，每笔额度只签一次，次序没有缺号"),
    """
    select signed.id from credit_signing as signed
    where (signed.outcome = 'signed' and not exists (
               select from credit_decisionstep as step
               where step.decision_id = signed.decision_id and step.verb = 'approve' and step.amount = signed.amount
                 and step.staff_id <> signed.staff_id and step.taken_at <= signed.taken_at))
       or not exists (select from credit_decision as decision
                      where decision.id = signed.decision_id and decision.subject_id = signed.subject_id)
       or signed.number <> (select count(*) from credit_signing as earlier
                            where earlier.decision_id = signed.decision_id and earlier.number <= signed.number)
       or exists (select from credit_signing as earlier where earlier.decision_id = signed.decision_id
                  and earlier.number < signed.number and earlier.outcome = 'signed')
    """,
)
rule_by_sql(
    "credit.cards_and_drawings_rest_on_contracts",
    _("卡和首次用信都属于同一户已签约的额度，用信金额等于快照所载"),
    """
    select 'credit_card:' || card.id from credit_card as card join credit_signing as signed on signed.id = card.signing_id
    where signed.outcome <> 'signed' or signed.subject_id <> card.subject_id or card.taken_at < signed.taken_at
    union all
    select 'credit_drawing:' || drawn.id from credit_drawing as drawn join credit_signing as signed on signed.id = drawn.signing_id
    where signed.outcome <> 'signed' or signed.subject_id <> drawn.subject_id
       or not exists (select from credit_coresnapshot as taken where taken.id = drawn.snapshot_id and taken.state in ('in_force', 'superseded'))
    """,
)
rule_by_sql(
    "credit.call_lists_keep_their_order",
    _("走访单的次序由抽取时的种子重算，户数相符，每户都在这一轮的名册上"),
    """
    select listed.id from credit_calllist as listed
    where listed.size <> (select count(*) from credit_callentry as entry where entry.call_list_id = listed.id)
       or exists (
           select from (
               select entry.place, entry.subject_id, row_number() over (
                   order by encode(sha256(convert_to(listed.seed || ':' || entry.subject_id, 'UTF8')), 'hex') collate "C") as drawn
               from credit_callentry as entry where entry.call_list_id = listed.id) as one
           where one.place <> one.drawn or not exists (
               select from credit_sheetsubject as roster where roster.round_id = listed.round_id and roster.subject_id = one.subject_id))
    """,
)
# A row and its milestone are written in one transaction, but each reads the clock.
rule_by_sql(
    "credit.signed_is_a_contract",
    _("“签约”都有合同，活动内的签约都已计入"),
    reached_by("signed", "select subject_id, taken_at from credit_signing where outcome = 'signed'", slack="1 minute"),
)
rule_by_sql(
    "credit.carded_is_a_card",
    _("“发卡”都有卡，活动内发的卡都已计入"),
    reached_by("carded", "select subject_id, taken_at from credit_card", slack="1 minute"),
)
rule_by_sql(
    "credit.drawn_is_in_a_snapshot",
    _("“用信”都见于核心系统快照，活动内的首次用信都已计入"),
    reached_by("drawn", "select subject_id, taken_at from credit_drawing", slack="1 minute"),
)
rule_by_sql(
    "credit.white_lists_are_settled_by_two",
    _("白名单和回执都由两人办理，户数相符，回执逐户有答复"),
    """
    select 'credit_whitelist:' || listed.id from credit_whitelist as listed
    where listed.settled_by_id = listed.made_by_id
       or listed.size <> (select count(*) from credit_whiterow as row where row.white_list_id = listed.id)
    union all
    select 'credit_receipt:' || receipt.id from credit_receipt as receipt join credit_whitelist as listed on listed.id = receipt.white_list_id
    where receipt.settled_by_id = receipt.imported_by_id
       or listed.size <> (select count(*) from credit_receiptrow as answer where answer.receipt_id = receipt.id)
    """,
)
