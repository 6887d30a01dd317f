"""Rows of plans say of which records they are, and are found by what becomes of them; plans keep their figures."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Plans from before have rows of writes alone, and no figures."""

    dependencies = [
        ("store", "0026_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="basis",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="plan",
            name="figures",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="planrow",
            name="contact_id",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="planrow",
            name="crm_id",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="planrow",
            name="crm_object",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="planrow",
            name="link_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="planrow",
            name="note",
            field=models.BinaryField(db_default=b"", default=b""),
        ),
        migrations.AddField(
            model_name="planrow",
            name="overwrites",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="planrow",
            name="run_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="planrow",
            index=models.Index(fields=["plan", "id"], name="plan_row_in_order"),
        ),
        migrations.AddIndex(
            model_name="planrow",
            index=models.Index(fields=["plan", "op", "side", "object", "id"], name="plan_row_by_kind"),
        ),
        migrations.AddIndex(
            model_name="planrow",
            index=models.Index(
                fields=["plan", "key"], name="plan_row_by_key", opclasses=["int8_ops", "text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="planrow",
            index=models.Index(
                condition=models.Q(("overwrites", True)), fields=["plan", "id"], name="plan_row_overwrites"
            ),
        ),
        migrations.AddIndex(
            model_name="planrow",
            index=models.Index(
                condition=models.Q(("run_id__isnull", False)), fields=["plan"], name="plan_row_tried"
            ),
        ),
    ]
