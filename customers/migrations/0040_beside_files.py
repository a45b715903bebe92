from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What a model asks of one household beyond its file."""

    dependencies = [
        ("customers", "0039_roster_remarks"),
    ]

    operations = [
        from_file(Path(__file__).parent.parent / "sql" / "beside.sql"),
    ]
