from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Whose roster files a post handles."""

    dependencies = [("customers", "0003_same_as_last_time_and_rejection")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "rosters.sql")]
