"""Tokens beside the credentials they were given for."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows so far have none: the next sign-in brings them."""

    dependencies = [("store", "0004_consent")]

    operations = [migrations.AddField("tenant", "tokens", models.BinaryField(default=b""))]
