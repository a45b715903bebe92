from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Check queue and erasure."""

    dependencies = [("customers", "0001_initial")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "procedures.sql")]
