"""How long sightings wait, how long edits take, and why a run failed."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds when a sighting was seen first and edited, the failure of a run, and the histogram of latencies."""

    dependencies = [("store", "0016_paused_schedules")]

    operations = [
        migrations.AddField("inbox", "waits_since", models.DateTimeField(null=True)),
        migrations.AddField("inbox", "edited_at", models.DateTimeField(null=True)),
        migrations.AddField("run", "failure", models.TextField(default="", db_default="")),
        migrations.AddIndex(
            model_name="run", index=models.Index(fields=["connection", "id"], name="run_by_connection")
        ),
        migrations.CreateModel(
            name="Latency",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection", "bound", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bound", models.FloatField()),
                ("count", models.BigIntegerField()),
                ("seconds", models.FloatField()),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="store.connection"
                    ),
                ),
            ],
            options={"db_table": "latency"},
        ),
    ]
