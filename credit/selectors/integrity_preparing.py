"""Rules of prepared rounds: the frozen roster is there in full, stages follow one another."""

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sql

rule_by_sql(
    "credit.rounds_keep_their_roster",
    _("冻结时名册上的农户都在这一轮的名单上"),
    """
    select round.id from credit_round as round
    where (round.provenance ->> 'households')::bigint
          > (select count(*) from credit_sheetsubject as listed where listed.round_id = round.id)
    """,
)
rule_by_sql(
    "credit.rounds_know_their_stage",
    _("每一轮现在的阶段都记有进入时间，没有记离开"),
    """
    select round.id from credit_round as round
    where not exists (select from credit_roundstage as passed where passed.round_id = round.id and passed.stage = round.stage
                      and passed.entered_at is not null and passed.left_at is null)
    """,
)
