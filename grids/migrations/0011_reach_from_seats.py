from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """The grids a post reaches are found from its seats."""

    dependencies = [("grids", "0010_trainings")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "scope.sql")]
