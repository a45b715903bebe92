from pathlib import Path

from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """What a frozen week remembers of its lists, and the functions that count."""

    dependencies = [
        ("customers", "0002_procedures"),
        ("reporting", "0002_samples"),
    ]

    operations = [
        migrations.AddField(
            model_name="weeklyreport",
            name="parameters",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="reportrow",
            name="owner_id",
            field=models.BigIntegerField(null=True),
        ),
        # The first freeze comes after this: no row is waiting for these values.
        migrations.AddField(
            model_name="countedmilestone",
            name="grid_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="countedmilestone",
            name="on_roster",
            field=models.BooleanField(default=True),
            preserve_default=False,
        ),
        from_file(Path(__file__).parent.parent / "sql" / "progress.sql"),
    ]
