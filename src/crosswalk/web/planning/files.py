"""A plan as a file: all rows, one after the other, however many there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from django.utils.translation import gettext as _

from crosswalk.core.words import plain
from crosswalk.store.models import Connection
from crosswalk.store.plan_rows import Row
from crosswalk.web.cells import defused
from crosswalk.web.labels import Labels
from crosswalk.web.run_words import system_of

from .shown import shown

_PIECE = 1 << 16  # bytes


def as_csv(connection: Connection, rows: Iterable[Row], labels: Labels) -> Iterator[str]:
    """Yield a table with a line for each field."""
    titles = [_("What"), _("System"), _("Object"), _("E-mail"), _("Record"), _("Field"), _("Name")]
    yield "\ufeff" + _table([[*titles, _("Before"), _("After"), _("Why")]])
    for row in rows:
        yield _table(_lines(connection, row, labels))


def _table(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _lines(connection: Connection, row: Row, labels: Labels) -> Iterator[list[str]]:
    told = shown(connection, row, labels)
    system = system_of(connection, row.side) if row.side else ""
    begin = defused(str(told.what), system, row.object or row.crm_object, row.key or "", row.record_id or "")
    for change in told.changes:
        why = told.message or change.reason
        yield begin + defused(change.label, change.name, _text(change.before), _text(change.after), why)
    if not told.changes:
        yield begin + defused("", "", "", "", told.message)


def _text(value: object) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def as_json(connection: Connection, rows: Iterable[Row], labels: Labels) -> Iterator[bytes]:
    """Yield a list of rows."""
    separator = b"["
    for row in rows:
        yield separator + msgspec.json.encode(_plain(connection, row, labels), enc_hook=plain)
        separator = b",\n"
    yield b"[]\n" if separator == b"[" else b"]\n"


def _plain(connection: Connection, row: Row, labels: Labels) -> dict[str, object]:
    told = shown(connection, row, labels)
    return {
        "op": row.op,
        "side": row.side,
        "object": row.object or row.crm_object,
        "record_id": row.record_id,
        "key": row.key,
        "crm_id": row.crm_id,
        "contact_id": row.contact_id,
        "first_link_overwrite": row.overwrites,
        "fields": [
            {
                "name": change.name,
                "label": change.label,
                "before": change.before,
                "after": change.after,
                "reason": change.reason,
            }
            for change in told.changes
        ],
        **({"code": told.code, "reason": told.message, "cure": told.cure} if row.note else {}),
    }


def in_pieces(parts: Iterable[str] | Iterable[bytes]) -> Iterator[bytes]:
    """Join many small parts: each piece that goes out costs a little."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part.encode() if isinstance(part, str) else part)
        size += len(held[-1])
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


Write = Callable[[Connection, Iterable[Row], Labels], Iterator[str] | Iterator[bytes]]
FORMATS: Mapping[str, tuple[Write, str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json"),
}
