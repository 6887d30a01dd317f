"""Room in pages for what is updated in place, and an index for the writes of a run."""

from __future__ import annotations

from django.db import migrations, models

# An update finds room beside the row, so that no index needs a new entry.
_ROOM = {"outbox": 50, "link": 85}


class Migration(migrations.Migration):
    """Adds `journal_run`; changes how full pages of two tables are filled."""

    dependencies = [("store", "0011_sweep")]

    operations = [
        migrations.AddIndex(model_name="journal", index=models.Index(fields=["run"], name="journal_run")),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} SET (fillfactor = {share})", f"ALTER TABLE {table} RESET (fillfactor)"
            )
            for table, share in _ROOM.items()
        ),
    ]
