"""Sightings and writes have lanes: what is more urgent goes first."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

_ORDINARY = 2  # `core.lanes.Lane.SCHEDULED`


class Migration(migrations.Migration):
    """Adds the lanes, and indexes of what is in another than the ordinary one: they cost nothing where nothing is."""

    dependencies = [("store", "0022_notices")]

    operations = [
        operation
        for table in ("inbox", "outbox")
        for operation in (
            migrations.AddField(
                table, "lane", models.SmallIntegerField(default=_ORDINARY, db_default=_ORDINARY)
            ),
            migrations.AddIndex(
                table,
                models.Index(fields=["connection"], condition=~Q(lane=_ORDINARY), name=f"{table}_other_lane"),
            ),
        )
    ]
