"""Which field goes with which, and what runs found of them."""

from __future__ import annotations

from django.db import models

from .connections import Connection


class Mapping(models.Model):
    """The mapping of one object of a connection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    object = models.TextField()
    definition = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "mapping"
        constraints = [models.UniqueConstraint(fields=["connection", "object"], name="mapping_object")]


class MappedField(models.Model):
    """What the last run found of one field mapping."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    crm = models.TextField()  # the fields' names
    activecampaign = models.TextField()
    crm_label = models.TextField(default="")
    activecampaign_label = models.TextField(default="")
    crm_kind = models.TextField(default="")  # empty: whatever is found is right
    activecampaign_kind = models.TextField(default="")
    paused = models.TextField(default="")  # why it rests, as a code of the catalogue; empty: in use
    filled = models.BooleanField(default=True)  # what was linked before it was in use was listed to be read
    noted_at = models.DateTimeField()

    class Meta:
        db_table = "mapped_field"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "crm", "activecampaign"], name="mapped_field_pair"
            )
        ]
