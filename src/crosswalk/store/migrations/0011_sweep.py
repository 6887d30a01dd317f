"""Where the sweep of a feed's records stands."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty: none has begun."""

    dependencies = [("store", "0010_lives")]

    operations = [migrations.AddField("feed", "sweep", models.TextField(default=""))]
