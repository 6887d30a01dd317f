"""Writes: intended ones and those that were receipted."""

from __future__ import annotations

from django.db import models

from crosswalk.core.lanes import Lane

from .connections import Connection
from .lanes import other_lane
from .links import Link
from .runs import Run


class Outbox(models.Model):
    """A write intended and not yet receipted; at most one per link and side."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_constraint=False)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, db_index=False)
    side = models.TextField()
    object = models.TextField()  # the target side's object
    op = models.TextField()  # create | update
    record_id = models.TextField(null=True)
    key = models.TextField(null=True)
    state = models.TextField()  # intended | sending | sent
    batch_id = models.TextField(null=True)
    expected = models.BinaryField()  # what the target should hold now, per field
    intended = models.BinaryField()  # what it will hold, per field
    source = models.BinaryField()  # the source side's fields and values these came from
    reasons = models.BinaryField()  # why, per target field
    read_at = models.DateTimeField(null=True)  # when the target's were asked for; None: from its shadow
    crm_version = models.BigIntegerField(null=True)  # inbox versions these offers were made from
    activecampaign_version = models.BigIntegerField(null=True)
    intended_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    lane = models.SmallIntegerField(default=Lane.SCHEDULED, db_default=Lane.SCHEDULED)

    class Meta:
        db_table = "outbox"
        constraints = [models.UniqueConstraint(fields=["link", "side"], name="outbox_one_open")]
        indexes = [other_lane("outbox_other_lane")]


class Journal(models.Model):
    """Append-only, one row per receipt, and one (`kept`) where a vendor keeps what we sent in a form of its own."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_constraint=False)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, db_index=False, db_constraint=False)
    link_id = models.BigIntegerField(db_index=True)
    side = models.TextField()
    op = models.TextField()
    record_id = models.TextField()
    fields = models.BinaryField()  # {field: [before, after, reason]}
    at = models.DateTimeField()

    class Meta:
        db_table = "journal"
