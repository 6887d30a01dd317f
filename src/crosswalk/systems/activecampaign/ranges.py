"""Reading contacts by ranges of their ids. Source: API v3, List all contacts (`orders[id]`, `id_greater`)."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Schema
from ...core.system import Range
from ...core.words import keepable as _
from .client import Api
from .records import Reader
from .scan import scan

_CALLS_PER_ABSENT = 1.01  # a hundred ids are asked for at once, then each that is not there alone


def read_range(api: Api, schema: Schema, fields: Sequence[str], after: str) -> Range:
    """Read a hundred contacts. Raises SystemFailure(BUG) when the answer is not in the order of ids above `after`."""
    reader = Reader(schema, fields)
    upper = int(after or 0)
    piece = next(scan(api, reader.include, upper))
    if piece.page.contacts and piece.upper == upper:
        raise SystemFailure(
            FailureKind.BUG,
            _("ActiveCampaign did not give its contacts in the order of their ids."),
            cure=_("Turn the sweep off (settings.sweep_share: 0), and report it."),
        )
    return Range(
        records=reader.records(piece.page),
        upto=None if piece.last else str(piece.upper),
        requested_at=piece.answer.requested_at,
        numbered=True,
        calls_per_absent=_CALLS_PER_ABSENT,
    )
