from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Functions and triggers of this application, in the order in which they build on one another."""

    # An installation that had the last of the former migrations has all of this.
    replaces = [("lib", "0010_unknown_parts")]
    dependencies = [("lib", "0002_initial")]
    operations = [
        # Functions name one another across files.
        migrations.RunSQL("set local check_function_bodies = off", migrations.RunSQL.noop),
        from_file(SQL / "parameters.sql"),
        from_file(SQL / "append_only.sql"),
    ]
