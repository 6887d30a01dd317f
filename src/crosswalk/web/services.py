"""What views need to work with connections: the vault and the clock of this process."""

from __future__ import annotations

from functools import cache

from crosswalk.core.clock import Clock, SystemClock
from crosswalk.core.keeping import KEY_FILE
from crosswalk.store import embedded
from crosswalk.store.vault import Vault


@cache
def vault() -> Vault:
    """Return what opens credentials. Raises UserError when the key is lost."""
    return Vault.at(embedded.home() / KEY_FILE)


@cache
def clock() -> Clock:
    """Return the clock."""
    return SystemClock()
