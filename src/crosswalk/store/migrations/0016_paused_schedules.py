"""Schedules can rest."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds whether a schedule rests."""

    dependencies = [("store", "0015_schedules")]

    operations = [
        migrations.AddField("schedule", "paused", models.BooleanField(default=False)),
    ]
