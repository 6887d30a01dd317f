"""The index of tables that are worked through by urgency."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


def other_lane(name: str) -> models.Index:
    """Return the index of what is in another lane than the ordinary one; it costs nothing where nothing is."""
    return models.Index(fields=["connection"], condition=~Q(lane=2), name=name)
