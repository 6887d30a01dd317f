"""Looks at everything that Crosswalk stands on, and says of each whether it is well, and what to do if not."""

from __future__ import annotations

from .everything import look
from .finding import Finding, State, worst
from .machine import look_at_disk, look_at_zones
from .outside import look_outside
from .stored import look_at_database, look_at_key, look_at_secrets

__all__ = [
    "Finding",
    "State",
    "look",
    "look_at_database",
    "look_at_disk",
    "look_at_key",
    "look_at_secrets",
    "look_at_zones",
    "look_outside",
    "worst",
]
