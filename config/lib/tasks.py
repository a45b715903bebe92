"""The two tasks of the job engine: drive a run, and send lost runs again."""

from celery import shared_task

from config.lib import jobs


@shared_task(name="lib.drive")
def drive(run_id: int) -> None:
    """Work on a run until nothing is open."""
    jobs.drive_run(run_id)


@shared_task(name="lib.sweep", expires=30)
def sweep() -> None:
    """Send runs again whose messages or workers were lost."""
    jobs.sweep()
