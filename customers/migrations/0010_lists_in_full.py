from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Reviews, files, reasons of attention that block, white of one member; grey has a review date, six months where it had none."""

    dependencies = [
        ("customers", "0009_members_of_visits"),
        ("grids", "0004_seat_kinds"),
        ("lib", "0004_export_scope"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            "update customers_listentry set review_on = (coalesce(confirmed_at, proposed_at)::date + interval '6 months')::date "
            "where colour = 'grey' and review_on is null",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="ListFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="文件")),
                ("source", models.CharField(max_length=100, verbose_name="来源")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("broken", "有错误，未写入"),
                            ("waiting", "待确认"),
                            ("confirmed", "已确认"),
                            ("rejected", "不同意"),
                        ],
                        max_length=9,
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("problems", models.JSONField(default=list)),
                ("uploaded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, default="", max_length=200, verbose_name="答复")),
            ],
        ),
        migrations.CreateModel(
            name="ListReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("former_on", models.DateField(null=True)),
                ("next_on", models.DateField(verbose_name="下次复核")),
                ("reason", models.CharField(max_length=200, verbose_name="继续列入的理由")),
                ("reviewed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveIndex(
            model_name="listentry",
            name="blocked_subjects",
        ),
        migrations.AddField(
            model_name="listentry",
            name="superseded_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.listentry",
            ),
        ),
        migrations.AddField(
            model_name="listentry",
            name="tag_blocks",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="listentry",
            name="is_sensitive",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="listentry",
            name="blocks",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.ExpressionWrapper(
                    models.Q(("colour__in", ["black", "grey"]), ("tag_blocks", True), _connector="OR"),
                    models.BooleanField(),
                ),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddField(
            model_name="listentry",
            name="reasons_version",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="listfile",
            name="branch",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.branch"
            ),
        ),
        migrations.AddField(
            model_name="listfile",
            name="file",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lib.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="listfile",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="listfile",
            name="settled_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="listfile",
            name="uploaded_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="listentry",
            name="file",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="customers.listfile"
            ),
        ),
        migrations.AddIndex(
            model_name="listentry",
            index=models.Index(
                condition=models.Q(("blocks", True), ("confirmed_at__isnull", False), ("released_at__isnull", True)),
                fields=["grid", "subject"],
                name="blocked_by_list",
            ),
        ),
        migrations.AddIndex(
            model_name="listentry",
            index=models.Index(
                condition=models.Q(
                    ("confirmed_at__isnull", False), ("released_at__isnull", True), ("review_on__isnull", False)
                ),
                fields=["grid", "review_on"],
                name="list_reviews_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("colour", "grey"), ("confirmed_at__isnull", False), ("review_on__isnull", True), _negated=True
                ),
                name="grey_is_reviewed",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("colour", "white"), _negated=True), ("person__isnull", False), _connector="OR"
                ),
                name="white_is_one_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("tag_blocks", False), ("colour", "attention"), _connector="OR"),
                name="only_attention_blocks_by_tag",
            ),
        ),
        migrations.RunSQL(
            "alter table customers_listentry add constraint one_white_in_a_household exclude using btree (subject_id with =) "
            "where (colour = 'white' and confirmed_at is not null and released_at is null) deferrable initially deferred",
            "alter table customers_listentry drop constraint one_white_in_a_household",
        ),
        migrations.AddField(
            model_name="listreview",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="customers.listentry"
            ),
        ),
        migrations.AddField(
            model_name="listreview",
            name="grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="listreview",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.institution"
            ),
        ),
        migrations.AddField(
            model_name="listreview",
            name="recorded_grid",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="grids.grid"
            ),
        ),
        migrations.AddField(
            model_name="listreview",
            name="reviewed_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="listreview",
            name="subject",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.subject"
            ),
        ),
        migrations.AddIndex(
            model_name="listfile",
            index=models.Index(fields=["branch", "-uploaded_at"], name="list_files_of_branch"),
        ),
        migrations.AddConstraint(
            model_name="listfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled_by__isnull", True),
                    models.Q(("settled_by", models.F("uploaded_by")), _negated=True),
                    _connector="OR",
                ),
                name="list_file_needs_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="listfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("branch", "file_sha256"), name="list_file_waits_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="listreview",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="list_review_has_a_reason"
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "lists.sql"),
    ]
