from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What blocks a household is said by the list entry itself."""

    dependencies = [("reporting", "0006_running_count"), ("customers", "0010_lists_in_full")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "progress.sql")]
