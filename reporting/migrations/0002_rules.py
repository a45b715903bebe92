from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Functions and triggers of this application, in the order in which they build on one another."""

    # An installation that had the last of the former migrations has all of this.
    replaces = [("reporting", "0012_visit_figures_in_one_pass")]
    dependencies = [("reporting", "0001_initial"), ("credit", "0003_rules")]
    operations = [
        # Functions name one another across files.
        migrations.RunSQL("set local check_function_bodies = off", migrations.RunSQL.noop),
        from_file(SQL / "samples.sql"),
        from_file(SQL / "kin.sql"),
        from_file(SQL / "draws.sql"),
        from_file(SQL / "uses.sql"),
        from_file(SQL / "progress.sql"),
        from_file(SQL / "visits.sql"),
    ]
