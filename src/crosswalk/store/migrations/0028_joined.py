"""What went into a link is found without reading all links; the index costs nothing where nothing was merged."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0027_plans")]

    operations = [
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                condition=models.Q(("joined_id__isnull", False)), fields=["joined_id"], name="link_joined"
            ),
        ),
    ]
