"""Walking the set-up checks of a connection's systems; what they say is kept for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from crosswalk.core.clock import Clock
from crosswalk.core.mapping import Side
from crosswalk.core.patience import waited_for
from crosswalk.core.system import Check
from crosswalk.core.uses import uses_of
from crosswalk.store import checked, connections, models
from crosswalk.store.vault import Vault

from .setup import open_systems

SIGN_IN = "sign-in"  # the check that every system walks first


def check_connection(
    connection: models.Connection, vault: Vault, clock: Clock
) -> Mapping[Side, Sequence[Check]]:
    """Ask both systems whether all is there that the mapping needs, and keep the answers; nothing is written there."""
    uses = uses_of(connections.mapping_of(connection))
    found: dict[Side, Sequence[Check]] = {}
    for side, system in open_systems(connection, vault, clock).items():
        with closing(system), waited_for():
            found[side] = system.check(uses[side])
        checked.keep(connection, side, found[side], clock.now())
    return found


def lost(checks: Sequence[Check]) -> bool:
    """Tell whether a system refused the sign-in."""
    return any(each.name == SIGN_IN and not each.ok for each in checks)
