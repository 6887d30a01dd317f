"""Who is told of the states of connections, of what, and what is on its way."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Adds the tables of notices."""

    dependencies = [("store", "0021_switches")]

    operations = [
        migrations.CreateModel(
            name="NoticeReceiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("kind", models.TextField()),
                ("address", models.BinaryField()),
                ("language", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "notice_receiver"},
        ),
        migrations.CreateModel(
            name="NoticeCause",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "connection", "topic", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("topic", models.TextField()),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="store.connection"
                    ),
                ),
            ],
            options={"db_table": "notice_cause"},
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.TextField()),
                ("told", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("tries", models.IntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("error", models.TextField(default="")),
                (
                    "receiver",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.noticereceiver"),
                ),
            ],
            options={
                "db_table": "notice",
                "indexes": [
                    models.Index(fields=["next_at"], condition=Q(ended_at=None), name="notice_waiting")
                ],
            },
        ),
    ]
