"""Calls can be stopped."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds what stops calls."""

    dependencies = [("store", "0019_upkeep")]

    operations = [
        migrations.CreateModel(
            "Halt",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "connection",
                    models.OneToOneField("store.connection", on_delete=models.CASCADE, null=True),
                ),
                ("kind", models.TextField()),
                ("since", models.DateTimeField()),
            ],
            options={"db_table": "halt"},
        ),
    ]
