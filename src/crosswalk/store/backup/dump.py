"""Takes a backup: all tables as one moment shows them, while others go on working."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.store import keys
from crosswalk.store.vault import Vault, read_keys

from . import tables
from .file import END, Writer, writing

MANIFEST, KEY, TABLE = "manifest", "key", "table "
_PIECE = 1 << 20  # bytes


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup has."""

    file: str
    size: int  # bytes
    encrypted: bool
    rows: dict[str, int]  # by table
    secrets: int  # that its key opens


def take(path: Path, key_file: Path, passphrase: str, now: datetime) -> Taken:
    """Write a backup of the database and of the key file; without a passphrase (empty) it hides nothing.

    Raises UserError when the file cannot be written, or when the key does not open what is stored.
    """
    with transaction.atomic(), database.cursor() as cursor, writing(path, passphrase) as writer:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        manifest = _manifest(cursor, now)
        key = read_keys(key_file)
        secrets = keys.opened(Vault(*key))  # of the same moment: a key that is changed now does not fit
        writer.write(MANIFEST, msgspec.json.encode(manifest))
        writer.write(KEY, b"".join(key))
        rows = {table.name: _write_table(cursor, writer, table) for table in manifest.tables}
        writer.write(END, msgspec.json.encode(rows))
    from crosswalk.store import acts  # its tables need Django set up; the file of a backup does not

    acts.note("backup.taken", file=path.name, encrypted=bool(passphrase))
    return Taken(
        file=str(path), size=path.stat().st_size, encrypted=bool(passphrase), rows=rows, secrets=secrets
    )


def _manifest(cursor: Any, now: datetime) -> tables.Manifest:
    return tables.Manifest(
        program=version("crosswalk"),
        taken_at=now.isoformat(),
        server=cursor.connection.info.parameter_status("server_version"),
        migrations=tables.applied(),
        tables=tables.tables(cursor),
        sequences=tables.sequences(cursor),
    )


def _write_table(cursor: Any, writer: Writer, table: tables.Table) -> int:
    count, waiting, length = 0, [], 0
    with cursor.copy(table.copy("TO STDOUT")) as copy:
        for data in copy:
            waiting.append(bytes(data))
            length += len(data)
            if length >= _PIECE:
                count += _write(writer, table, waiting)
                waiting, length = [], 0
    return count + _write(writer, table, waiting)


def _write(writer: Writer, table: tables.Table, rows: list[bytes]) -> int:
    content = b"".join(rows)
    if content:
        writer.write(TABLE + table.name, content)
    return content.count(b"\n")  # of a row's own, COPY writes \n in two signs
