import django.db.models.deletion
from django.db import migrations, models

KEY = """
set constraints all immediate;
delete from customers_persontoken as one using customers_persontoken as other
 where one.person_id = other.person_id and one.token = other.token and one.id > other.id;
drop index if exists customers_persontoken_person_id_4aabc806;
alter table customers_persontoken drop constraint customers_persontoken_pkey;
alter table customers_persontoken drop column id;
alter table customers_persontoken add primary key (person_id, token);
"""


class Migration(migrations.Migration):
    """A token is known by its person and itself."""

    dependencies = [("customers", "0005_token_without_constraint")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(KEY, migrations.RunSQL.noop)],
            state_operations=[
                migrations.DeleteModel("PersonToken"),
                migrations.CreateModel(
                    name="PersonToken",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "person_id", "token", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("institution_id", models.BigIntegerField()),
                        ("grid_id", models.BigIntegerField()),
                        ("token", models.CharField(db_collation="C", max_length=60)),
                        (
                            "person",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tokens",
                                to="customers.person",
                            ),
                        ),
                    ],
                ),
            ],
        )
    ]
