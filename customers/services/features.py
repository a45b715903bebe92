"""Feature grids (特色网格): a subject is shown there beside its home grid, which alone counts it (Semantics, section 1)."""

from typing import Any

from django.db import IntegrityError, transaction

from config.lib import audit, clock
from customers.models import Subject, SubjectGrid
from grids.access import Grid


def show_in(*, staff: Any, post_id: int | None, subject: Subject, feature: Grid) -> None:
    """Show a subject in a feature grid from today; one that is shown there already stays as it is."""
    try:
        with transaction.atomic():
            SubjectGrid.objects.create(
                institution_id=subject.institution_id,
                grid_id=subject.grid_id,
                recorded_grid_id=subject.grid_id,
                subject=subject,
                feature=feature,
                from_on=clock.today(),
                added_by=staff,
            )
            _record(staff, post_id, "feature_added", subject, feature.pk)
    except IntegrityError as error:
        if "in_a_feature_grid_once" not in str(error):
            raise


def take_out(*, staff: Any, post_id: int | None, member: SubjectGrid) -> None:
    """Show a subject in a feature grid no longer from today on; that it was stays on file."""
    with transaction.atomic():
        ended = SubjectGrid.objects.filter(pk=member.pk, to_on__isnull=True).update(
            to_on=clock.today(), removed_by=staff
        )
        if ended:
            _record(staff, post_id, "feature_removed", member.subject, member.feature_id)


def _record(staff: Any, post_id: int | None, verb: str, subject: Subject, feature_id: int) -> None:
    audit.record(
        staff=staff, verb=verb, about="subject", about_id=subject.pk, detail={"feature": feature_id}, post_id=post_id
    )
