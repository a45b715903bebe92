from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What of credit stands in the way of changing households."""

    dependencies = [("credit", "0007_sheet_pages"), ("customers", "0013_household_life")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "household_ties.sql")]
