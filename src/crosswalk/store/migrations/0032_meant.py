"""A cancellation says what it means: the work under way at that moment, or a task."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Both are empty in a halt of before, whose own moment counts."""

    dependencies = [
        ("store", "0031_said"),
    ]

    operations = [
        migrations.AddField(
            model_name="halt",
            name="meant_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="halt",
            name="task_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
