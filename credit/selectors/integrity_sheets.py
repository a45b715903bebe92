"""Rules that stored sheets and the opinions of opened ones keep: who takes part in them, and what points came to."""

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sql

rule_by_sql(
    "credit.assessors_type_no_sheet",
    _("代录、核对评议表的人不是同村同一轮的评议员，也不是同一个人"),
    """
    select 'credit_sheet:' || sheet.id from credit_sheet as sheet where sheet.typist_id = sheet.confirmer_id
    union
    select 'credit_sheet:' || sheet.id
    from credit_sheet as sheet
    join credit_round as round on round.id = sheet.round_id
    join credit_round as kin on coalesce(kin.parent_id, kin.id) = coalesce(round.parent_id, round.id)
    join credit_sheet as other on other.round_id = kin.id and other.state <> 'withdrawn'
     and other.assessor_id in (sheet.typist_id, sheet.confirmer_id)
    where sheet.state <> 'withdrawn'
    """,
)
rule_by_sql(
    "credit.points_give_their_amount",
    _("按打分给出的额度都等于该轮打分表的额度"),
    """
    select 'credit_opinion:' || opinion.id
    from credit_opinion as opinion
    join credit_round as round on round.id = opinion.round_id
    where opinion.score <> '' and opinion.amount is distinct from (
        select max((band ->> 'amount')::numeric)
        from jsonb_array_elements(round.settings -> 'score' -> 'bands') as band
        where (band ->> 'least')::int <= (select sum(digit::int) from regexp_split_to_table(opinion.score, '') as digit))
    """,
)
