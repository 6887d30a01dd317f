"""When runs start by themselves."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table of schedules."""

    dependencies = [("store", "0014_merge_order")]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "connection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="store.connection",
                    ),
                ),
                ("definition", models.JSONField()),
                ("set_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "schedule"},
        ),
    ]
