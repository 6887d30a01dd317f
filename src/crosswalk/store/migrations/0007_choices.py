"""What people choose: a value for a hold, a candidate for an ambiguous match."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds `hold.chosen` and `match_choice`."""

    dependencies = [("store", "0006_mapped_fields")]

    operations = [
        migrations.AddField(model_name="hold", name="chosen", field=models.BinaryField(null=True)),
        migrations.CreateModel(
            name="MatchChoice",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection",
                        "object",
                        "record_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("object", models.TextField()),
                ("record_id", models.TextField()),
                (
                    "candidates",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("contact_id", models.TextField(null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=models.deletion.CASCADE, to="store.connection"
                    ),
                ),
            ],
            options={"db_table": "match_choice"},
        ),
    ]
