from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"
# What a draw stands on has kin among its arguments or its answer now.
GONE = """
drop function if exists acc.audit_figures(text, bigint[], bigint[]);
drop function if exists acc.freeze_population(bigint);
drop function if exists lib.audit_population(bigint, text, bigint[], bigint[]);
drop trigger if exists keep_draw on reporting_sampleitem;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0007_routing_copies"),
        ("grids", "0004_seat_kinds"),
        ("reporting", "0004_draws"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KinDeclaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("spouse", "配偶"),
                            ("parent", "父母或配偶的父母"),
                            ("child", "子女或其配偶"),
                            ("sibling", "兄弟姐妹或其配偶"),
                            ("other", "其他亲属"),
                        ],
                        max_length=7,
                        verbose_name="关系",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="备注")),
                ("is_late", models.BooleanField(default=False)),
                ("declared_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="sampleitem",
            name="added_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sampleitem",
            name="added_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="sampleitem",
            name="is_targeted",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="sampleitem",
            name="reason",
            field=models.TextField(blank=True, default="", verbose_name="理由"),
        ),
        migrations.AlterField(
            model_name="sampleitem",
            name="draw_hash",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="sampleitem",
            name="order",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="sampleitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("added_at", None),
                        ("added_by", None),
                        ("is_targeted", False),
                        ("order__isnull", False),
                        ("reason", ""),
                    ),
                    models.Q(
                        ("added_at__isnull", False),
                        ("added_by__isnull", False),
                        ("draw_hash", ""),
                        ("is_targeted", True),
                        ("order", None),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="drawn_or_targeted",
            ),
        ),
        migrations.AddField(
            model_name="kindeclaration",
            name="auditor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="kindeclaration",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="kin", to="reporting.sampleplan"
            ),
        ),
        migrations.AddField(
            model_name="kindeclaration",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="kindeclaration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("plan", "auditor", "subject"),
                name="kin_declared_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="kindeclaration",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_late", False), ("withdrawn_at", None), _connector="OR"),
                name="late_kin_is_not_taken_back",
            ),
        ),
        migrations.RunSQL(GONE, migrations.RunSQL.noop),
        from_file(SQL / "samples.sql"),
        from_file(SQL / "kin.sql"),
        from_file(SQL / "draws.sql"),
    ]
