from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Files of visits: settled once, by a second person."""

    dependencies = [
        ("customers", "0020_figures_that_agree"),
        ("grids", "0005_alter_grid_kind"),
        ("lib", "0006_parameter_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        from_file(Path(__file__).parent.parent / "sql" / "profile_files.sql"),
        migrations.CreateModel(
            name="ProfileFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="文件")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("broken", "有错误，未写入"),
                            ("waiting", "待确认"),
                            ("writing", "写入中"),
                            ("written", "已写入"),
                            ("failed", "没有写完"),
                            ("rejected", "不同意"),
                        ],
                        max_length=8,
                    ),
                ),
                ("subjects", models.PositiveIntegerField(default=0)),
                ("written", models.PositiveIntegerField(default=0)),
                ("repeated", models.PositiveIntegerField(default=0)),
                ("problems", models.JSONField(default=list)),
                ("refused", models.JSONField(default=list)),
                ("uploaded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_from_console", models.BooleanField(default=False)),
                ("answer", models.CharField(blank=True, default="", max_length=200, verbose_name="答复")),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.branch"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lib.storedfile",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"
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
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lib.jobrun",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["branch", "-uploaded_at"], name="profile_files_of_branch")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_by__isnull", True),
                            ("settled_from_console", True),
                            models.Q(("settled_by", models.F("uploaded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="profile_file_needs_two_people",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "writing"))),
                        fields=("branch", "file_sha256", "form"),
                        name="profile_file_waits_once",
                    ),
                ],
            },
        ),
    ]
