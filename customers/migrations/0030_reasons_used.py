from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Which released reasons a check chose from; how many results keep them and the rules for people filed twice."""

    dependencies = [("customers", "0029_contact_plans"), ("lib", "0009_signed_consents")]

    operations = [
        migrations.AddField(
            model_name="profilecheck",
            name="release",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="lib.release",
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "reasons.sql"),
    ]
