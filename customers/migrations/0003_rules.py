from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Functions and triggers of this application, in the order in which they build on one another."""

    # An installation that had the last of the former migrations has all of this.
    replaces = [("customers", "0040_beside_files")]
    dependencies = [("customers", "0002_initial"), ("grids", "0003_rules")]
    operations = [
        migrations.RunSQL(
            "alter table customers_listentry add constraint one_white_in_a_household exclude using btree (subject_id with =) "
            "where (colour = 'white' and confirmed_at is not null and released_at is null) deferrable initially deferred",
            "alter table customers_listentry drop constraint one_white_in_a_household",
        ),
        # Functions name one another across files.
        migrations.RunSQL("set local check_function_bodies = off", migrations.RunSQL.noop),
        from_file(SQL / "procedures.sql"),
        from_file(SQL / "members.sql"),
        from_file(SQL / "subjects.sql"),
        from_file(SQL / "lists.sql"),
        from_file(SQL / "duplicates.sql"),
        from_file(SQL / "stranded.sql"),
        from_file(SQL / "copies.sql"),
        from_file(SQL / "profile_files.sql"),
        from_file(SQL / "holdings.sql"),
        from_file(SQL / "dayplans.sql"),
        from_file(SQL / "consents.sql"),
        from_file(SQL / "uses.sql"),
        from_file(SQL / "effective.sql"),
        from_file(SQL / "changes.sql"),
        from_file(SQL / "contacts.sql"),
        from_file(SQL / "reasons.sql"),
        from_file(SQL / "tallies.sql"),
        from_file(SQL / "life.sql"),
        from_file(SQL / "sharing.sql"),
        from_file(SQL / "checking.sql"),
        from_file(SQL / "facts.sql"),
        from_file(SQL / "changed.sql"),
        from_file(SQL / "rosters.sql"),
        from_file(SQL / "beside.sql"),
    ]
