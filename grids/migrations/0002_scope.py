from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Scope of a post."""

    dependencies = [("lib", "0001_functions"), ("grids", "0001_initial")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "scope.sql")]
