from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Functions and triggers of this application, in the order in which they build on one another."""

    # An installation that had the last of the former migrations has all of this.
    replaces = [("credit", "0024_sheet_proofs")]
    dependencies = [("credit", "0002_initial"), ("customers", "0003_rules")]
    operations = [
        # Functions name one another across files.
        migrations.RunSQL("set local check_function_bodies = off", migrations.RunSQL.noop),
        from_file(SQL / "sealing.sql"),
        from_file(SQL / "household_ties.sql"),
        from_file(SQL / "uses.sql"),
        from_file(SQL / "handovers.sql"),
        from_file(SQL / "snapshots.sql"),
        from_file(SQL / "results.sql"),
        from_file(SQL / "laboratory.sql"),
        from_file(SQL / "stages.sql"),
        from_file(SQL / "applications.sql"),
        from_file(SQL / "opening.sql"),
    ]
