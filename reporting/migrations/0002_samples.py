from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What an auditor must not see yet."""

    dependencies = [("reporting", "0001_initial")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "samples.sql")]
