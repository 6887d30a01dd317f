"""Who may be mailed: what was read, settled, written and seen."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .connections import Connection
from .links import Link
from .tenants import Tenant


class Consent(models.Model):
    """What a tenant's record said last about mail to its person; written when that changes."""

    pk = models.CompositePrimaryKey("tenant", "object", "record_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    object = models.TextField()
    record_id = models.TextField()
    standing = models.TextField()  # out | in | none
    wording = models.TextField()  # places with their states, for comparison
    marks = models.TextField()  # the vendor's words by which it counts records, with blanks between
    detail = models.BinaryField()  # the places with their times, and the last modifier
    ours = models.BooleanField(default=False)  # a write of ours made it so
    read_at = models.DateTimeField()  # our clock, before the request that showed it

    class Meta:
        db_table = "consent"


class LinkConsent(models.Model):
    """A link's consent as it was last settled. `due` is there while it must be looked at, and rises."""

    link = models.OneToOneField(Link, on_delete=models.CASCADE, primary_key=True, db_constraint=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    due = models.BigIntegerField(null=True)
    crm = models.TextField(null=True)  # shadow: the box
    activecampaign = models.TextField(null=True)  # shadow: the contact, with the boxes of its other records

    class Meta:
        db_table = "link_consent"
        indexes = [
            models.Index(
                fields=["connection", "link"], condition=Q(due__isnull=False), name="link_consent_by_due"
            )
        ]


class ConsentWrite(models.Model):
    """An opt-out to be written, or a box to be unchecked: there between intent and receipt."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    side = models.TextField()
    object = models.TextField()
    record_id = models.TextField()
    action = models.TextField()  # opt_out | lift_opt_out
    reason = models.TextField()
    state = models.TextField()  # intended | sending | refused
    before = models.BinaryField()  # the target's places when it was decided
    intended_at = models.DateTimeField()

    class Meta:
        db_table = "consent_write"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "side", "object", "record_id"], name="consent_write_one_open"
            )
        ]


class ConsentEvidence(models.Model):
    """Append-only: what a link's side said about consent, where, since when and by whom."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link_id = models.BigIntegerField(db_index=True)
    side = models.TextField()
    standing = models.TextField()
    kind = models.TextField()  # first_link | changed | written | shared
    detail = models.BinaryField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "consent_evidence"
