from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Functions the guards stand on, before any table exists."""

    dependencies = []
    operations = [from_file(Path(__file__).parent.parent / "sql" / "functions.sql")]
