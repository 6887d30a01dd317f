"""E-mail addresses are found by their beginning, too."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0024_web"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="directory", name="directory_key"),
        migrations.AddIndex(
            model_name="directory",
            index=models.Index(
                fields=["tenant", "key"], name="directory_key", opclasses=["int8_ops", "text_pattern_ops"]
            ),
        ),
    ]
