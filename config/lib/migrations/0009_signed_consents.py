from django.db import migrations, models


class Migration(migrations.Migration):
    """A sealed signature is a kind of file of its own: opened on its page, on record."""

    dependencies = [("lib", "0008_following")]

    operations = [
        migrations.AlterField(
            model_name="storedfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("photo", "照片"),
                    ("document", "文件"),
                    ("roster", "名册原件"),
                    ("export", "导出文件"),
                    ("report", "报表"),
                    ("consent", "签署的同意"),
                ],
                max_length=10,
            ),
        ),
    ]
