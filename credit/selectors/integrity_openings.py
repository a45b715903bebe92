"""Rules of openings: what was opened is what is there now."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from credit.domain import proof
from credit.models import SheetProof
from credit.selectors.openings import opened_content

rule_by_sql(
    "credit.opened_sheets_have_their_proof",
    _("开启时每张计入的评议表都记下了内容的指纹，别的没有"),
    """
    select round.id
    from credit_round as round
    cross join lateral (
        select count(proof.sheet_id) as proofs, count(*) filter (where sheet.state = 'sealed') as counted,
               bool_or(proof.sheet_id is not null and sheet.state <> 'sealed') as other
        from credit_sheet as sheet left join credit_sheetproof as proof on proof.sheet_id = sheet.id
        where sheet.round_id = round.id
    ) as held
    where held.other or held.proofs not in (0, held.counted)
       or (held.proofs > 0 and not exists (select from credit_openingevent as opening where opening.round_id = round.id))
    """,
)


rule_by_sql(
    "credit.supplements_know_nothing",
    _("补充评议的户都在原轮次的名册上，评议员没有看过意见，决定都写在原轮次"),
    """
    select 'credit_sheetsubject:' || row.id
    from credit_round as round join credit_sheetsubject as row on row.round_id = round.id
    where round.parent_id is not null and not exists (
        select from credit_sheetsubject as above
        where above.round_id = round.parent_id and above.subject_id = row.subject_id and above.is_assessable)
    union all
    select 'credit_sheet:' || sheet.id
    from credit_round as round join credit_sheet as sheet on sheet.round_id = round.id
    where round.parent_id is not null and exists (
        select from credit_sheet as other join credit_round as family on family.id = other.round_id
        where (family.id = round.parent_id or family.parent_id = round.parent_id) and family.id <> round.id
          and (sheet.assessor_id in (other.assessor_id, other.typist_id, other.confirmer_id)
               or other.assessor_name = sheet.assessor_name))
    union all
    select 'credit_decision:' || decision.id
    from credit_decision as decision join credit_round as round on round.id = decision.round_id
    where round.parent_id is not null
    """,
)


@rule_by_sample("credit.opinions_are_those_that_were_opened", _("评议意见与开启时记下的指纹相符"))
def _other_opinions(sample: int) -> Iterator[int]:
    for kept in sampled(SheetProof.objects.all(), sample):
        if proof.fingerprint(opened_content(kept.pk)) != kept.sha256:
            yield kept.pk
