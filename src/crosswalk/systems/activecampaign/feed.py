"""The contact feed of an account.

One pass asks for everything changed since a fixed moment. Rows that appear late are found by counting: now
and then one small call asks how many contacts changed in a wider window, and only a difference from what the
directory knows reads that window again. Source: API v3, List all contacts (`filters[updated_after]`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone

import msgspec

from ...core.clock import Clock
from ...core.schema import Schema
from ...core.system import Page, Record
from ..answers import Answer
from .client import Api
from .records import ContactPage, Reader, zone_minutes
from .scan import Slice, scan

COUNT_EVERY = timedelta(minutes=5)
COUNT_OVERLAP = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
BLIND_OVERLAP = timedelta(minutes=5)  # when an answer carries no vendor time

Seen = Callable[[datetime], int]


class Cursor(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far the feed was read. Times are the vendor's, but `counted`, which is ours."""

    since: datetime | None = None  # what this pass asks for; None = everything
    upper: int = 0  # highest id read in this pass
    next_since: datetime | None = None  # what the next pass asks for; set by this pass's first answer
    counted: datetime | None = None  # when late rows were last looked for
    counted_since: datetime | None = None  # where the pass after that began
    zone: int = 0  # the account's offset from UTC in minutes, as last seen in a stamp


class Feed:
    """Reads one account's contact feed."""

    def __init__(self, api: Api, schema: Schema, clock: Clock) -> None:
        self._api = api
        self._schema = schema
        self._clock = clock

    def pages(self, fields: Sequence[str], cursor: str | None, seen: Seen) -> Iterator[Page]:
        """Yield what changed since `cursor`; see `System.feed`."""
        reader = Reader(self._schema, fields)
        place = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
        due = self._count_due(place)
        for piece in self._scan(reader, place.since, place):
            if place.next_since is None:
                place.next_since = started(piece.answer)
            place.upper = piece.upper
            records = _since(reader.records(piece.page), place.since)
            zone = zone_minutes(piece.page)
            place.zone = place.zone if zone is None else zone
            if piece.last:
                place = self._passed(place)
            if records or not (piece.last and due):
                yield _page(piece, records, place, last=piece.last and not due)
        if due:
            yield from self._look_for_late_rows(reader, place, seen)

    def _scan(
        self, reader: Reader, since: datetime | None, place: Cursor, upper: int | None = None
    ) -> Iterator[Slice]:
        changed = [] if since is None else [("filters[updated_after]", _local(since, place.zone))]
        return scan(self._api, [*changed, *reader.include], place.upper if upper is None else upper)

    def _count_due(self, place: Cursor) -> bool:
        return place.counted is not None and self._clock.now() - place.counted >= COUNT_EVERY

    def _passed(self, place: Cursor) -> Cursor:
        """Return the cursor after a whole pass; the first one ever needs no count."""
        first = place.counted is None
        return Cursor(
            since=place.next_since,
            counted=self._clock.now() if first else place.counted,
            counted_since=place.next_since if first else place.counted_since,
            zone=place.zone,
        )

    def _look_for_late_rows(self, reader: Reader, place: Cursor, seen: Seen) -> Iterator[Page]:
        """Count the window; read it again when the directory knows another number of contacts in it."""
        window = (place.counted_since or self._clock.now()) - COUNT_OVERLAP
        counted = msgspec.structs.replace(place, counted=self._clock.now(), counted_since=place.since)
        answer, total = self._count(window, place)
        if total is None or total in _expected(seen, window):
            yield Page(records=(), cursor=_dump(counted), requested_at=answer.requested_at, last=True)
            return
        for piece in self._scan(reader, window, place, upper=0):
            records = _since(reader.records(piece.page), window)
            yield _page(piece, records, counted if piece.last else place, last=piece.last)

    def _count(self, window: datetime, place: Cursor) -> tuple[Answer, int | None]:
        query = [("filters[updated_after]", _local(window, place.zone)), ("limit", "1")]
        answer = self._api.get("/contacts", query)
        return answer, answer.decode(ContactPage).meta.count()


def started(answer: Answer) -> datetime:
    """Return the vendor's time when it began to answer, less a second: nothing changed before can be missing.

    Stamps are whole seconds and the `Date` header is cut to them. A change within that second which a strict
    `updated_after` leaves out is found by the count.
    """
    now = answer.vendor_time
    if now is None:
        return answer.requested_at - BLIND_OVERLAP
    took = timedelta(seconds=int((answer.received_at - answer.requested_at).total_seconds()))
    return now - took - SECOND


def _expected(seen: Seen, window: datetime) -> Iterator[int]:
    """Yield the counts of a window without late rows; whether `updated_after` is strict is not documented."""
    yield seen(window)
    yield seen(window - SECOND)


def _since(records: list[Record], since: datetime | None) -> list[Record]:
    """Leave out what did not change: a filter may be ignored or cut to a date."""
    return records if since is None else [record for record in records if record.stamp >= since]


def _local(moment: datetime, zone: int) -> str:
    """Write a moment in the account's own zone, so that a reader who drops the offset errs not."""
    return moment.astimezone(timezone(timedelta(minutes=zone))).isoformat(timespec="seconds")


def _page(piece: Slice, records: Sequence[Record], place: Cursor, *, last: bool) -> Page:
    return Page(
        records=records,
        cursor=_dump(place),
        requested_at=piece.answer.requested_at,
        last=last,
        total=piece.total,
    )


def _dump(place: Cursor) -> str:
    return msgspec.json.encode(place).decode()
