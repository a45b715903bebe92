from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Functions and triggers of this application, in the order in which they build on one another."""

    # An installation that had the last of the former migrations has all of this.
    replaces = [("grids", "0011_reach_from_seats")]
    dependencies = [("grids", "0002_initial"), ("lib", "0003_rules")]
    operations = [
        # Functions name one another across files.
        migrations.RunSQL("set local check_function_bodies = off", migrations.RunSQL.noop),
        from_file(SQL / "seat_kinds.sql"),
        from_file(SQL / "staff_imports.sql"),
        from_file(SQL / "changes.sql"),
        from_file(SQL / "digests.sql"),
        from_file(SQL / "devices.sql"),
        from_file(SQL / "trainings.sql"),
        from_file(SQL / "scope.sql"),
    ]
