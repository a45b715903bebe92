"""How many households a second a run of scheme S1 computes and stores, by one worker; reported, nothing is demanded."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

from bench.harness import Result, installation, peak_memory_megabytes

MEMBERS = [
    {"person": "1", "relation": "head", "labour": "able", "occupation": "farming", "away": False},
    {"person": "2", "relation": "spouse", "labour": "partial", "occupation": "farming", "away": False},
    {"person": "3", "relation": "son", "away": True},
]


def _document(number: int) -> dict[str, object]:
    """A file like those of the demo county, different for every household."""
    return {
        "version": 1,
        "borrower": "1",
        "shares_held": f"{number % 20 * 1000}.00",
        "judgement": ("excellent", "good", "fair")[number % 3],
        "grade": ("AAA", "AA", "A")[number % 3],
        "members": MEMBERS,
        "assets": [
            {"kind": "house", "current": f"{90_000 + number % 97 * 3_000}.00", "disposable": f"{40_000 + number % 41 * 1_000}.00"},
            {"kind": "machinery", "current": "12000.00", "disposable": "6000.00"},
            {"kind": "deposit", "current": f"{number % 53 * 700}.50", "disposable": f"{number % 53 * 700}.50"},
        ],
        "liabilities": [{"kind": "own_bank", "outstanding": f"{number % 31 * 1_500}.00"}],
        "guarantees": [],
        "income": [
            {"kind": "planting", "gross": f"{30_000 + number % 71 * 500}.00", "cost": "14000.00"},
            {"kind": "labour", "gross": f"{number % 61 * 900}.00"},
        ],
        "expenses": [{"kind": "living", "amount": "18000.00"}],
        "performance": {"status": ("normal", "normal", "none")[number % 3], "breaches": []},
        "needs": [],
    }  # fmt: skip


def _fill(households: int) -> object:
    """Write a bank with so many households, each with an accepted file; return the bank."""
    from config.lib import clock
    from customers.models import Profile, ProfileCheck, Subject, Visit
    from tests import world as world_module
    from tests.credit.files import release_models

    world = world_module.build()
    release_models(world)
    place = {"institution": world.bank, "grid": world.liu}
    recorded = {**place, "recorded_grid": world.liu}
    at = clock.now() - timedelta(days=2)
    for start in range(0, households, 5_000):
        numbers = range(start, min(start + 5_000, households))
        subjects = Subject.objects.bulk_create(Subject(**place, listed_on=at.date()) for _ in numbers)
        visits = Visit.objects.bulk_create(
            Visit(**recorded, client_uuid=uuid4(), content_hash="", subject=subject, lead=world.chen,
                  outcome="interviewed", device_at=at, received_at=at)
            for subject in subjects
        )  # fmt: skip
        profiles = Profile.objects.bulk_create(
            Profile(**recorded, subject=visit.subject, visit=visit, number=1, document=_document(number),
                    document_hash="", collector=world.chen, submitted_at=at)
            for number, visit in zip(numbers, visits, strict=True)
        )  # fmt: skip
        ProfileCheck.objects.bulk_create(
            ProfileCheck(**recorded, subject=profile.subject, profile=profile, checker=world.deng, verdict="accepted", checked_at=at)
            for profile in profiles
        )  # fmt: skip
    return world


def run(*, full: bool) -> Iterator[Result]:
    """Measure one worker from an empty result set to the figures of the run, then the current lines of a page."""
    households = 100_000 if full else 5_000
    with installation():
        from django.db import connection

        from config.lib import jobs
        from credit.models import LineResult, LineRun
        from credit.selectors.lines import current_line
        from credit.services.lines import publish_run
        from tests.credit.files import started

        world = _fill(households)
        with connection.cursor() as cursor:
            cursor.execute("analyze")
        jobs.drive_run(
            started(world, grid=world.zhao).run_id
        )  # an empty village: imports and first plans are not measured
        line_run = started(world)
        begun, worked = time.perf_counter(), time.process_time()
        jobs.drive_run(line_run.run_id)
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        line_run = LineRun.objects.select_related("run").get(pk=line_run.pk)
        written = LineResult.objects.filter(run=line_run).count()
        if written != households:
            raise RuntimeError(f"{written} results for {households} households: {line_run.run.error}")
        yield Result(
            "one worker",
            written / seconds,
            "rows/s",
            details={"rows": written, "seconds": round(seconds, 2), "worker_seconds": round(worked, 2)},
        )
        begun = time.perf_counter()
        publish_run(run=line_run, staff=world.gao)
        yield Result("publish", (time.perf_counter() - begun) * 1000, "ms", details={"rows": written})
        subjects = list(LineResult.objects.values_list("subject_id", flat=True)[:20])
        begun = time.perf_counter()
        current_line(subjects)
        yield Result("current lines of 20 households", (time.perf_counter() - begun) * 1000, "ms")
        yield Result("peak memory", peak_memory_megabytes(), "MB")
