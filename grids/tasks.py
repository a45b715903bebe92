"""What the scheduler asks of the territory."""

from celery import shared_task

from config.lib.acting import job_frame
from grids.services import digests, transfers


@shared_task(name="grids.carry_out_transfers")
def carry_out_transfers() -> None:
    """Carry out the confirmed transfers whose day has come."""
    with job_frame(None, "transfers"):
        transfers.carry_out_due()


@shared_task(name="grids.send_digests")
def send_digests() -> None:
    """Send the digests that are due; each mail has transactions of its own."""
    digests.send_due()
