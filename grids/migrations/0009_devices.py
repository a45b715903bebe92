from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """The register of devices, and tokens that end with the device they were made on."""

    dependencies = [
        ("grids", "0008_digests"),
    ]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asset_number", models.CharField(max_length=30, verbose_name="资产编号")),
                (
                    "kind",
                    models.CharField(
                        choices=[("phone", "手机"), ("pad", "平板"), ("laptop", "笔记本"), ("desktop", "台式机")],
                        max_length=7,
                        verbose_name="类型",
                    ),
                ),
                ("model", models.CharField(blank=True, default="", max_length=60, verbose_name="型号")),
                ("serial_tail", models.CharField(max_length=4, verbose_name="序列号尾号")),
                ("serial_index", models.BinaryField()),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="备注")),
                ("retired_on", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                ("registered_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
                    ),
                ),
                (
                    "registered_by",
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
            name="DeviceIssue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("issued", "已发放，待启用"),
                            ("commissioned", "使用中"),
                            ("returned", "已交回"),
                            ("lost", "已报失"),
                            ("revoked", "已注销"),
                        ],
                        default="issued",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("issued_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("code_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("code_until", models.DateTimeField(null=True)),
                ("secret_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("commissioned_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True, verbose_name="最近使用")),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=200, verbose_name="说明")),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="grids.device"
                    ),
                ),
                (
                    "ended_by",
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
                    "issued_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="领用人",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apitoken",
            name="device",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to="grids.deviceissue"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(fields=("institution", "asset_number"), name="asset_number_once"),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(fields=("institution", "serial_index"), name="serial_number_once"),
        ),
        migrations.AddIndex(
            model_name="deviceissue",
            index=models.Index(fields=["staff", "state"], name="devices_of_staff"),
        ),
        migrations.AddConstraint(
            model_name="deviceissue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["issued", "commissioned", "lost"])),
                fields=("device",),
                name="device_in_one_hand",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("issued_by", models.F("staff")), _negated=True), name="nobody_issues_to_himself"
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceissue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("commissioned_at__isnull", False),
                        ("state", "commissioned"),
                        models.Q(("secret_sha256", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "commissioned"), _negated=True), ("secret_sha256", "")),
                    _connector="OR",
                ),
                name="only_commissioned_devices_have_a_secret",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceissue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True),
                        ("ended_by__isnull", True),
                        ("state__in", ["issued", "commissioned"]),
                    ),
                    models.Q(
                        models.Q(("state__in", ["issued", "commissioned"]), _negated=True),
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="device_issue_ends_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceissue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "revoked"), _negated=True),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="device_loss_closed_by_somebody",
            ),
        ),
        from_file(SQL / "devices.sql"),
    ]
