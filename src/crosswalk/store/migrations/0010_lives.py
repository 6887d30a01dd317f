"""What records become: merged and converted ones, and the links that go into others."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds `directory.successor`, `inbox.successor`, `link.joined_id`, and an index of links that are not primary."""

    dependencies = [("store", "0009_consent_due")]

    operations = [
        migrations.AddField(model_name="directory", name="successor", field=models.TextField(null=True)),
        migrations.AddField(model_name="inbox", name="successor", field=models.TextField(null=True)),
        migrations.AddField(model_name="link", name="joined_id", field=models.BigIntegerField(null=True)),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                condition=models.Q(("is_primary", False)), fields=["connection"], name="link_not_primary"
            ),
        ),
    ]
