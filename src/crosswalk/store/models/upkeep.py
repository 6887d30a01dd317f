"""Removing old rows."""

from __future__ import annotations

from django.db import models


class Upkeep(models.Model):
    """How far the removal of old rows has come in one table."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField()  # the last row that this round looked at
    rests_until = models.DateTimeField()  # when the next round may begin

    class Meta:
        db_table = "upkeep"
