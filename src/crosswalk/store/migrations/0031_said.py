"""Rows that say something to people keep what it takes to say it in another language."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows from before keep the words that they have."""

    dependencies = [
        ("store", "0030_counted"),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="said",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="run",
            name="said",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="task",
            name="said",
            field=models.TextField(db_default="", default=""),
        ),
    ]
