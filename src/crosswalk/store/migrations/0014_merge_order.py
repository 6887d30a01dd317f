"""A merge finds its pages, and the records of an address, through indexes: whatever waits, a page costs the same."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Adds the indexes, whose expressions and conditions are those of the queries in `store/pairs.py`."""

    dependencies = [("store", "0013_cheaper_rows")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX inbox_merge_order ON inbox"
            " (connection_id, object, (coalesce(created, '-infinity'::timestamptz)), record_id)"
            " WHERE side = 'crm' AND NOT to_fetch AND NOT deleted AND successor IS NULL",
            "DROP INDEX inbox_merge_order",
        ),
        migrations.RunSQL(
            "CREATE INDEX inbox_key ON inbox (key) WHERE NOT to_fetch AND NOT deleted",
            "DROP INDEX inbox_key",
        ),
    ]
