import uuid
from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Photos of paper sheets: drafted, sealed with the sheet, kept after the opening."""

    dependencies = [("credit", "0006_fewer_indexes_of_results")]

    operations = [
        migrations.AddField(model_name="sealedsheet", name="pages", field=models.BinaryField(null=True)),
        migrations.CreateModel(
            name="DraftPage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("place", models.PositiveSmallIntegerField()),
                ("value", models.BinaryField()),
                (
                    "sheet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="draft_pages",
                        to="credit.sheet",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sheet", "place"), name="one_draft_page_per_place")],
            },
        ),
        migrations.CreateModel(
            name="SheetPage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("place", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(choices=[("photo", "照片"), ("note", "没有照片的原因")], max_length=5)),
                ("value", models.BinaryField()),
                (
                    "grid",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
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
                    "sheet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pages",
                        to="credit.sheet",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sheet", "place"), name="one_page_per_place")],
            },
        ),
        from_file(Path(__file__).parent.parent / "sql" / "opening.sql"),
    ]
