"""Plans: a run is rehearsed in a transaction that is undone, and what it would have written is kept beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.db import OperationalError, transaction
from django.db import connection as database
from psycopg.errors import LockNotAvailable

from crosswalk.core import catalogue
from crosswalk.core.failures import UserError

from . import consent_writes, models
from .brakes import open_links
from .connections import basis, mapping_of
from .models import Hold
from .plan_lines import Before, Line, lines

_CHANGES = (
    "SELECT side, object, op, count(*) FROM outbox WHERE connection_id = %s AND state = 'intended'"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_COLUMNS = {
    "plan_id": "bigint",
    **dict.fromkeys(("side", "object", "op", "record_id", "key"), "text"),
    **dict.fromkeys(("fields", "note"), "bytea"),
    "overwrites": "bool",
    "link_id": "bigint",
    **dict.fromkeys(("crm_object", "crm_id", "contact_id"), "text"),
}


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to do a plan, about."""

    calls: Mapping[str, int] = {}  # by side
    seconds: float = 0.0
    room: int | None = None  # contacts that the account has room for, before the plan; None: not told


class Emptied(msgspec.Struct, frozen=True, kw_only=True):
    """The field that a plan empties most often."""

    side: str
    object: str
    field: str
    count: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan's rows come to."""

    kinds: Mapping[str, int] = {}  # `op side object` → rows; `link`, `hold`, `conflict`: nothing is written
    overwrites: int = 0  # rows in which a first link replaces a filled field
    emptied: Emptied | None = None
    held: Mapping[str, int] = {}  # code → rows
    cost: Cost = Cost()


def figures(plan: models.Plan) -> Figures:
    """Return a plan's figures; of a plan from before there were any, what its counts tell."""
    if plan.figures:
        return msgspec.convert(plan.figures, Figures)
    told = {name: number for name, number in plan.counts.items() if len(name.split()) == 3}
    return Figures(kinds=told)


LOCK_TIMEOUT = "5s"
IDLE_TIMEOUT = (
    "10min"  # a vendor that is asked within a rehearsal may let it wait for longer than workers usually do
)


class InTheWayError(Exception):
    """Somebody is changing the connection, and may wait for what the rehearsal holds."""


@contextmanager
def rehearsal() -> Iterator[None]:
    """Everything written to the database inside is undone at the end, but for what `save` keeps."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [IDLE_TIMEOUT]
            )
        yield
        transaction.set_rollback(True)


def standing(connection_id: int) -> Before:
    """Return how many links and holds there are, and which are the newest."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT max(id) FROM link), 0), coalesce((SELECT max(id) FROM hold), 0)"
        )
        last_link, last_hold = cursor.fetchone()
    held = Hold.objects.filter(connection_id=connection_id).count()
    return Before(links=open_links(connection_id), held=held, last_link=last_link, last_hold=last_hold)


def counted(connection_id: int, before: Before) -> dict[str, int]:
    """Return a plan's counts, inside the rehearsal; `before` is what `standing` said before it."""
    counts: Counter[str] = Counter()
    with database.cursor() as cursor:
        cursor.execute(_CHANGES, [connection_id])
        for side, object, op, number in cursor.fetchall():
            counts[f"{op} {side} {object}"] += number
    for write in consent_writes.writes(connection_id, consent_writes.INTENDED):
        counts[f"{write.action} {write.side} {write.object}"] += 1
    now = standing(connection_id)
    for name, more in (("links", now.links - before.links), ("held", now.held - before.held)):
        if more:
            counts[name] = more
    return dict(counts)


def save(
    connection_id: int,
    counts: Mapping[str, int],
    now: datetime,
    *,
    before: Before,
    cost: Cost,
    basis: str,
    applied: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Keep a plan with its rows of the rehearsal, inside it; return its number.

    The rows go from one database session to another, so that a plan of any size takes no more memory. `applied` are
    the CRM fields that its run decides anew for all links, by object; `basis` is what `connections.basis` said of what
    decided it. Raises InTheWayError when somebody keeps the
    connection's row locked.
    """
    chosen = {object: list(fields) for object, fields in (applied or {}).items()}
    with _beside() as cursor:
        cursor.execute(
            "INSERT INTO plan (connection_id, created_at, counts, applied, basis) VALUES (%s, %s, '{}', %s, %s)"
            " RETURNING id",
            [connection_id, now, _json(chosen), basis],
        )
        (number,) = cursor.fetchone()
        tally = _copy(cursor, number, lines(connection_id, before))
        fields = tally.overwritten
        told = {**counts, "first-link overwrite": fields} if fields else counts
        cursor.execute(
            "UPDATE plan SET counts = %s, figures = %s WHERE id = %s",
            [_json(told), _json(tally.figures(cost)), number],
        )
    return int(number)


@contextmanager
def _beside() -> Iterator[Any]:
    """A transaction in a database session of its own, which is kept when it ends well."""
    other = database.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            # Who holds the connection's row may wait for what the rehearsal holds: that would never end by itself.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            yield cursor
        other.commit()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise InTheWayError from error
        raise
    finally:
        other.close()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class _Tally:
    """Counts what passes."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.overwritten = 0  # fields
        self._rows = 0  # with such fields
        self._emptied: Counter[tuple[str, str, str]] = Counter()
        self._held: Counter[str] = Counter()

    def take(self, line: Line) -> int:
        """Count a row; return how many filled fields the first link of its records replaces."""
        self.kinds[" ".join(part for part in (line.op, line.side, line.object) if part)] += 1
        if line.code:
            self._held[line.code] += 1
            return 0
        replaced = 0
        for name, (before, after, reason) in line.fields.items():
            if before is None:
                continue
            replaced += reason == "first_link"
            if after is None:
                self._emptied[line.side, line.object, name] += 1
        self.overwritten += replaced
        self._rows += replaced > 0
        return replaced

    def figures(self, cost: Cost) -> Figures:
        """Return what was counted."""
        most = self._emptied.most_common(1)
        return Figures(
            kinds=dict(sorted(self.kinds.items())),
            overwrites=self._rows,
            emptied=Emptied(side=most[0][0][0], object=most[0][0][1], field=most[0][0][2], count=most[0][1])
            if most
            else None,
            held=dict(self._held.most_common()),
            cost=cost,
        )


def _copy(cursor: Any, number: int, found: Iterator[Line]) -> _Tally:
    """Write a plan's rows; return what they come to."""
    tally = _Tally()
    with cursor.copy(f"COPY plan_row ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(_COLUMNS.values()))
        for line in found:
            replaced = tally.take(line)
            copy.write_row(
                (
                    number,
                    line.side,
                    line.object,
                    line.op,
                    line.record_id,
                    line.key,
                    msgspec.json.encode(line.fields),
                    line.note,
                    replaced > 0,
                    line.link_id,
                    line.crm_object,
                    line.crm_id,
                    line.contact_id,
                )
            )
    return tally


def require_current(plan: models.Plan) -> None:
    """Raise UserError unless a plan is its connection's newest and what decided it stands as it did then."""
    connection = plan.connection
    if models.Plan.objects.filter(connection=connection, id__gt=plan.id).exists():
        raise _refused("plan_outdated", plan)
    if plan.basis != basis(connection, mapping_of(connection)):
        raise _refused("plan_overtaken", plan)


def _refused(entry: str, plan: models.Plan) -> UserError:
    said = catalogue.say(entry, id=plan.id, connection=plan.connection.name)
    return UserError(said.message, cure=said.cure, entry=entry)
