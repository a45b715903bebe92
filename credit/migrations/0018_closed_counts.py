from pathlib import Path

from django.db import migrations

import credit.models.rounds
from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Hand-written questions of a web process learn nothing from the plan of a draft, nor from a refused handing on."""

    dependencies = [("credit", "0017_direction_checks")]
    operations = [
        migrations.AlterField(
            model_name="draftcell",
            name="version",
            field=credit.models.rounds.OpaqueCount(default=0),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "opening.sql"),
    ]
