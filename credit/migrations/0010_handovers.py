from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Explanations handed to customers, and how many keep a released notice."""

    dependencies = [
        ("credit", "0009_parameter_uses"),
        ("customers", "0035_waiting_files"),
        ("grids", "0011_reach_from_seats"),
        ("lib", "0009_signed_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LineHandover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "language",
                    models.CharField(choices=[("zh-hans", "中文"), ("en", "英文")], max_length=10, verbose_name="语言"),
                ),
                ("post_kind", models.CharField(max_length=20)),
                ("handed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "grid",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.institution",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"
                    ),
                ),
                (
                    "recorded_grid",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="credit.linerun",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="line_handovers",
                        to="customers.subject",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "-handed_at"], name="handovers_of_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ("zh-hans", "en"))), name="handed_over_in_a_known_language"
                    )
                ],
            },
        ),
        from_file(Path(__file__).parent.parent / "sql" / "handovers.sql"),
    ]
