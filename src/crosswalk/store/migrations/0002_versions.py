"""The source of inbox versions."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """A sequence, so that a version never returns even when its row was removed."""

    dependencies = [("store", "0001_first")]

    operations = [migrations.RunSQL("CREATE SEQUENCE inbox_version", "DROP SEQUENCE inbox_version")]
