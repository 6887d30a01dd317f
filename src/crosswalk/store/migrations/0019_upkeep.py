"""Where the removal of old rows stands."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds a row for each table that old rows are removed from."""

    dependencies = [("store", "0018_budgets")]

    operations = [
        migrations.CreateModel(
            name="Upkeep",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("rests_until", models.DateTimeField()),
            ],
            options={"db_table": "upkeep"},
        ),
    ]
