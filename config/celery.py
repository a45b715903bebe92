"""The Celery application: queues, schedule, and tasks found in every app."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gedang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_routes = {"credit.opening.*": {"queue": "opening"}, "lib.batch": {"queue": "batch"}}
app.autodiscover_tasks(["config.lib", "grids", "customers", "credit", "reporting"])


@app.on_configure.connect
def _take_schedule(sender: Celery, **_: object) -> None:
    from config.schedule import SCHEDULE

    sender.conf.beat_schedule = SCHEDULE
