"""Feeds: their rows, and who uses them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import ObjectMapping, Selection, Side
from crosswalk.core.schema import OPT_OUT
from crosswalk.core.sweep import SHARE

from .models import Connection, Feed

# Feeds are opened several times in every run: models' queries would be a good part of an idle run's work.
_definition = msgspec.json.Decoder(ObjectMapping)
_UNDER_WAY = "!"  # ends the mark of a reader whom a complete reading is not through for
_COLUMNS = ", ".join(str(field.column) for field in Feed._meta.concrete_fields)


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that uses a feed."""

    connection_id: int
    fields: Sequence[str]
    mark: str  # changes when other records take part than before
    selection: Selection | None = None  # which records of the CRM it takes
    sweep_share: float = SHARE  # of the tenant's calls


def readers_of(side: Side, tenant_id: int, object: str) -> list[Reader]:
    """Return the connections that use a tenant's feed of an object."""
    mapped: dict[int, list[ObjectMapping]] = {}
    settings: dict[int, dict[str, Any]] = {}
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT m.connection_id, m.definition, c.settings FROM mapping m"
            f" JOIN connection c ON c.id = m.connection_id WHERE c.{side.value}_id = %s"
            " AND (%s OR m.object = %s) ORDER BY m.connection_id, m.object",
            [tenant_id, side is Side.ACTIVECAMPAIGN, object],
        )
        for number, definition, common in cursor.fetchall():
            mapped.setdefault(number, []).append(_definition.decode(definition))
            settings[number] = msgspec.json.decode(common)
    return [
        Reader(
            connection_id=number,
            fields=sorted(_consent(settings[number]).union(*(item.read(side) for item in items))),
            mark=_mark(number, side, items, settings[number]),
            selection=items[0].selection if side is Side.CRM else None,
            sweep_share=settings[number].get("sweep_share", SHARE),
        )
        for number, items in mapped.items()
    ]


def _consent(settings: dict[str, Any]) -> set[str]:
    return {OPT_OUT} if settings.get("consent", True) else set()


def _mark(connection_id: int, side: Side, items: Sequence[ObjectMapping], settings: dict[str, Any]) -> str:
    """Contacts are looked at again when others may be created; those of a CRM record when that is selected."""
    parts: list[Any] = [[item.object, item.direction] for item in items]
    if side is Side.CRM:
        parts += [item.selection for item in items]
    else:
        parts += [settings.get(name) for name in ("creation", "creation_object", "creation_tag")]
    digest = blake2b(msgspec.json.encode(parts, order="sorted"), digest_size=8).hexdigest()
    return f"{connection_id}:{digest}"


def open_feed(tenant_id: int, name: str) -> Feed:
    """Return a feed's row, which is made when it is absent."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM feed WHERE tenant_id = %s AND name = %s", [tenant_id, name])
        row = cursor.fetchone()
    return Feed(*row) if row else Feed.objects.get_or_create(tenant_id=tenant_id, name=name)[0]


def move(feed: Feed) -> None:
    """Store how far a feed was read, together with what was read.

    The commit need not wait for the disk: a page that a crash of the server forgets is read again.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE feed SET cursor = %s, read_at = %s, complete_at = %s WHERE id = %s"
            " RETURNING set_config('synchronous_commit', 'off', true)",
            [feed.cursor, feed.read_at, feed.complete_at, feed.id],
        )


def untold(feed: Feed, fields: Sequence[str], readers: Sequence[Reader]) -> list[Reader]:
    """Return the connections for which records that were read already must be read again.

    So it is when consent is to be read that was not, and for a connection that has not seen these records. Fields that
    are mapped later need no complete reading: they have a back-fill of their own.
    """
    if feed.cursor is None:
        return list(readers)
    new = {OPT_OUT}.intersection(fields).difference(feed.fields.split("\n"))
    told = {mark.rstrip(_UNDER_WAY) for mark in feed.readers.split("\n")}
    return [reader for reader in readers if reader.mark not in told or new.intersection(reader.fields)]


def restart(feed: Feed) -> None:
    """Begin a feed again; what it shows is news to every reader, whatever the directory knows."""
    feed.cursor = None
    with transaction.atomic(), database.cursor() as cursor:
        feed.save(update_fields=["cursor"])
        cursor.execute(
            "UPDATE directory SET digest = '' WHERE tenant_id = %s AND object = %s",
            [feed.tenant_id, feed.name],
        )


def note_reading(
    feed: Feed, fields: Sequence[str], readers: Sequence[Reader], untold: Sequence[Reader]
) -> None:
    """Remember what is read from now on, and for whom; a complete reading begins for those `untold`."""
    under_way = {mark for mark in feed.readers.split("\n") if mark.endswith(_UNDER_WAY)}
    under_way |= {reader.mark + _UNDER_WAY for reader in untold}
    marks = [
        reader.mark + (_UNDER_WAY if reader.mark + _UNDER_WAY in under_way else "") for reader in readers
    ]
    _note(feed, "\n".join(sorted(fields)), "\n".join(sorted(marks)))


def _note(feed: Feed, fields: str, readers: str) -> None:
    if (feed.fields, feed.readers) != (fields, readers):
        feed.fields, feed.readers = fields, readers
        feed.save(update_fields=["fields", "readers"])


def reading_for(feed: Feed, readers: Sequence[Reader]) -> list[Reader]:
    """Return for whom a complete reading is under way."""
    begun = feed.readers.split("\n")
    return [reader for reader in readers if reader.mark + _UNDER_WAY in begun]


def under_way(feed: Feed) -> bool:
    """Tell whether a complete reading is not through for somebody."""
    return _UNDER_WAY in feed.readers


def end_reading(feed: Feed) -> None:
    """The complete reading is through for everybody."""
    _note(feed, feed.fields, feed.readers.replace(_UNDER_WAY, ""))


def seekers_of(tenant_id: int, tag: str) -> list[int]:
    """Return the connections of an ActiveCampaign tenant that create CRM records for a tag."""
    found = Connection.objects.filter(
        activecampaign_id=tenant_id, settings__creation="tagged", settings__creation_tag=tag
    )
    return list(found.order_by("id").values_list("id", flat=True))
