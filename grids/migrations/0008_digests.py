from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Mails about waiting tasks: what a person chose, and each mail of a day."""

    dependencies = [
        ("grids", "0007_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="staff",
            name="notices",
            field=models.CharField(
                choices=[("none", "不发"), ("daily", "每个工作日一封"), ("weekly", "每周一封，有逾期当天另发")],
                db_default="none",
                default="none",
                max_length=6,
                verbose_name="待办邮件",
            ),
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="日期")),
                (
                    "kind",
                    models.CharField(choices=[("daily", "每日"), ("weekly", "每周"), ("urgent", "逾期")], max_length=6),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "发送中"),
                            ("sent", "已发送"),
                            ("nothing", "没有待办，不发"),
                            ("failed", "未发出"),
                        ],
                        default="sending",
                        max_length=7,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("overdue", models.PositiveIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("unknown", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, default="", max_length=120)),
                ("claimed_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="digests", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["on", "state"], name="digests_of_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("staff", "on", "kind"), name="one_digest_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("unknown__lte", 1)), name="digest_repeated_once_at_most"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state", "sending")),
                            ("settled_at__isnull", False),
                            _connector="OR",
                        ),
                        name="digest_settled_has_a_time",
                    ),
                ],
            },
        ),
        from_file(SQL / "digests.sql"),
    ]
