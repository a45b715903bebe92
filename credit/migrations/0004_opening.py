from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What the stages of a round allow; the one opening."""

    dependencies = [("credit", "0003_rounds")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "opening.sql")]
