"""Puts a backup in place of what is stored: in one transaction, after the whole file was read and found sound."""

from __future__ import annotations

import time
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.store import keys
from crosswalk.store.vault import Vault, keys_in, known_keys, write_keys

from . import tables
from .dump import KEY, MANIFEST, TABLE
from .file import END, pieces, reading

_LINGERING = 2.0  # seconds
_LONGEST_WAIT = "10s"  # for somebody who uses a table
# Work that would start by itself, and sign-ins that may have been ended since.
_ENDED = {"procrastinate_jobs", "django_session", "progress"}


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was put in place."""

    taken_at: str
    program: str  # the version that took the backup
    rows: dict[str, int]
    secrets: int
    paused: list[str]  # connections whose schedules rest until somebody lets them go on
    in_doubt: int  # writes that were under way when the backup was taken


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was read to its end."""

    manifest: tables.Manifest
    keys: list[bytes]
    rows: dict[str, int]


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup has that was read to its end."""

    taken_at: str
    program: str
    server: str  # PostgreSQL's version
    rows: dict[str, int]


def check(path: Path, passphrase: str) -> Sound:
    """Read a backup to its end. Raises UserError for one that is damaged or of a newer version."""
    with reading(path) as stream:
        sound = _checked(stream, passphrase)
    tables.require_known(sound.manifest)
    found = sound.manifest
    return Sound(taken_at=found.taken_at, program=found.program, server=found.server, rows=sound.rows)


def restore(path: Path, key_file: Path, passphrase: str, *, replace: bool) -> Restored:
    """Replace database and key by those of a backup. Nothing starts by itself afterwards.

    Raises UserError, and changes nothing, for a backup that is damaged or of a newer version, for an installation with
    connections unless `replace` is set, and while others are connected to the database.
    """
    with reading(path) as stream:
        sound = _checked(stream, passphrase)
        tables.require_known(sound.manifest)
        with transaction.atomic(), database.cursor() as cursor:
            _require_alone(cursor)
            _require_empty(cursor, replace=replace)
            before = known_keys(key_file)
            key_file.parent.mkdir(parents=True, exist_ok=True)
            # Wherever this breaks off, the key file opens what is stored then.
            write_keys(key_file, [*before, *(key for key in sound.keys if key not in before)])
            restored = _put_in_place(cursor, stream, passphrase, sound)
            from crosswalk.store import acts  # its tables need Django set up; the file of a backup does not

            acts.note("backup.restored", file=path.name, taken_at=sound.manifest.taken_at)
    write_keys(key_file, sound.keys)
    return restored


def _checked(stream: IO[bytes], passphrase: str) -> _Read:
    """Read the file to its end; rows are counted."""
    manifest, key, rows, counted = None, b"", None, dict[str, int]()
    for part, content in pieces(stream, passphrase):
        if part == MANIFEST:
            manifest = msgspec.json.decode(content, type=tables.Manifest)
            counted = {table.name: 0 for table in manifest.tables}
        elif part == KEY:
            key = content
        elif part == END:
            rows = msgspec.json.decode(content, type=dict[str, int])
        else:
            counted[part.removeprefix(TABLE)] += content.count(b"\n")
    if manifest is None or rows != counted:
        raise UserError(_("The backup is not complete; nothing was changed."), cure=_("Use another backup."))
    return _Read(manifest=manifest, keys=keys_in(key), rows=counted)


def _require_alone(cursor: Any) -> None:
    """The session of a command that has just ended may linger for a moment."""
    deadline = time.monotonic() + _LINGERING
    while others := _others(cursor):
        if time.monotonic() > deadline:
            raise UserError(
                _("{count} other sessions use the database.").format(count=others),
                cure=_("Stop workers and everything else that is connected to it, then restore again."),
            )
        time.sleep(0.1)


def _others(cursor: Any) -> int:
    cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction the first look is kept
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    (others,) = cursor.fetchone()
    return int(others)


def _require_empty(cursor: Any, *, replace: bool) -> None:
    cursor.execute("SELECT count(*) FROM connection")
    (count,) = cursor.fetchone()
    if count and not replace:
        raise UserError(
            _("This installation has {count} connections; a restore would replace them.").format(count=count),
            cure=_("To lose all that it holds: crosswalk restore FILE --replace. Back it up before."),
        )


def _put_in_place(cursor: Any, stream: IO[bytes], passphrase: str, sound: _Read) -> Restored:
    cursor.execute(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT}'")
    tables.empty(cursor, sound.manifest)
    _load(cursor, stream, passphrase, sound.manifest)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # all rows that are referred to are there
    for name, last in sound.manifest.sequences.items():
        start = "(SELECT seqstart FROM pg_sequence WHERE seqrelid = %(name)s::text::regclass)"
        cursor.execute(
            f"SELECT setval(%(name)s::text::regclass, coalesce(%(last)s, {start}), %(last)s IS NOT NULL)",
            {"name": name, "last": last},
        )
    tables.bring_up_to_date()
    secrets = keys.opened(Vault(*sound.keys))
    paused, in_doubt = _let_rest(cursor)
    return Restored(
        taken_at=sound.manifest.taken_at,
        program=sound.manifest.program,
        rows=sound.rows,
        secrets=secrets,
        paused=paused,
        in_doubt=in_doubt,
    )


def _load(cursor: Any, stream: IO[bytes], passphrase: str, manifest: tables.Manifest) -> None:
    known = {TABLE + table.name: table for table in manifest.tables}
    for part, group in groupby(pieces(stream, passphrase), key=itemgetter(0)):
        if part in known:
            with cursor.copy(known[part].copy("FROM STDIN")) as copy:
                for _part, content in group:
                    copy.write(content)


def _let_rest(cursor: Any) -> tuple[list[str], int]:
    """Nothing starts by itself, and what was read before the backup is read again before it is used."""
    cursor.execute(
        "WITH resting AS (UPDATE schedule SET paused = true RETURNING connection_id)"
        " SELECT c.name FROM connection c JOIN resting r ON r.connection_id = c.id ORDER BY 1"
    )
    paused = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        "UPDATE inbox SET to_fetch = true WHERE NOT to_fetch AND NOT deleted AND successor IS NULL"
    )
    cursor.execute("UPDATE run SET state = 'interrupted', ended_at = started_at WHERE state = 'running'")
    cursor.execute(
        "UPDATE task SET state = 'failed', ended_at = asked_at, code = %s, message = %s, cure = %s"
        " WHERE state IN ('waiting', 'running')",
        [
            CATALOGUE["cancelled"].code,
            _("Crosswalk was restored from a backup before this was done."),
            _("Ask for it again, if it is still wanted."),
        ],
    )
    for table in _ENDED & set(database.introspection.table_names(cursor)):
        cursor.execute(f"DELETE FROM {table}")
    cursor.execute(
        "SELECT (SELECT count(*) FROM outbox WHERE state <> 'intended')"
        " + (SELECT count(*) FROM consent_write WHERE state = 'sending')"
    )
    (in_doubt,) = cursor.fetchone()
    return paused, in_doubt
