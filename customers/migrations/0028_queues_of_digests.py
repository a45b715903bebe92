from pathlib import Path

from django.db import migrations

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """A job that writes digests asks for the queues of the person it writes to."""

    dependencies = [("customers", "0027_shared_checks")]
    operations = [from_file(SQL / "checking.sql"), from_file(SQL / "changes.sql")]
