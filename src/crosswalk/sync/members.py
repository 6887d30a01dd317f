"""Who works in a connection's CRM, asked of the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from crosswalk.core.clock import Clock
from crosswalk.core.mapping import Side
from crosswalk.core.system import Member
from crosswalk.store import models
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .setup import open_systems
from .sign_in import Opener

MOST = 20  # shown of those that are found


def find(
    connection: models.Connection, search: str, vault: Vault, clock: Clock, opener: Opener = open_system
) -> Sequence[Member]:
    """Return the CRM's users whose name or e-mail contains `search`, in one call. Raises SystemFailure."""
    systems = open_systems(connection, vault, clock, opener)
    with closing(systems[Side.ACTIVECAMPAIGN]), closing(systems[Side.CRM]) as crm:
        return crm.users(search, MOST)
