"""Migration operations: SQL files, whose source is the file beside the migration, and all tables of an application at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db.migrations.operations import CreateModel, RunSQL
from django.db.migrations.operations.base import Operation


def from_file(path: Path) -> RunSQL:
    """Return the operation that runs a SQL file; its statements replace what was there, so there is nothing to undo."""
    return RunSQL(path.read_text("utf-8"), RunSQL.noop)


class AllAtOnce(Operation):
    """Operations whose tables are made in their last shape.

    Django would draw up every related model anew after each field, constraint and index: half a minute for an empty database. Here it
    does so once. A table made among these operations gets its fields, constraints and indexes with it; only what concerns other
    tables is done by itself.
    """

    atomic = True
    reversible = False
    reduces_to_sql = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change the picture of the models, drawn up when it is next looked at."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the tables, then change the others."""
        made = {operation.name_lower for operation in self.operations if isinstance(operation, CreateModel)}
        for operation in self.operations:
            about = getattr(operation, "model_name", "").lower()
            if about not in made:
                operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Return what is done, in words."""
        return f"All at once: {len(self.operations)} operations"
