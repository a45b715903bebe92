from django.db import migrations, models


class Migration(migrations.Migration):
    """A document with a part not known is never released."""

    dependencies = [
        ("lib", "0009_signed_consents"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("document__unknown__isnull", True), ("document__unknown", []), _connector="OR"),
                name="release_has_no_unknown_part",
            ),
        ),
    ]
