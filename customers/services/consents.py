"""Withdrawal of consent to collection; what was collected before stays until the household asks for erasure."""

from typing import Any

from config.lib import audit, clock
from customers.models import Consent, Household
from customers.selectors.visits import newest_consent


class NothingToWithdrawError(Exception):
    """The household has given no consent, or has withdrawn it already."""


def withdraw(*, staff: Any, post_id: int | None, household: Household) -> Consent:
    """Record that a household withdrew its consent (PIPL, article 15); the next file needs a new one."""
    newest = newest_consent(household.pk)
    if newest is None or newest.how == Consent.How.WITHDRAWN:
        raise NothingToWithdrawError
    consent = Consent.objects.create(
        institution_id=household.institution_id,
        grid_id=household.grid_id,
        recorded_grid_id=household.grid_id,
        subject_id=household.pk,
        notice_version=newest.notice_version,
        scopes=newest.scopes,
        how=Consent.How.WITHDRAWN,
        given_at=clock.now(),
        taken_by=staff,
    )
    audit.record(staff=staff, verb="withdraw_consent", about="household", about_id=household.pk, post_id=post_id)
    return consent
