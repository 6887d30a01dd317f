"""What was read: how far each feed, what it showed of every record, and what is not settled yet."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from crosswalk.core.lanes import Lane

from .connections import Connection
from .lanes import other_lane
from .tenants import Tenant


class Feed(models.Model):
    """How far one of a tenant's feeds has been read."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    name = models.TextField()  # an object, or `tagged:TAG`
    cursor = models.TextField(null=True)
    fields = models.TextField(default="")  # the fields that are read
    readers = models.TextField(default="")  # for whom it is read; others need a new complete reading
    complete_at = models.DateTimeField(null=True)  # end of the first complete read
    read_at = models.DateTimeField(null=True)  # end of the last pass
    # where the sweep of the same records stands, as a `core.sweep.Place`
    sweep = models.TextField(default="")

    class Meta:
        db_table = "feed"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="feed_name")]


class Directory(models.Model):
    """One narrow row for every record a tenant's feeds ever showed."""

    pk = models.CompositePrimaryKey("tenant", "object", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    object = models.TextField()
    record_id = models.TextField()
    key = models.TextField(null=True)  # normalised e-mail
    stamp = models.DateTimeField()
    created = models.DateTimeField(null=True)
    digest = models.BinaryField()
    deleted = models.BooleanField(default=False)
    skipped = models.TextField(null=True)  # why a record does not take part
    successor = models.TextField(null=True)  # object and id of the record that it became: merged or converted

    class Meta:
        db_table = "directory"
        indexes = [
            # equal keys are found by it, and keys by their beginning
            models.Index(
                fields=["tenant", "key"], name="directory_key", opclasses=["int8_ops", "text_pattern_ops"]
            ),
            BrinIndex(fields=["stamp"], pages_per_range=4, name="directory_stamp"),
        ]


class Tagged(models.Model):
    """The records that carry a tag which a connection's creation rule looks for."""

    pk = models.CompositePrimaryKey("tenant", "tag", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    tag = models.TextField()
    record_id = models.TextField()

    class Meta:
        db_table = "tagged"


class Inbox(models.Model):
    """A sighting not yet settled: one row per record and connection, the newest sighting wins."""

    pk = models.CompositePrimaryKey("connection", "side", "object", "record_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    side = models.TextField()
    object = models.TextField()
    record_id = models.TextField()
    version = models.BigIntegerField()  # rises with every sighting
    to_fetch = models.BooleanField(default=False)  # the values must be read before use
    key = models.TextField(null=True)
    packed = models.BinaryField(null=True)  # the values
    times = models.BinaryField(null=True)  # certain times of single fields
    stamp = models.DateTimeField(null=True)
    created = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()  # our clock, before the request that showed it
    waits_since = models.DateTimeField(null=True)  # the first such moment; None: there was no later one
    edited_at = models.DateTimeField(null=True)  # stamp of the oldest edit that was shown and nobody settled
    deleted = models.BooleanField(default=False)
    successor = models.TextField(null=True)  # see `Directory`
    lane = models.SmallIntegerField(default=Lane.SCHEDULED, db_default=Lane.SCHEDULED)  # how urgent it is

    class Meta:
        db_table = "inbox"
        indexes = [other_lane("inbox_other_lane")]
