from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0025_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("name", models.TextField()),
                ("crm", models.TextField()),
                ("begun_by", models.TextField()),
                ("begun_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("confirmed", models.BooleanField(default=False)),
                ("sides", models.JSONField(default=dict)),
                ("secrets", models.BinaryField(default=b"")),
            ],
            options={
                "db_table": "draft",
            },
        ),
        migrations.CreateModel(
            name="Checked",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection", "side", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("side", models.TextField()),
                ("results", models.JSONField()),
                ("checked_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="store.connection"
                    ),
                ),
            ],
            options={
                "db_table": "checked",
            },
        ),
        migrations.CreateModel(
            name="BrowserSignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("holder", models.TextField()),
                ("expires_at", models.DateTimeField()),
                ("used", models.BooleanField(default=False)),
                ("secrets", models.BinaryField()),
                (
                    "connection",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, to="store.connection"
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, to="store.draft"
                    ),
                ),
            ],
            options={
                "db_table": "browser_sign_in",
            },
        ),
    ]
