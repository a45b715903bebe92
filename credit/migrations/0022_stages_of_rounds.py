from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"
PASSED = """
insert into credit_roundstage (institution_id, grid_id, round_id, stage, entered_at, left_at)
select round.institution_id, round.grid_id, round.id, passed.stage, passed.entered_at, passed.left_at
from credit_round as round, lateral (values
    ('prepare', round.created_at, case when round.stage <> 'prepare' then coalesce(round.started_at, round.closed_at, round.stage_since) end),
    ('list', round.started_at, round.started_at),
    ('assess', round.started_at, case when round.stage <> 'assess' then coalesce(round.opened_at, round.stage_since) end),
    ('opening', coalesce(round.opened_at, case when round.stage = 'opening' then round.stage_since end), round.opened_at),
    ('decide', round.opened_at, case when round.stage <> 'decide' then coalesce(round.closed_at, round.stage_since) end),
    ('closed', round.closed_at, null)) as passed (stage, entered_at, left_at)
where passed.entered_at is not null
on conflict (round_id, stage) do nothing;
"""


class Migration(migrations.Migration):
    """More stages, when each was entered, supplements of a round; rounds from before get the stages their own days tell of."""

    dependencies = [
        ("credit", "0021_digests_of_populations"),
        ("grids", "0011_reach_from_seats"),
        ("lib", "0009_signed_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RoundStage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("prepare", "准备"),
                            ("list", "名单"),
                            ("assess", "评议中"),
                            ("opening", "开启中"),
                            ("decide", "决定"),
                            ("notice", "公示"),
                            ("sign", "签约"),
                            ("closed", "已结束"),
                        ],
                        max_length=8,
                    ),
                ),
                ("due_on", models.DateField(null=True, verbose_name="完成日期")),
                ("entered_at", models.DateTimeField(null=True)),
                ("left_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="round",
            name="one_running_round_per_grid",
        ),
        migrations.AddField(
            model_name="round",
            name="parent",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="supplements", to="credit.round"
            ),
        ),
        migrations.AlterField(
            model_name="round",
            name="stage",
            field=models.CharField(
                choices=[
                    ("prepare", "准备"),
                    ("list", "名单"),
                    ("assess", "评议中"),
                    ("opening", "开启中"),
                    ("decide", "决定"),
                    ("notice", "公示"),
                    ("sign", "签约"),
                    ("closed", "已结束"),
                ],
                default="prepare",
                max_length=8,
                verbose_name="阶段",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.UniqueConstraint(
                condition=models.Q(models.Q(("stage", "closed"), _negated=True), ("parent__isnull", True)),
                fields=("grid",),
                name="one_running_round_per_grid",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stage", "closed"), _negated=True),
                fields=("parent",),
                name="one_running_supplement",
            ),
        ),
        migrations.AddField(
            model_name="roundstage",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="roundstage",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="roundstage",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="负责人",
            ),
        ),
        migrations.AddField(
            model_name="roundstage",
            name="round",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="times", to="credit.round"
            ),
        ),
        migrations.AddConstraint(
            model_name="roundstage",
            constraint=models.UniqueConstraint(fields=("round", "stage"), name="stage_once_per_round"),
        ),
        *(from_file(SQL / name) for name in ("opening.sql", "stages.sql", "applications.sql")),
        migrations.RunSQL(PASSED, migrations.RunSQL.noop),
    ]
