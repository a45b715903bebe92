"""The campaign that counts."""

from grids.models import Campaign


def open_campaign(institution_id: int) -> Campaign | None:
    """Return the open campaign of an institution; None between two campaigns."""
    return Campaign.objects.filter(institution_id=institution_id, is_open=True).first()
