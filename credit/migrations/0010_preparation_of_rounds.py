from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """People, plan, checklist and summary of a round; the list of its households is settled before the assessment."""

    dependencies = [
        ("credit", "0009_white_lists"),
        ("customers", "0004_signing"),
        ("grids", "0003_rules"),
        ("lib", "0003_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RoundDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="日期")),
                ("team", models.PositiveSmallIntegerField(verbose_name="小组")),
                ("households", models.PositiveSmallIntegerField(verbose_name="户数")),
                ("note", models.CharField(blank=True, default="", max_length=60, verbose_name="说明")),
            ],
        ),
        migrations.CreateModel(
            name="RoundPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(choices=[("director", "包村领导"), ("liaison", "联络员")], max_length=8)),
                ("name", models.CharField(blank=True, default="", max_length=50, verbose_name="姓名")),
            ],
        ),
        migrations.CreateModel(
            name="RoundTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=24)),
                ("done_on", models.DateField(verbose_name="完成日期")),
                ("note", models.CharField(blank=True, default="", max_length=100, verbose_name="说明")),
            ],
        ),
        migrations.CreateModel(
            name="VillageSummary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("document", models.JSONField(default=dict)),
                ("written_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="round",
            name="provenance",
            field=models.JSONField(default=dict, verbose_name="名册来源"),
        ),
        migrations.AddField(
            model_name="sheetsubject",
            name="borrower",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.person",
            ),
        ),
        migrations.AddField(
            model_name="sheetsubject",
            name="exception",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_adult", "没有成年借款人"),
                    ("away", "全家外出"),
                    ("declined", "本户不愿参加"),
                    ("other", "其他"),
                ],
                default="",
                max_length=10,
                verbose_name="例外",
            ),
        ),
        migrations.AddField(
            model_name="sheetsubject",
            name="is_attention",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="sheetsubject",
            name="is_white",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="sheetsubject",
            name="note",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="理由"),
        ),
        migrations.AlterField(
            model_name="sheetsubject",
            name="excluded_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("black", "黑名单"),
                    ("grey", "灰名单"),
                    ("attention", "关注名单（不评）"),
                    ("left", "已离册"),
                    ("no_adult", "没有成年借款人"),
                    ("away", "全家外出，联系不上"),
                    ("declined", "本户不愿参加"),
                    ("other", "其他"),
                ],
                default="",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("excluded_because", ""), ("is_assessable", True)),
                    models.Q(("is_assessable", False), models.Q(("excluded_because", ""), _negated=True)),
                    _connector="OR",
                ),
                name="left_out_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(("exception", ""), models.Q(("note", ""), _negated=True), _connector="OR"),
                name="exception_has_its_reason",
            ),
        ),
        migrations.AddField(
            model_name="roundday",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="roundday",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="roundday",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="plan", to="credit.round"
            ),
        ),
        migrations.AddField(
            model_name="roundperson",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="roundperson",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="roundperson",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="people", to="credit.round"
            ),
        ),
        migrations.AddField(
            model_name="roundperson",
            name="staff",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="checklist",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="done_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="credit.round"
            ),
        ),
        migrations.AddField(
            model_name="roundtask",
            name="subject",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
            ),
        ),
        migrations.AddField(
            model_name="villagesummary",
            name="form",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.release"),
        ),
        migrations.AddField(
            model_name="villagesummary",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="villagesummary",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="villagesummary",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="summaries", to="credit.round"
            ),
        ),
        migrations.AddField(
            model_name="villagesummary",
            name="written_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="roundday",
            constraint=models.UniqueConstraint(fields=("round", "on", "team"), name="team_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="roundday",
            constraint=models.CheckConstraint(
                condition=models.Q(("households__lte", 200), ("team__gte", 1), ("team__lte", 20)), name="team_can_do_it"
            ),
        ),
        migrations.AddConstraint(
            model_name="roundperson",
            constraint=models.UniqueConstraint(fields=("round", "role"), name="role_once_per_round"),
        ),
        migrations.AddConstraint(
            model_name="roundperson",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), ("staff__isnull", False)),
                    models.Q(("staff__isnull", True), models.Q(("name", ""), _negated=True)),
                    _connector="OR",
                ),
                name="round_person_is_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="roundtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject__isnull", True)), fields=("round", "code"), name="village_task_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="roundtask",
            constraint=models.UniqueConstraint(fields=("round", "subject", "code"), name="household_task_once"),
        ),
        migrations.AddConstraint(
            model_name="villagesummary",
            constraint=models.UniqueConstraint(fields=("round", "number"), name="summary_once_per_number"),
        ),
        *(from_file(SQL / name) for name in ("opening.sql", "preparing.sql")),
    ]
