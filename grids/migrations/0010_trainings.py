from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Trainings and their attendance."""

    dependencies = [
        ("grids", "0009_devices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Training",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("start", "上岗培训"),
                            ("collection", "采集规范"),
                            ("product", "产品与授信"),
                            ("compliance", "合规与反洗钱"),
                            ("privacy", "个人信息保护"),
                            ("system", "系统操作"),
                            ("other", "其他"),
                        ],
                        max_length=10,
                        verbose_name="类别",
                    ),
                ),
                ("on", models.DateField(verbose_name="日期")),
                ("place", models.CharField(max_length=60, verbose_name="地点")),
                ("trainer", models.CharField(max_length=40, verbose_name="讲师")),
                ("hours", models.DecimalField(decimal_places=1, max_digits=4, verbose_name="学时")),
                ("has_test", models.BooleanField(default=False, verbose_name="有考核")),
                ("material", models.CharField(blank=True, default="", max_length=200, verbose_name="材料存放处")),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("cancelled_reason", models.CharField(blank=True, default="", max_length=100)),
                (
                    "branch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.branch",
                        verbose_name="机构",
                    ),
                ),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
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
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attendance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("invited", "已通知"), ("attended", "参加"), ("absent", "缺席")], max_length=8
                    ),
                ),
                ("passed", models.BooleanField(null=True, verbose_name="考核通过")),
                ("reason", models.CharField(blank=True, default="", max_length=100, verbose_name="说明")),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trainings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attendance", to="grids.training"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="training",
            index=models.Index(fields=["institution", "-on", "-id"], name="trainings_newest"),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(("hours__gt", 0), ("hours__lte", Decimal(99))), name="training_takes_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", True), ("cancelled_by__isnull", True), ("cancelled_reason", "")),
                    models.Q(
                        ("cancelled_at__isnull", False),
                        ("cancelled_by__isnull", False),
                        models.Q(("cancelled_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="training_cancelled_with_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="attendance",
            index=models.Index(fields=["staff", "training", "-number"], name="attendance_of_staff"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.UniqueConstraint(fields=("training", "staff", "number"), name="attendance_numbered"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(("recorded_by", models.F("staff")), _negated=True),
                name="nobody_attends_by_his_own_word",
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "absent"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="absence_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(("passed__isnull", True), ("state", "attended"), _connector="OR"),
                name="only_who_attended_is_tested",
            ),
        ),
        from_file(SQL / "trainings.sql"),
    ]
