"""What the merge is asked about one field of one link."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final, Literal

import msgspec

from ..core.values import Value


class Missing(Enum):
    """Stands where there is no value; *empty* is a value (None)."""

    ABSENT = "absent"  # a shadow that was never set
    UNKNOWN = "unknown"  # a current value that nobody has read

    def __repr__(self) -> str:
        return self.name


ABSENT: Final[Literal[Missing.ABSENT]] = Missing.ABSENT
UNKNOWN: Final[Literal[Missing.UNKNOWN]] = Missing.UNKNOWN


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """When a side changed: a field's own time is certain, a record's time is an upper bound."""

    moment: datetime
    certain: bool


class FieldCase(msgspec.Struct, frozen=True, gc=False):
    """Values of both sides now and when the field was last settled, and when each side changed.

    A time is None when it is missing; a stamp made by our own write counts as missing.
    """

    crm: Value | Missing
    activecampaign: Value | Missing
    crm_shadow: Value | Missing = ABSENT
    activecampaign_shadow: Value | Missing = ABSENT
    crm_time: Stamp | None = None
    activecampaign_time: Stamp | None = None


TOLERANCE_SECONDS = 5.0


def tolerance(clock_difference: float) -> float:
    """Return within how many seconds two stamps count as equal; the clocks' difference is in seconds too."""
    return TOLERANCE_SECONDS + abs(clock_difference)
