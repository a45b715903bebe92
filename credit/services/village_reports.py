"""The report of a village, kept in the transaction that closes its round; from then on it never moves."""

from typing import Any

from config.lib import clock
from config.lib.releases import document_hash
from credit.domain.stages import CLOSED, DECIDE, SIGN
from credit.models import Round, VillageReport
from credit.selectors.village_reports import measured, report_rules
from credit.services.stages import work
from grids.access import Post, Staff


@work((DECIDE, CLOSED))
@work((SIGN, CLOSED))
def keep_report(by: Staff, _post: Post, round: Round) -> dict[str, object]:
    """Measure and keep the report of a round that closes; a supplement has none, its parent's report tells of it."""
    if round.parent_id is not None:
        return {}
    at = clock.now()
    rules = report_rules(round.institution_id)
    whole: Any = Round.objects.select_related("grid__branch", "grid__institution", "owner").get(pk=round.pk)
    document = measured(whole, at, rules)
    kept = VillageReport.objects.create(
        institution_id=round.institution_id,
        grid_id=round.grid_id,
        round=round,
        rules=rules,
        document=document,
        sha256=document_hash(document),
        made_by=by,
        made_at=at,
    )
    return {"report": kept.sha256[:16], "granted": document["counts"]["granted"], "amount": document["amount"]}
