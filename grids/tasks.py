"""What the scheduler asks of the territory."""

from celery import shared_task

from config.lib.acting import job_frame
from grids.services import transfers


@shared_task(name="grids.carry_out_transfers")
def carry_out_transfers() -> None:
    """Carry out the confirmed transfers whose day has come."""
    with job_frame(None, "transfers"):
        transfers.carry_out_due()
