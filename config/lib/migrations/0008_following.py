from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Append-only rows may be routed anew, also where the database computes columns."""

    dependencies = [("lib", "0007_documents")]
    operations = [from_file(Path(__file__).parent.parent / "sql" / "append_only.sql")]
