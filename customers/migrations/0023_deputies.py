from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Who stands in for whom does not check his files; what an officer has in hand, as counts."""

    dependencies = [("customers", "0022_moves_and_reviews"), ("grids", "0007_changes")]
    operations = [from_file(SQL / "checking.sql"), from_file(SQL / "holdings.sql")]
