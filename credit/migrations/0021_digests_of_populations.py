from django.db import migrations


class Migration(migrations.Migration):
    """Populations frozen before their digest was kept get the digest of what they hold today."""

    dependencies = [("credit", "0020_laboratory_rules")]
    operations = [
        migrations.RunSQL(
            "update credit_population set digest = lib.digest_of_population(id) where frozen_at is not null",
            migrations.RunSQL.noop,
        )
    ]
