from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Cases of people filed twice and photos used twice; the merge of two persons and its undoing."""

    dependencies = [
        ("customers", "0015_parameter_uses"),
        ("grids", "0004_seat_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SimilarCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phone", "同一手机号"),
                            ("name_birth", "同名同生日"),
                            ("pinyin_village", "同村同音"),
                            ("photo", "同一张照片"),
                        ],
                        max_length=14,
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待核对"), ("different", "不是同一人"), ("gone", "已不再相同")],
                        db_default="open",
                        default="open",
                        max_length=9,
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                ("is_red", models.BooleanField(default=False)),
                ("rules_version", models.PositiveIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.institution",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200, verbose_name="依据")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("rejected_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, default="", max_length=200, verbose_name="答复")),
                ("undo_reason", models.CharField(blank=True, default="", max_length=200, verbose_name="撤销理由")),
                ("undo_asked_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "gone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.person",
                    ),
                ),
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
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.person"
                    ),
                ),
                (
                    "recorded_grid",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
                    ),
                ),
                (
                    "rejected_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
                    ),
                ),
                (
                    "undo_asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges",
                        to="customers.similarcase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SimilarDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
                ("decided_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="customers.similarcase",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            ],
        ),
        migrations.CreateModel(
            name="SimilarMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("settled", models.BooleanField(db_default=False, default=False)),
                ("gone_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="customers.similarcase"
                    ),
                ),
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
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.person"
                    ),
                ),
                (
                    "recorded_grid",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="similarcase",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["institution", "opened_at"], name="similar_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="similarcase",
            constraint=models.UniqueConstraint(fields=("institution", "kind", "key"), name="similar_once"),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True),
                    models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="merge_needs_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_by__isnull", True),
                    models.Q(("undone_by", models.F("undo_asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="undo_needs_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gone", models.F("kept")), _negated=True), models.Q(("reason", ""), _negated=True)
                ),
                name="merge_is_of_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("rejected_at__isnull", True), ("undone_at__isnull", True)),
                fields=("gone",),
                name="merged_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="similardecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="similar_decision_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="similarmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person__isnull", False)), fields=("case", "person"), name="similar_person_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="similarmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person__isnull", True)), fields=("case", "subject"), name="similar_household_once"
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "duplicates.sql"),
    ]
