"""What waits for a cure."""

from __future__ import annotations

from django.db import models

from .connections import Connection
from .links import Link


class Hold(models.Model):
    """A refused, conflicting or ambiguous decision that waits for a cure."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    link = models.ForeignKey(Link, null=True, on_delete=models.CASCADE)
    side = models.TextField()  # the side that was not written
    object = models.TextField()  # empty: the whole run, which was braked
    record_id = models.TextField()  # the record a person would look up; empty: all of the object
    field = models.TextField(default="")  # the CRM field of the pair; empty: the whole record
    # rejected | conflict | ambiguous | unreadable | paused | loop | brake | consent | unfit_default
    kind = models.TextField()
    code = models.TextField()  # of the catalogue
    reason = models.TextField()
    cure = models.TextField(default="")
    said = models.TextField(default="", db_default="")  # both, as `core.words` keeps them
    values = models.BinaryField(default=b"")  # crm and activecampaign value
    fingerprint = models.TextField(default="")
    chosen = models.BinaryField(null=True)  # what a person chose for each side, while the fingerprint holds
    held_at = models.DateTimeField()

    class Meta:
        db_table = "hold"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object", "record_id", "link", "field"],
                name="hold_one_each",
                nulls_distinct=False,
            )
        ]
