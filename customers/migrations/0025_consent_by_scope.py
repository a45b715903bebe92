from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

# A notice from before scopes asked for collection as a whole, and for the position where it named it.
FORMER = """
update customers_consent set scopes = case when scopes ? 'position' then '["collection", "position"]'::jsonb else '["collection"]'::jsonb end
where not scopes ? 'collection'
"""


class Migration(migrations.Migration):
    """Consent scope by scope: what was agreed to, how, by whom, and what stands."""

    dependencies = [
        ("customers", "0024_day_plans"),
        ("grids", "0005_alter_grid_kind"),
        ("lib", "0009_signed_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StandingConsent",
            fields=[
                (
                    "consent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="customers.consent",
                    ),
                ),
                ("institution_id", models.BigIntegerField()),
                ("scope", models.CharField(max_length=12)),
                ("is_given", models.BooleanField()),
                ("notice_version", models.PositiveIntegerField()),
                ("how", models.CharField(max_length=9)),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "db_table": "customers_standing_consent",
                "managed": False,
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="credit_purpose",
            field=models.CharField(
                blank=True,
                choices=[("lending", "审批贷款"), ("post_loan", "贷后管理"), ("guarantee", "审查担保人")],
                db_default="",
                default="",
                max_length=9,
                verbose_name="征信查询用途",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="guardian",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.person",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="refused",
            field=models.JSONField(db_default=[], default=list, verbose_name="不同意的范围"),
        ),
        migrations.AddField(
            model_name="consent",
            name="signature",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="lib.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="whose",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.person",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="how",
            field=models.CharField(
                choices=[
                    ("spoken", "当面宣读，口头同意"),
                    ("signed", "签字"),
                    ("drawn", "当场签名"),
                    ("photo", "纸上签字，已拍照"),
                    ("refused", "不同意"),
                    ("withdrawn", "撤回"),
                ],
                max_length=9,
                verbose_name="方式",
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                condition=models.Q(("how__in", ("withdrawn", "refused"))),
                fields=["institution", "subject"],
                name="consents_taken_back",
            ),
        ),
        migrations.RunSQL(FORMER, migrations.RunSQL.noop),
        from_file(Path(__file__).parent.parent / "sql" / "consents.sql"),
        from_file(Path(__file__).parent.parent / "sql" / "uses.sql"),
    ]
