"""Trials: two texts of a model compared on a frozen population, and that it was done, by whom and with what found."""

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit
from config.lib.models import ParameterDraft, Release
from credit.domain.model import ParameterError
from credit.domain.model.compiling import TooWide
from credit.models import Population, Trial
from credit.selectors.comparing import Side, compared, refusal_of
from credit.selectors.populations import smallest_group
from grids.access import Staff
from grids.services import Refused


@transaction.atomic
def try_out(*, population: Population, before: Side, after: Side, staff: Staff, post_id: int | None) -> Trial:
    """Compare and keep it; raises Refused with what to do when the comparison cannot be made."""
    if population.frozen_at is None or population.retired_at is not None or not population.households:
        raise Refused(_("这个总体不能用，请另选一个"))
    rules, smallest = smallest_group(population.institution_id)
    try:
        figures = compared(population, before, after, smallest)
    except (TooWide, ParameterError) as error:
        raise Refused(refusal_of(error)) from error
    row = after.text.row
    trial = Trial.objects.create(
        institution_id=population.institution_id,
        population=population,
        draft=row if isinstance(row, ParameterDraft) else None,
        version=row if isinstance(row, Release) else None,
        digest=after.model.digest,
        before=before.kept(),
        after=after.kept(),
        figures=figures,
        rules=rules,
        tried_by=staff,
    )
    audit.record(
        staff=staff,
        post_id=post_id,
        verb="model_tried",
        about="model_trial",
        about_id=trial.pk,
        detail={"population": population.pk, "after": after.model.digest[:12], "before": before.model.digest[:12]},
    )
    return trial
