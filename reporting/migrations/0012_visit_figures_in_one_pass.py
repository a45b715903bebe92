from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """The four spans are counted in one pass."""

    dependencies = [("reporting", "0011_visit_figures")]

    operations = [from_file(Path(__file__).parent.parent / "sql" / "visits.sql")]
