"""Rows that come by the thousand cost less: no constraint for each, and the directory is updated in place."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

# model, field, what it refers to, whether it has an index
_UNCHECKED = (
    ("consent", "tenant", "store.tenant", False),
    ("directory", "tenant", "store.tenant", False),
    ("inbox", "connection", "store.connection", False),
    ("journal", "connection", "store.connection", True),
    ("outbox", "connection", "store.connection", True),
)


class Migration(migrations.Migration):
    """Drops constraints, and makes the index on stamps one that need not change with every row."""

    dependencies = [("store", "0012_room_for_updates")]

    operations = [
        *(
            migrations.AlterField(
                model,
                field,
                models.ForeignKey(to=to, on_delete=models.CASCADE, db_constraint=False, db_index=indexed),
            )
            for model, field, to, indexed in _UNCHECKED
        ),
        migrations.AlterField(
            "journal",
            "run",
            models.ForeignKey(
                to="store.run", on_delete=models.SET_NULL, null=True, db_constraint=False, db_index=False
            ),
        ),
        migrations.RemoveIndex("directory", "directory_stamp"),
        migrations.AddIndex(
            "directory", BrinIndex(fields=["stamp"], pages_per_range=4, name="directory_stamp")
        ),
        migrations.RunSQL(
            "ALTER TABLE directory SET (fillfactor = 80)", "ALTER TABLE directory RESET (fillfactor)"
        ),
    ]
