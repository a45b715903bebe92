from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Businesses and units move to another grid, confirmed by both sides."""

    dependencies = [("customers", "0032_proof_of_items")]

    operations = [from_file(Path(__file__).parent.parent / "sql" / "life.sql")]
