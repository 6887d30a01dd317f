"""What the set-up checks said last, so that pages need not ask the vendors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.system import Check
from crosswalk.core.words import again, kept, plain

from .models import Checked, Connection


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Checks and when they were made."""

    checks: Sequence[Check]
    checked_at: datetime


def rows_of(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Return checks as JSON keeps them: with what it takes to say them again."""
    return [
        {**msgspec.to_builtins(check, enc_hook=plain), "said": kept(check.message, check.cure)}
        for check in checks
    ]


def checks_in(rows: Iterable[Mapping[str, Any]]) -> tuple[Check, ...]:
    """Return the checks that JSON keeps, in the reader's language."""
    return tuple(_check(row) for row in rows)


def _check(row: Mapping[str, Any]) -> Check:
    found = msgspec.convert(row, Check)
    message, cure = again(row.get("said", ""), found.message, found.cure)
    return msgspec.structs.replace(found, message=message, cure=cure)


def known(connection: Connection) -> dict[Side, Known]:
    """Return what was said last of each side; a side that was never checked is not there."""
    rows = Checked.objects.filter(connection=connection)
    return {Side(row.side): Known(checks=checks_in(row.results), checked_at=row.checked_at) for row in rows}


def keep(connection: Connection, side: Side, checks: Sequence[Check], now: datetime) -> None:
    """Keep what the checks of a side said instead of the ones before."""
    Checked.objects.update_or_create(
        connection=connection,
        side=side.value,
        defaults={"results": rows_of(checks), "checked_at": now},
    )
