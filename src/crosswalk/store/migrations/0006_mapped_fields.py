"""What runs find of mapped fields, and a code for every hold."""

from __future__ import annotations

from django.db import migrations, models

# Fields that are mapped already need no back-fill: their kinds are taken as the next run finds them.
_KNOWN = """
    INSERT INTO mapped_field (connection_id, object, crm, activecampaign, crm_label, activecampaign_label, crm_kind,
                              activecampaign_kind, paused, filled, noted_at)
    SELECT m.connection_id, m.object, f->>'crm', f->>'activecampaign', '', '', '', '', '', true, now()
    FROM mapping m CROSS JOIN LATERAL jsonb_array_elements(m.definition->'fields') AS f
"""
_CODES = """
    UPDATE hold SET code = CASE kind WHEN 'conflict' THEN 'CW-4001' WHEN 'ambiguous' THEN 'CW-4002'
                                     WHEN 'unreadable' THEN 'CW-4006' ELSE 'CW-3001' END
"""


class Migration(migrations.Migration):
    """Adds `mapped_field` and `hold.code`."""

    dependencies = [("store", "0005_tokens")]

    operations = [
        migrations.CreateModel(
            name="MappedField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("object", models.TextField()),
                ("crm", models.TextField()),
                ("activecampaign", models.TextField()),
                ("crm_label", models.TextField(default="")),
                ("activecampaign_label", models.TextField(default="")),
                ("crm_kind", models.TextField(default="")),
                ("activecampaign_kind", models.TextField(default="")),
                ("paused", models.TextField(default="")),
                ("filled", models.BooleanField(default=True)),
                ("noted_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False, on_delete=models.deletion.CASCADE, to="store.connection"
                    ),
                ),
            ],
            options={"db_table": "mapped_field"},
        ),
        migrations.AddConstraint(
            model_name="mappedfield",
            constraint=models.UniqueConstraint(
                fields=("connection", "object", "crm", "activecampaign"), name="mapped_field_pair"
            ),
        ),
        migrations.RunSQL(_KNOWN, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="hold", name="code", field=models.TextField(default=""), preserve_default=False
        ),
        migrations.RunSQL(_CODES, migrations.RunSQL.noop),
    ]
