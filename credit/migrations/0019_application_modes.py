from pathlib import Path

from django.db import migrations, models
from django.db.models.functions import Least

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Ways in bind an application: caps are the released ones, and what is proposed lies within every bound."""

    dependencies = [
        ("credit", "0018_closed_counts"),
        ("customers", "0040_beside_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="combined_room",
            field=models.DecimalField(
                decimal_places=2, max_digits=14, null=True, verbose_name="线上线下合计余量（元）"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proposed_amount__isnull", True),
                    (
                        "proposed_amount__lte",
                        Least("product_cap", "headroom", "combined_room", "model_line", "merged_amount"),
                    ),
                    _connector="OR",
                ),
                name="proposed_within_every_bound",
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "applications.sql"),
    ]
