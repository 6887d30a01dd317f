"""A connection's switches: global synchronisation and initial synchronisation."""

from __future__ import annotations

from django.db import migrations, models

_DONE = """
    UPDATE connection SET initial_at = created_at
    WHERE EXISTS (SELECT FROM run WHERE run.connection_id = connection.id AND run.state = 'done')
"""


class Migration(migrations.Migration):
    """Adds both switches, and when what existed was carried over or left alone; connections that ran have carried it."""

    dependencies = [("store", "0020_halts")]

    operations = [
        migrations.AddField("connection", "global_sync", models.BooleanField(default=True)),
        migrations.AddField("connection", "initial_sync", models.BooleanField(default=True)),
        migrations.AddField("connection", "initial_at", models.DateTimeField(null=True)),
        migrations.AddField("connection", "left_at", models.DateTimeField(null=True)),
        migrations.RunSQL(_DONE, migrations.RunSQL.noop),
    ]
