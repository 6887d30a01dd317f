"""What a rehearsed run would write, link and hold, as the rows of its plan: read inside the rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.values import unpack

from . import consent_writes, link_rows
from .consents import read_detail

LINK, HOLD, CONFLICT = "link", "hold", "conflict"  # operations that write to no system
UNWRITTEN = (LINK, HOLD, CONFLICT)
_PAGE = 2000

_INTENDED = f"""
    SELECT o.id, o.side, o.object, o.op, o.record_id, o.key, o.expected, o.intended, o.reasons, l.id, l.object,
           l.crm_id, l.activecampaign_id
    FROM (SELECT * FROM outbox WHERE connection_id = %(connection)s AND state = 'intended' AND id > %(after)s
          ORDER BY id LIMIT {_PAGE}) o JOIN link l ON l.id = o.link_id ORDER BY o.id
"""
_JOINED = f"""
    SELECT l.id, l.object, l.crm_id, l.activecampaign_id, l.key FROM link l
    WHERE l.connection_id = %(connection)s AND l.id > %(after)s AND l.state = 'open'
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.link_id = l.id)
      AND NOT EXISTS (SELECT FROM consent_write w WHERE w.link_id = l.id)
    ORDER BY l.id LIMIT {_PAGE}
"""
# A hold of a record without a link is on the side that was not written: the record is the other one's.
_HELD = f"""
    SELECT h.id, h.kind, h.field, h.code, h.reason, h.cure, h.said, h.values, l.id, coalesce(l.object, h.object),
           coalesce(l.crm_id, CASE WHEN h.side = 'activecampaign' THEN h.record_id END),
           coalesce(l.activecampaign_id, CASE WHEN l.id IS NULL AND h.side = 'crm' THEN h.record_id END),
           coalesce(l.key, d.key)
    FROM hold h LEFT JOIN link l ON l.id = h.link_id JOIN connection c ON c.id = h.connection_id
    LEFT JOIN directory d ON l.id IS NULL AND d.record_id = h.record_id
        AND (d.tenant_id, d.object) = (CASE WHEN h.side = 'activecampaign' THEN c.crm_id ELSE c.activecampaign_id END,
                                       CASE WHEN h.side = 'activecampaign' THEN h.object ELSE 'contact' END)
    WHERE h.connection_id = %(connection)s AND h.id > %(after)s AND h.record_id <> '' ORDER BY h.id LIMIT {_PAGE}
"""


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What there was before a rehearsal."""

    links: int
    held: int
    last_link: int  # the highest number of any link
    last_hold: int


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Why something would be held."""

    code: str
    reason: str
    cure: str
    said: str = ""  # both, as `core.words` keeps them


class Line(msgspec.Struct, kw_only=True, gc=False):
    """One row of a plan."""

    side: str = ""
    object: str = ""
    op: str
    record_id: str | None = None
    key: str | None
    fields: Mapping[str, tuple[Any, Any, str]] = {}  # before, after, reason
    note: bytes = b""
    code: str = ""  # of what is held
    link_id: int | None
    crm_object: str
    crm_id: str | None
    contact_id: str | None


def lines(connection_id: int, before: Before) -> Iterator[Line]:
    """Yield the writes of a rehearsal, then links that need none, then what is held anew."""
    yield from (_write(row) for row in _all(_INTENDED, connection_id, 0))
    yield from _consents(connection_id)
    yield from (_joined(row) for row in _all(_JOINED, connection_id, before.last_link))
    yield from (_held(row) for row in _all(_HELD, connection_id, before.last_hold))


def _all(statement: str, connection_id: int, after: int) -> Iterator[Sequence[Any]]:
    """Yield all rows, page by page; the first column is their number."""
    with database.cursor() as cursor:
        while True:
            cursor.execute(statement, {"connection": connection_id, "after": after})
            found = cursor.fetchall()
            yield from found
            if len(found) < _PAGE:
                return
            after = found[-1][0]


def _write(row: Sequence[Any]) -> Line:
    (
        _id,
        side,
        object,
        op,
        record_id,
        key,
        expected,
        intended,
        why,
        link_id,
        crm_object,
        crm_id,
        contact_id,
    ) = row
    before, reasons = unpack(expected), msgspec.json.decode(why)
    return Line(
        side=side,
        object=object,
        op=op,
        record_id=record_id,
        key=key,
        fields={
            name: (before.get(name), value, reasons.get(name, "")) for name, value in unpack(intended).items()
        },
        link_id=link_id,
        crm_object=crm_object,
        crm_id=crm_id,
        contact_id=contact_id,
    )


def _consents(connection_id: int) -> Iterator[Line]:
    writes = consent_writes.writes(connection_id, consent_writes.INTENDED)
    links = link_rows.links_by_id({write.link_id for write in writes})
    for write in writes:
        link = links[write.link_id]
        places = read_detail(write.before).places
        yield Line(
            side=write.side,
            object=write.object,
            op=write.action,
            record_id=write.record_id,
            key=link.key,
            fields={place.where: (place.state, write.action, write.reason) for place in places},
            link_id=link.id,
            crm_object=link.object,
            crm_id=link.crm_id,
            contact_id=link.activecampaign_id,
        )


def _joined(row: Sequence[Any]) -> Line:
    link_id, object, crm_id, contact_id, key = row
    return Line(op=LINK, key=key, link_id=link_id, crm_object=object, crm_id=crm_id, contact_id=contact_id)


def _held(row: Sequence[Any]) -> Line:
    _id, kind, field, code, reason, cure, said, packed, link_id, object, crm_id, contact_id, key = row
    values = unpack(packed) if packed else {}
    return Line(
        op=CONFLICT if kind == "conflict" else HOLD,
        record_id=crm_id or contact_id,
        key=key,
        fields={field: (values.get("crm"), values.get("activecampaign"), code)} if field else {},
        note=msgspec.json.encode(Note(code=code, reason=reason, cure=cure, said=said)),
        code=code,
        link_id=link_id,
        crm_object=object,
        crm_id=crm_id,
        contact_id=contact_id,
    )
