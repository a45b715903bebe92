"""Whether the servers behind the product answer, and what the administrator should know about the installation."""

import json
import platform
import shutil
from datetime import datetime, timedelta
from typing import Any

import django
import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Q
from django.db.utils import DatabaseError
from kombu.exceptions import OperationalError

from config.lib import clock, jobs
from config.lib.models import JobRun

QUEUES = ("default", "batch", "opening")
TIMEOUT = 2
LITTLE_DISK = 0.10
OLD_BACKUP = timedelta(days=8)

_migrated = False


def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)


def broker_answers() -> bool:
    """Ping the broker, waiting at most two seconds."""
    try:
        with _broker() as broker:
            return bool(broker.ping())
    except redis.RedisError:
        return False


def database_answers() -> bool:
    """Ask the database for nothing; the connection is opened if need be."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def migrations_pending() -> bool:
    """Whether this code knows migrations the database has not had. Asked once until the answer is no: code does not change
    while it runs, and a database only moves forward."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return not _migrated


def missing() -> list[str]:
    """Return what keeps the installation from working; empty when all is up."""
    found = []
    if not database_answers():
        found.append("database")
    elif migrations_pending():
        found.append("migrations")
    if not broker_answers():
        found.append("broker")
    return found


def queue_lengths() -> dict[str, int] | None:
    """Return how many messages wait in each queue, or None when the broker does not answer."""
    try:
        with _broker() as broker:
            return {queue: int(broker.llen(queue)) for queue in QUEUES}  # type: ignore[arg-type]
    except redis.RedisError:
        return None


def workers() -> list[str] | None:
    """Return the names of the workers that answer within a second, or None when the broker does not."""
    try:
        return sorted(current_app.control.inspect(timeout=1).ping() or {})
    except (OperationalError, redis.RedisError):
        return None


def _versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        database = str(cursor.fetchone()[0])
    try:
        with _broker() as broker:
            told: dict[str, Any] = broker.info("server")  # type: ignore[assignment]
            server = f"{told.get('server_name', 'redis')} {told.get('valkey_version') or told.get('redis_version')}"
    except redis.RedisError:
        server = ""
    return {
        "Gedang": jobs.code_version() or "—",
        "Django": django.get_version(),
        "Python": platform.python_version(),
        "PostgreSQL": database.split(" ")[0],
        "Broker": server or "—",
    }


def last_backup() -> datetime | None:
    """Return when ``make backup`` last finished here, as it noted itself; None when it never did."""
    try:
        noted = json.loads((settings.DATA_DIR / "last-backup.json").read_text("utf-8"))
        return datetime.fromisoformat(noted["made_at"]).astimezone(clock.SHANGHAI)
    except (OSError, ValueError, KeyError):
        return None


def state(institution_id: int) -> dict[str, Any]:
    """Return the state of the installation for its administrator's page."""
    now = clock.now()
    disk = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else "/")
    made = last_backup()
    runs = JobRun.objects.filter(institution_id=institution_id).aggregate(
        living=Count("pk", filter=Q(state__in=["queued", "running"])),
        failed=Count("pk", filter=Q(state=JobRun.State.FAILED, finished_at__gte=now - timedelta(days=7))),
        last_done=Max("finished_at", filter=Q(state=JobRun.State.DONE)),
    )
    return {
        "missing": missing(),
        "queues": queue_lengths(),
        "versions": _versions(),
        "runs": runs,
        "disk_free": disk.free // 2**30,
        "disk_total": disk.total // 2**30,
        "disk_is_low": disk.free < disk.total * LITTLE_DISK,
        "backup": made,
        "backup_is_old": made is None or now - made > OLD_BACKUP,
        "mode": settings.MODE,
    }
