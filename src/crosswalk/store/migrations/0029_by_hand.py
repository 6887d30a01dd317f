"""That runs of a connection start by hand alone may have been chosen."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a connection without schedule never had one is not known: those of before chose nothing."""

    dependencies = [
        ("store", "0028_joined"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="by_hand",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
