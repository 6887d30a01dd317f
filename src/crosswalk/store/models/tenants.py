"""Accounts of systems, what their calls may cost, and their fields as they described them last."""

from __future__ import annotations

from django.db import models


class Tenant(models.Model):
    """One account of a system: credentials, budget, schema and directory belong to it."""

    system = models.TextField()
    identity = models.TextField()  # the vendor's own key: org id, account name
    credentials = models.BinaryField()  # sealed: what a person gave
    tokens = models.BinaryField(default=b"")  # sealed: what the vendor gave for them; empty before that
    created_at = models.DateTimeField()

    class Meta:
        db_table = "tenant"
        constraints = [models.UniqueConstraint(fields=["system", "identity"], name="tenant_identity")]


class Budget(models.Model):
    """The next free slot of a tenant's calls, shared by all processes."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True)
    next_slot = models.DateTimeField()
    per_second = models.FloatField(null=True)  # None: the vendor has no limit per second
    used_today = models.IntegerField(null=True)
    limit_today = models.IntegerField(null=True)
    used_at = models.DateTimeField(null=True)  # when the vendor told the figures of the day
    room = models.FloatField(default=1.0, db_default=1.0)  # share of the pace that others left us
    yielded_at = models.DateTimeField(null=True)  # when they did; it comes back with time

    class Meta:
        db_table = "budget"


class Described(models.Model):
    """An object's fields as a tenant described them last, so that pages need not ask again."""

    pk = models.CompositePrimaryKey("tenant", "object")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False)
    object = models.TextField()
    definition = models.BinaryField()  # a `core.schema.Schema` as JSON
    read_at = models.DateTimeField()

    class Meta:
        db_table = "described"
