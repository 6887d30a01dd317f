"""Which tables a backup has, and in which state of the migrations."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

import msgspec
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

JOBS = "procrastinate"  # its tables hold work under way, which schedules make anew


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table and its columns, quoted."""

    name: str
    columns: list[str]

    def copy(self, direction: str) -> str:
        """Return the statement that copies its rows: `TO STDOUT` or `FROM STDIN`."""
        return f"COPY {self.name} ({', '.join(self.columns)}) {direction}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, and of what version it is."""

    program: str
    taken_at: str
    server: str
    migrations: list[tuple[str, str]]
    tables: list[Table]
    sequences: dict[str, int | None]  # quoted name → last value


def names() -> list[str]:
    """Return all tables of Crosswalk, without those of jobs under way."""
    found = database.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(name for name in found if not name.startswith(JOBS))


def tables(cursor: Any) -> list[Table]:
    """Return them with their columns; one that refers to another at once, not at the end, comes after it."""
    cursor.execute(
        "SELECT c.relname, quote_ident(c.relname), array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
        " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)"
        " GROUP BY 1 ORDER BY 1",
        [names()],
    )
    found = {name: Table(name=quoted, columns=columns) for name, quoted, columns in cursor.fetchall()}
    order = TopologicalSorter({name: _referred(cursor, name) for name in found})
    return [found[name] for name in order.static_order() if name in found]


def _referred(cursor: Any, name: str) -> list[str]:
    cursor.execute(
        "SELECT DISTINCT t.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        " JOIN pg_class t ON t.oid = k.confrelid WHERE k.contype = 'f' AND NOT k.condeferrable AND t.oid <> c.oid"
        " AND c.relname = %s AND c.relnamespace = current_schema()::regnamespace ORDER BY 1",
        [name],
    )
    return [referred for (referred,) in cursor.fetchall()]


def sequences(cursor: Any) -> dict[str, int | None]:
    """Return the last value of each of their sequences; None of one that was never used."""
    cursor.execute(
        "SELECT quote_ident(sequencename), last_value FROM pg_sequences WHERE schemaname = current_schema()"
        " AND NOT starts_with(sequencename, %s) AND NOT starts_with(sequencename, 'django_migrations_') ORDER BY 1",
        [JOBS],
    )
    return dict(cursor.fetchall())


def applied() -> list[tuple[str, str]]:
    """Return the migrations that made the tables. Raises UserError where some tables are unknown to us."""
    loader = MigrationExecutor(database).loader
    found = sorted(key for key in loader.applied_migrations if key[0] != JOBS)
    if unknown := [f"{app} {name}" for app, name in found if (app, name) not in loader.disk_migrations]:
        raise _of_newer(_("The database"), unknown)
    return found


def require_known(manifest: Manifest) -> None:
    """Raise UserError for a backup of a version that is newer than this one."""
    disk = MigrationExecutor(database).loader.disk_migrations
    if unknown := [f"{app} {name}" for app, name in manifest.migrations if (app, name) not in disk]:
        raise _of_newer(_("The backup"), unknown)


def _of_newer(what: str, unknown: list[str]) -> UserError:
    return UserError(
        _("{what} is of a newer version of Crosswalk: this one does not know {migration}.").format(
            what=what, migration=unknown[-1]
        ),
        cure=_("Install that version."),
    )


def empty(cursor: Any, manifest: Manifest) -> None:
    """Leave all tables without rows, in the manifest's version; within a transaction."""
    if manifest.migrations != applied():
        _rebuild(cursor, manifest)
    made = [table.name for table in tables(cursor)]  # migrations may have put rows there
    cursor.execute(f"TRUNCATE {', '.join(made)}")


def _rebuild(cursor: Any, manifest: Manifest) -> None:
    cursor.execute(f"DROP TABLE {', '.join(table.name for table in tables(cursor))} CASCADE")
    for name in sequences(cursor):  # those that belong to no table
        cursor.execute(f"DROP SEQUENCE {name}")
    cursor.execute("DELETE FROM django_migrations WHERE app <> %s", [JOBS])
    executor = MigrationExecutor(database)
    executor.migrate(_leaves(executor, {(app, name) for app, name in manifest.migrations}))


def _leaves(executor: MigrationExecutor, applied: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the applied migrations of each app, those that none of the app comes after."""
    nodes = executor.loader.graph.node_map
    followed = {parent.key for key in applied for parent in nodes[key].parents if parent.key[0] == key[0]}
    return sorted(applied - followed)


def bring_up_to_date() -> None:
    """Apply the migrations that came after the backup; within a transaction."""
    executor = MigrationExecutor(database)
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] != JOBS])
