from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """How many results keep a released parameter."""

    dependencies = [("customers", "0014_typed_and_phone_visits"), ("lib", "0006_parameter_drafts")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "uses.sql")]
