from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0001_people")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="keys",
            field=models.BooleanField(default=True, db_default=True),
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection_id", models.BigIntegerField()),
                ("crm_user", models.TextField()),
                ("name", models.TextField()),
                ("email", models.TextField(default="")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "crm_member",
                "constraints": [
                    models.UniqueConstraint(fields=("connection_id", "crm_user"), name="crm_member_once")
                ],
            },
        ),
    ]
