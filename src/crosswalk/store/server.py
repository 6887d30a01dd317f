"""What there is to say about the database server that is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

OLDEST = 15  # PostgreSQL's: unique constraints in which nothing equals nothing


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A database server that answered."""

    version: str
    number: int  # 180003
    encoding: str
    clock_difference: float  # its clock minus ours, seconds
    missing: list[str]  # migrations that the next command applies
    unknown: list[str]  # migrations that a newer version of Crosswalk applied

    is_new: bool  # it has no tables of ours at all

    @property
    def up_to_date(self) -> bool:
        """Whether its tables are those of this version."""
        return not (self.missing or self.unknown)


def look() -> Server:
    """Ask the server; nothing is changed. Raises Django's OperationalError when it cannot be reached."""
    with database.cursor() as cursor:
        asked_at = datetime.now(UTC)
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
            " getdatabaseencoding(), clock_timestamp()"
        )
        version, number, encoding, its_time = cursor.fetchone()
        between = asked_at + (datetime.now(UTC) - asked_at) / 2
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    apps = {app for app, _name in executor.loader.disk_migrations}
    applied = sorted(executor.loader.applied_migrations)
    return Server(
        version=version,
        number=number,
        encoding=encoding,
        clock_difference=(its_time - between) / timedelta(seconds=1),
        is_new=not applied,
        missing=[f"{migration.app_label} {migration.name}" for migration, _backwards in plan],
        unknown=[
            f"{app} {name}"
            for app, name in applied
            if app in apps and (app, name) not in executor.loader.disk_migrations
        ],
    )
