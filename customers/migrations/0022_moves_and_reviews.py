from pathlib import Path

from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Requests of a roster keep the relation; reviews of a list entry follow its person; a head completes a listed household."""

    dependencies = [("customers", "0021_files_of_visits"), ("lib", "0008_following")]
    operations = [
        migrations.AddField(
            model_name="moverequest",
            name="relation",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "life.sql"),
    ]
