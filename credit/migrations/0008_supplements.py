from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """A supplement is assessed by people who have seen nothing."""

    dependencies = [("credit", "0007_sheet_codes")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "opening.sql")]
