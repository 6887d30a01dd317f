"""What the set-up checks said last, so that pages need not ask the vendors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.system import Check

from .models import Checked, Connection


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Checks and when they were made."""

    checks: Sequence[Check]
    checked_at: datetime


def known(connection: Connection) -> dict[Side, Known]:
    """Return what was said last of each side; a side that was never checked is not there."""
    rows = Checked.objects.filter(connection=connection)
    return {
        Side(row.side): Known(
            checks=msgspec.convert(row.results, tuple[Check, ...]), checked_at=row.checked_at
        )
        for row in rows
    }


def keep(connection: Connection, side: Side, checks: Sequence[Check], now: datetime) -> None:
    """Keep what the checks of a side said instead of the ones before."""
    Checked.objects.update_or_create(
        connection=connection,
        side=side.value,
        defaults={"results": msgspec.to_builtins(list(checks)), "checked_at": now},
    )
