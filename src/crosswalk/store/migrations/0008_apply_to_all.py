"""Plans that apply today's rules to all links."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds `plan.applied`."""

    dependencies = [("store", "0007_choices")]

    operations = [
        migrations.AddField(model_name="plan", name="applied", field=models.JSONField(default=dict)),
    ]
