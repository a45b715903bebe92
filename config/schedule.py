"""Every periodic job in one table: when (Asia/Shanghai), what, why."""

from celery.schedules import crontab

SCHEDULE = {
    # Runs whose message was lost with the broker, or whose worker died, are sent again.
    "sweep-runs": {"task": "lib.sweep", "schedule": 30.0},
    # A week is frozen on Monday 06:00; the daily repetition catches up a Monday on which nothing ran (Semantics, 2).
    "freeze-weeks": {"task": "reporting.freeze_due_weeks", "schedule": crontab(minute=0, hour=6)},
    "freeze-weeks-catch-up": {"task": "reporting.freeze_due_weeks", "schedule": crontab(minute=15, hour="7-23")},
    # People filed twice and photos used twice: looked for when nobody works (Semantics, section 8).
    "sweep-duplicates": {"task": "customers.sweep_duplicates", "schedule": crontab(minute=10, hour=2)},
}
