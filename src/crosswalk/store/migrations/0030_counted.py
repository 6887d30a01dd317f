"""Links that are not open are counted without reading all links."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("store", "0029_by_hand")]

    operations = [
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                fields=["connection", "state", "closed_reason"],
                condition=~Q(state="open"),
                name="link_not_open",
            ),
        ),
    ]
