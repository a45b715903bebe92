from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Applications of single households, and decisions that belong to one."""

    dependencies = [
        ("credit", "0015_closing_without_statistics"),
        ("customers", "0037_facts_of_older_files"),
        ("grids", "0011_reach_from_seats"),
        ("lib", "0009_signed_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApplicationDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=24, verbose_name="种类")),
                ("added_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApplicationStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("receive", "受理"),
                            ("investigate", "调查并测算"),
                            ("turn_down", "不予受理"),
                            ("cancel", "客户撤回"),
                        ],
                        max_length=11,
                    ),
                ),
                ("reason", models.TextField(blank=True, default="", verbose_name="理由")),
                ("detail", models.JSONField(default=dict)),
                ("post_kind", models.CharField(max_length=20)),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AlterField(
            model_name="decision",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("merged", "已合并"),
                    ("refused", "评议不予授信"),
                    ("supplement", "待补评议"),
                    ("divergent", "分歧"),
                    ("needs_file", "待建档"),
                    ("proposed", "已测算"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="round",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="credit.round"
            ),
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("counter", "柜面"),
                            ("phone", "电话"),
                            ("officer", "客户经理"),
                            ("referral", "转介绍"),
                        ],
                        max_length=8,
                        verbose_name="来源",
                    ),
                ),
                ("mode", models.CharField(max_length=24, verbose_name="方式")),
                ("purpose", models.CharField(max_length=24, verbose_name="用途")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="申请金额（元）")),
                ("months", models.PositiveSmallIntegerField(verbose_name="期限（月）")),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="说明")),
                ("settings", models.JSONField()),
                ("received_at", models.DateTimeField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("investigation", "调查中"),
                            ("proposal", "待客户经理提交"),
                            ("branch", "待支行审批"),
                            ("approval", "待业务审批"),
                            ("granted", "已授信"),
                            ("refused", "不予授信"),
                            ("cancelled", "客户撤回"),
                            ("revoked", "授信已撤回"),
                        ],
                        default="investigation",
                        max_length=13,
                    ),
                ),
                ("stage_since", models.DateTimeField()),
                ("due_on", models.DateField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
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
                    "line_rules",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_grid",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
                    ),
                ),
                (
                    "rules",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="applications", to="customers.subject"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="decision",
            name="application",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="credit.application",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("application", "number"), name="one_application_decision_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("application__isnull", True),
                        ("round__isnull", False),
                        models.Q(("outcome", "proposed"), _negated=True),
                    ),
                    models.Q(
                        ("application__isnull", False),
                        ("merged_amount__isnull", True),
                        ("round__isnull", True),
                        ("outcome__in", ("proposed", "needs_file")),
                    ),
                    _connector="OR",
                ),
                name="decided_in_a_round_or_on_an_application",
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="added_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="credit.application"
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="file",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="recorded_grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="applicationdocument",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="application",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="credit.application",
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="recorded_grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="staff",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="subject",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["grid", "stage", "due_on"], name="applications_by_stage"),
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("subject",), name="one_open_application"
            ),
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("months__gt", 0)), name="application_asks_for_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True), ("stage__in", ("investigation", "proposal", "branch", "approval"))
                    ),
                    models.Q(
                        ("ended_at__isnull", False), ("stage__in", ("granted", "refused", "cancelled", "revoked"))
                    ),
                    _connector="OR",
                ),
                name="application_ends_with_its_stage",
            ),
        ),
        migrations.AddIndex(
            model_name="applicationstep",
            index=models.Index(fields=["subject"], name="application_steps_of_subject"),
        ),
        migrations.AddConstraint(
            model_name="applicationstep",
            constraint=models.UniqueConstraint(
                fields=("application", "number"), name="one_application_step_per_number"
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "applications.sql"),
    ]
