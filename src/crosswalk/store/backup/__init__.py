"""Backup and restore of an installation: the database and the key that opens its secrets, in one file."""

from __future__ import annotations

from .dump import Taken, take
from .restore import Restored, Sound, check, restore

__all__ = ["Restored", "Sound", "Taken", "check", "restore", "take"]
