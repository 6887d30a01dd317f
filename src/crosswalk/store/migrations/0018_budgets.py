"""What is used of a day's calls: by whom, and since when a shared account is yielded to others."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the counts of calls by connection, tenant and hour."""

    dependencies = [("store", "0017_freshness")]

    operations = [
        migrations.AddField("budget", "used_at", models.DateTimeField(null=True)),
        migrations.AddField("budget", "room", models.FloatField(default=1.0, db_default=1.0)),
        migrations.AddField("budget", "yielded_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="CallCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection",
                        "tenant",
                        "hour",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey("store.connection", on_delete=models.CASCADE, db_index=False),
                ),
                ("tenant", models.ForeignKey("store.tenant", on_delete=models.CASCADE, db_index=False)),
                ("hour", models.DateTimeField()),
                ("calls", models.IntegerField()),
            ],
            options={"db_table": "call_count"},
        ),
    ]
