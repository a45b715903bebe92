from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What was signed, carded or drawn of a withdrawn grant is taken out again."""

    dependencies = [("reporting", "0002_rules"), ("customers", "0004_signing")]

    operations = [from_file(Path(__file__).parent.parent / "sql" / "progress.sql")]
