from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Visits and effective visits by branch, grid and officer."""

    dependencies = [("reporting", "0010_feature_grids"), ("customers", "0026_effective_visits")]

    operations = [from_file(Path(__file__).parent.parent / "sql" / "visits.sql")]
