"""Two tenants joined, when their runs start, and what keeps them from calling."""

from __future__ import annotations

from django.db import models

from .tenants import Tenant


class Connection(models.Model):
    """Two tenants joined, with settings."""

    name = models.TextField(unique=True)
    crm = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="crm_connections")
    activecampaign = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="activecampaign_connections"
    )
    settings = models.JSONField()
    created_at = models.DateTimeField()
    global_sync = models.BooleanField(default=True)  # off: nothing goes from the CRM to ActiveCampaign
    initial_sync = models.BooleanField(default=True)  # off: what exists is left until somebody edits it
    initial_at = models.DateTimeField(null=True)  # when what existed was listed, once
    left_at = models.DateTimeField(null=True)  # when what existed was left as it is
    by_hand = models.BooleanField(default=False, db_default=False)  # that there is no schedule was chosen

    class Meta:
        db_table = "connection"


class CallCount(models.Model):
    """How many calls a connection made to one of its tenants within an hour."""

    pk = models.CompositePrimaryKey("connection", "tenant", "hour")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    hour = models.DateTimeField()  # its beginning
    calls = models.IntegerField()

    class Meta:
        db_table = "call_count"


class Schedule(models.Model):
    """When a connection's runs start by themselves."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True)
    definition = models.JSONField()  # a `core.schedule.Schedule`
    set_at = models.DateTimeField()  # equal distances count from here
    next_at = models.DateTimeField(db_index=True)  # in the past: a start is due that nobody has taken yet
    paused = models.BooleanField(default=False)

    class Meta:
        db_table = "schedule"


class Halt(models.Model):
    """While it stands, no call goes out: of all connections, or of one connection's runs."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, null=True)  # null: of all
    kind = models.TextField()  # stopped | paused | cancelled
    since = models.DateTimeField()
    # Of a cancellation, which may stand beside a pause: when, by the database's clock, and the task that was under way.
    meant_at = models.DateTimeField(null=True)
    task_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "halt"
