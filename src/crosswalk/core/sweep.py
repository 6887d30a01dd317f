"""The arithmetic of the sweep, which reads everything again in rounds, range of ids by range of ids.

A round goes through all ids of one tenant's object in their order. Its calls are paid from a share of the tenant's
calls: each call moves `paid` on by the time in which the share earns it, and what was not used within an hour is lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

import msgspec

EVERY = timedelta(minutes=5)  # the least time between two slices of a round
ROUND_EVERY = timedelta(hours=1)  # the least time between the beginnings of two rounds
CREDIT = timedelta(hours=1)  # how long calls that were not made can be made up for
SHARE = 0.02  # of a tenant's calls, unless a connection says otherwise
MOST = 0.5  # the largest share that makes sense: the rest is for the work itself
UNKNOWN = 15_000 / 24  # calls an hour where a vendor names no limit: the smallest of Salesforce's


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the sweep of an object stands. Times are ours."""

    after: str = ""  # the round under way has read all up to this id or time; empty: it begins
    began: datetime | None = None  # when the round under way began; None: the next one has not
    paid: datetime | None = None  # until when the share has been spent
    due: datetime | None = None  # when the next slice may be read
    owed: bool = False  # a whole round is to be read at once, whatever the share
    records: int = 0  # read in the round under way
    calls: float = 0.0
    ended: datetime | None = None  # when the last complete round ended
    took: float = 0.0  # seconds that it took
    last_records: int = 0  # read in it
    last_calls: float = 0.0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One range that was read."""

    upto: str | None  # the id to go on after; None: the round is through
    records: int
    calls: float


def calls_per_hour(per_second: float | None, a_day: int | None) -> float:
    """Return how many calls a tenant has an hour, as far as its vendor told."""
    told = [per_second * 3600] if per_second else []
    told += [a_day / 24] if a_day else []
    return min(told, default=UNKNOWN)


def is_due(place: Place, complete_at: datetime | None, now: datetime) -> bool:
    """Tell whether the next slice may be read. `complete_at` is when the first complete reading was through."""
    if complete_at is None:
        return False
    return now >= (place.due or complete_at + ROUND_EVERY)


def begun(place: Place, now: datetime, *, afresh: bool = False) -> Place:
    """Return the place to read on from: a new round where none is under way, or where one is to begin `afresh`."""
    if place.began is not None and not afresh:
        return place
    return msgspec.structs.replace(place, after="", began=now, records=0, calls=0.0)


def moved(place: Place, step: Step, rate: float, now: datetime) -> Place:
    """Return the place after a range was read. `rate` is calls an hour; 0: nothing is reckoned."""
    began = place.began or now
    one = timedelta(hours=1 / rate) if rate else timedelta()
    paid = max(place.paid or now - CREDIT, now - CREDIT) + step.calls * one
    due = max(now + EVERY, paid + one)
    records, calls = place.records + step.records, place.calls + step.calls
    if step.upto is not None:
        return msgspec.structs.replace(
            place, after=step.upto, began=began, paid=paid, due=due, records=records, calls=calls
        )
    return Place(
        paid=paid,
        due=max(due, began + ROUND_EVERY),
        ended=now,
        took=(now - began).total_seconds(),
        last_records=records,
        last_calls=calls,
    )


def charged(place: Place, calls: float, rate: float) -> Place:
    """Return the place with the cost of calls that were made beside the reading of ranges."""
    if not rate or place.paid is None:
        return place
    paid = place.paid + timedelta(hours=calls / rate)
    return msgspec.structs.replace(place, paid=paid, due=max(place.due or paid, paid))


def may_go_on(place: Place, rate: float, now: datetime) -> bool:
    """Tell whether the share pays for one more call of the round under way."""
    if place.began is None or place.paid is None or not rate:
        return False
    return place.paid + timedelta(hours=1 / rate) <= now


def round_takes(place: Place, records: int, page: int, rate: float) -> timedelta | None:
    """Return in what time everything is seen once, if a run comes at least once an hour; None: never.

    `page` is how many records the system gives a call; a round before tells if it was less.
    """
    if not rate:
        return None
    calls = float(max(1, ceil(records / page)))
    if place.last_records:
        calls = max(calls, place.last_calls * records / place.last_records)
    return max(ROUND_EVERY, timedelta(hours=calls / rate))
