"""SQL files as migration operations: the file beside the migration is the source, read once when it is applied."""

from pathlib import Path

from django.db.migrations.operations import RunSQL


def from_file(path: Path) -> RunSQL:
    """Return the operation that runs a SQL file; its statements replace what was there, so there is nothing to undo."""
    return RunSQL(path.read_text("utf-8"), RunSQL.noop)
