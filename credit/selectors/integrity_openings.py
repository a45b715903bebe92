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


@rule_by_sample("credit.opinions_are_those_that_were_opened", _("评议意见与开启时记下的指纹相符"))
def _other_opinions(sample: int) -> Iterator[int]:
    for kept in sampled(SheetProof.objects.all(), sample):
        if proof.fingerprint(opened_content(kept.pk)) != kept.sha256:
            yield kept.pk
