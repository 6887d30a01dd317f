"""Versions side by side: tables are brought up to date, and an old version works on newer ones as long as it can.

Migrations of a release only add (see docs/upgrading.md), so what was written before works on. What removes something
comes at the earliest one release after the code that needs it is gone, and its name says so: `0042_contract_...`.
"""

from __future__ import annotations

from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from .leases import lease
from .migrate import migrate

CONTRACT = "contract"  # the second word of such a migration's name


def bring_up_to_date() -> None:
    """Apply what is missing; of several processes at once, one does it and the others wait.

    Raises UserError when a newer version removed what this one needs.
    """
    if not _missing():
        return
    with lease("migrate", 0):
        if _missing():
            migrate()


def _missing() -> bool:
    executor = MigrationExecutor(database)
    known, applied = executor.loader.disk_migrations, executor.loader.applied_migrations
    _require_usable([name for app, name in applied if app == "store" and (app, name) not in known])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _require_usable(unknown: list[str]) -> None:
    for name in unknown:
        if name.split("_")[1] == CONTRACT:
            raise UserError(
                _(
                    "This version of Crosswalk is too old for the database, in which {migration} was done."
                ).format(migration=name),
                cure=_("Install the version that the other machines have; see docs/upgrading.md."),
            )
