"""What people did."""

from __future__ import annotations

from django.db import models


class Act(models.Model):
    """Append-only: what a person did; see `store.acts`."""

    at = models.DateTimeField()
    person = models.TextField()
    door = models.TextField()  # web | cli
    what = models.TextField()  # a name of `core.acts.ACTS`
    connection_id = models.BigIntegerField(null=True)  # acts outlive what they were about
    connection_name = models.TextField(default="")
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "act"
        indexes = [models.Index(fields=["connection_id", "-id"], name="act_of_connection")]
