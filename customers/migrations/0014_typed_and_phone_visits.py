from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.lib.sql import from_file


class Migration(migrations.Migration):
    """Who typed a visit, who was called; the typist does not check either."""

    dependencies = [
        ("customers", "0013_household_life"),
        ("grids", "0005_alter_grid_kind"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="called",
            field=models.CharField(
                blank=True,
                choices=[("self", "本人"), ("home", "家中联系人")],
                db_default="",
                default="",
                max_length=4,
                verbose_name="打给谁",
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="typed_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entry__in", ("paper", "file")), ("typed_by__isnull", False)),
                    models.Q(("entry__in", ("page", "api")), ("typed_by__isnull", True)),
                    _connector="OR",
                ),
                name="typed_visit_names_its_typist",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "phone"), models.Q(("called", ""), _negated=True)),
                    models.Q(models.Q(("channel", "phone"), _negated=True), ("called", "")),
                    _connector="OR",
                ),
                name="phone_visit_says_who_was_called",
            ),
        ),
        from_file(Path(__file__).parent.parent / "sql" / "checking.sql"),
    ]
