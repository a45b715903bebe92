from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Kinds of seats are kept on a page: who may sit on them, when they closed, and what the database keeps."""

    dependencies = [("grids", "0003_nobody_appoints_himself")]
    operations = [
        migrations.AddField("seatkind", "closed_on", models.DateField(blank=True, null=True, verbose_name="停用日期")),
        migrations.AddField(
            "seatkind",
            "taken_by",
            models.CharField(
                choices=[("any", "员工或外部人员"), ("staff", "只限员工"), ("outside", "只限外部人员")],
                default="any",
                max_length=7,
                verbose_name="由谁担任",
            ),
        ),
        migrations.RunSQL("update grids_seatkind set taken_by = 'staff' where covers", migrations.RunSQL.noop),
        migrations.AddConstraint(
            "seatkind",
            models.UniqueConstraint(
                condition=Q(closed_on__isnull=True), fields=("institution", "name"), name="seat_kind_named_once"
            ),
        ),
        migrations.AddConstraint(
            "seatkind", models.CheckConstraint(condition=Q(places__gte=1), name="seat_kind_has_a_place")
        ),
        migrations.AddConstraint(
            "seatkind",
            models.CheckConstraint(condition=Q(covers=False) | ~Q(taken_by="outside"), name="owner_is_staff"),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "seat_kinds.sql"),
    ]
