from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """The statistics of a large run's table are left to the database's own keeper: nobody waits for them."""

    dependencies = [("credit", "0014_laboratory")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "close_results.sql")]
