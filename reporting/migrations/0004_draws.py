from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


def _to(target, related_name="+", **more):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=target, **more)


class Migration(migrations.Migration):
    """A draw keeps its rules, its method and who drew; what an auditor found is stored before it is compared.

    No plan exists before this: the columns without a default meet empty tables. The functions of a draw follow in 0005, which
    they stand on.
    """

    dependencies = [
        ("customers", "0003_same_as_last_time_and_rejection"),
        ("grids", "0003_nobody_appoints_himself"),
        ("lib", "0004_export_scope"),
        ("reporting", "0003_weekly_facts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InspectionResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("comparison", models.JSONField()),
                ("is_deviation", models.BooleanField()),
                ("compared_at", models.DateTimeField(db_default=Now())),
                ("collector", _to(settings.AUTH_USER_MODEL)),
                ("grid", _to("grids.grid", db_index=False)),
                ("institution", _to("grids.institution", db_index=False)),
                ("recorded_grid", _to("grids.grid", db_index=False)),
                (
                    "inspection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="result",
                        to="reporting.inspection",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.RemoveField(model_name="inspection", name="comparison"),
        migrations.RemoveField(model_name="inspection", name="is_deviation"),
        migrations.AddField(
            model_name="inspection",
            name="finding",
            field=models.CharField(
                choices=[("met", "见到户内成员并核实"), ("stranger", "查无此户，或本人否认建档")],
                default=None,
                max_length=8,
                verbose_name="核实情况",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="inspection",
            name="found_on",
            field=models.DateField(default=None, verbose_name="核实日期"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="inspection",
            name="method",
            field=models.CharField(
                choices=[("visit", "实地走访"), ("phone", "电话核实")],
                default=None,
                max_length=5,
                verbose_name="核实方式",
            ),
            preserve_default=False,
        ),
        migrations.AddField(model_name="sampleplan", name="drawn_by", field=_to(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddField(
            model_name="sampleplan",
            name="method",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="抽样方法"),
        ),
        migrations.AddField(
            model_name="sampleplan", name="rules", field=_to("lib.release", default=None), preserve_default=False
        ),
        migrations.AlterField(
            model_name="sampleplan",
            name="replaces",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="reporting.sampleplan",
            ),
        ),
        migrations.AddConstraint(
            model_name="sampleplan",
            constraint=models.CheckConstraint(
                condition=models.Q(replaces__isnull=True) | ~models.Q(replaces_reason=""), name="new_draw_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="sampleplan",
            constraint=models.CheckConstraint(
                condition=models.Q(confidence_pct__gt=0, confidence_pct__lt=100)
                & models.Q(expected_pct__gte=0, expected_pct__lt=models.F("tolerable_pct"), tolerable_pct__lte=100),
                name="plan_ratios_are_ratios",
            ),
        ),
        from_file(SQL / "samples.sql"),
    ]
