from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """An entry of a member who left blocks nobody any more."""

    dependencies = [("reporting", "0007_blocking_lists"), ("customers", "0013_household_life")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "progress.sql")]
