from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Feature grids show what others count: they are no territory of a report."""

    dependencies = [("reporting", "0009_parameter_uses"), ("grids", "0005_alter_grid_kind")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "progress.sql")]
