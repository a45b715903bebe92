"""A kind of long work for tests with real workers: each chunk takes a while inside its transaction and leaves one row.

A worker that is started by a test imports it (``celery worker --include tests.lib.slow_job``).
"""

import os
from typing import Any

from django.db import connection

from config.lib import audit, jobs
from config.lib.models import JobRun

KIND = "test_slow"
QUEUE = os.environ.get("TEST_QUEUE", "test-slow")
SECONDS = 0.5


def work(run: JobRun, payload: Any) -> None:
    audit.record(staff=None, verb=KIND, about="chunk", about_id=payload)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(%s)", [SECONDS])


def finish(run: JobRun) -> dict[str, Any]:
    audit.record(staff=None, verb=f"{KIND}_finished", about="run", about_id=run.pk)
    return {"finished": True}


jobs.register(jobs.Job(kind=KIND, title="slow", work=work, finish=finish, queue=QUEUE))
