"""Which records belong together, what people said of that, and who is not made again."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .connections import Connection


class Link(models.Model):
    """The tie between a CRM record and an ActiveCampaign contact, with each side's shadow."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    crm_id = models.TextField(null=True)
    activecampaign_id = models.TextField(null=True)
    key = models.TextField(null=True)  # the match key while a side is missing, then the contact's e-mail
    state = models.TextField()  # pending | open | closed
    closed_reason = models.TextField(null=True)
    joined_id = models.BigIntegerField(null=True)  # the link that a closed one went into
    is_primary = models.BooleanField(default=True)
    crm_shadow = models.BinaryField(default=b"")
    activecampaign_shadow = models.BinaryField(default=b"")
    crm_acked_at = models.DateTimeField(null=True)  # last acknowledged write of ours to this side
    activecampaign_acked_at = models.DateTimeField(null=True)
    crm_unconfirmed = models.BinaryField(default=b"")  # fields sent and not read since
    activecampaign_unconfirmed = models.BinaryField(default=b"")
    selected = models.BooleanField(default=True)  # false while the CRM record is out of the selection
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "link"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "crm_id"],
                condition=~Q(state="closed") & Q(crm_id__isnull=False),
                name="link_crm_record",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "activecampaign_id"], name="link_contact"),
            models.Index(fields=["connection", "key"], name="link_key"),
            models.Index(fields=["connection", "crm_id"], name="link_crm"),
            models.Index(fields=["connection"], condition=Q(selected=False), name="link_not_selected"),
            models.Index(fields=["connection"], condition=Q(is_primary=False), name="link_not_primary"),
            models.Index(fields=["joined_id"], condition=Q(joined_id__isnull=False), name="link_joined"),
            models.Index(
                fields=["connection", "state", "closed_reason"],
                condition=~Q(state="open"),
                name="link_not_open",
            ),
        ]


class Crossing(models.Model):
    """When the passing of time may take a CRM record into the selection, or out of it."""

    pk = models.CompositePrimaryKey("connection", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    record_id = models.TextField()
    at = models.DateTimeField()  # the CRM's time

    class Meta:
        db_table = "crossing"
        indexes = [models.Index(fields=["connection", "object", "at"], name="crossing_at")]


class MatchChoice(models.Model):
    """Which of several contacts with its address a CRM record belongs to, as a person said."""

    pk = models.CompositePrimaryKey("connection", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    record_id = models.TextField()
    candidates = ArrayField(models.TextField())  # the contacts there were to choose from
    contact_id = models.TextField(null=True)  # None: none of them

    class Meta:
        db_table = "match_choice"


class Tombstone(models.Model):
    """The hashed address of a person deleted on one side, who is not made again."""

    pk = models.CompositePrimaryKey("connection", "side", "digest")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    side = models.TextField()  # where the record was deleted
    digest = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        db_table = "tombstone"
