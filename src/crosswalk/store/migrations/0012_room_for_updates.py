"""Room in pages for what is updated in place."""

from __future__ import annotations

from django.db import migrations

# An update finds room beside the row, so that no index needs a new entry.
_ROOM = {"outbox": 50, "link": 85}


class Migration(migrations.Migration):
    """Changes how full pages of two tables are filled."""

    dependencies = [("store", "0011_sweep")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} SET (fillfactor = {share})", f"ALTER TABLE {table} RESET (fillfactor)"
        )
        for table, share in _ROOM.items()
    ]
