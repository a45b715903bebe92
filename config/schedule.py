"""Every periodic job in one table: when (Asia/Shanghai), what, why."""

from celery.schedules import crontab

SCHEDULE = {
    # Runs whose message was lost with the broker, or whose worker died, are sent again.
    "sweep-runs": {"task": "lib.sweep", "schedule": 30.0},
    # A week is frozen on Monday 06:00; the daily repetition catches up a Monday on which nothing ran (Semantics, 2).
    "freeze-weeks": {"task": "reporting.freeze_due_weeks", "schedule": crontab(minute=0, hour=6)},
    "freeze-weeks-catch-up": {"task": "reporting.freeze_due_weeks", "schedule": crontab(minute=15, hour="7-23")},
    # Files that came in beside a visit are compared, and the day's flags proved complete (decision record 0017).
    "compare-changes": {"task": "customers.compare_changes", "schedule": crontab(minute=40, hour=2)},
    # People filed twice and photos used twice: looked for when nobody works (Semantics, section 8).
    "sweep-duplicates": {"task": "customers.sweep_duplicates", "schedule": crontab(minute=10, hour=2)},
    # Lines of the households that changed since the lines in force; after the night's comparison of sudden changes.
    "compute-changed-lines": {"task": "credit.compute_changed_lines", "schedule": crontab(minute=30, hour=3)},
    # Digests of what waits, from DIGEST_HOUR on; what failed is tried again, what was sent is not (decision record 0022).
    "send-digests": {"task": "grids.send_digests", "schedule": crontab(minute="3-59/15", hour="6-20")},
    # Transfers whose day has come, early in the day; the hourly repetition catches up a night on which nothing ran.
    "carry-out-transfers": {"task": "grids.carry_out_transfers", "schedule": crontab(minute=5, hour=0)},
    "carry-out-transfers-catch-up": {"task": "grids.carry_out_transfers", "schedule": crontab(minute=20, hour="1-23")},
    # Second checks of who is away or has left go to who is there; a file that waited for nobody too (decision record 0020).
    "share-checks": {"task": "customers.share_checks", "schedule": crontab(minute=35)},
}
