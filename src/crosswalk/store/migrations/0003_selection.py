"""Links know whether their CRM record is selected; crossings tell when time alone changes that."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0002_versions")]

    operations = [
        migrations.AddField("link", "selected", models.BooleanField(default=True)),
        migrations.AddIndex(
            "link",
            models.Index(fields=["connection"], condition=models.Q(selected=False), name="link_not_selected"),
        ),
        migrations.CreateModel(
            name="Crossing",
            fields=[
                ("object", models.TextField()),
                ("record_id", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="store.connection"
                    ),
                ),
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
            ],
            options={"db_table": "crossing"},
        ),
        migrations.AddIndex(
            "crossing", models.Index(fields=["connection", "object", "at"], name="crossing_at")
        ),
    ]
