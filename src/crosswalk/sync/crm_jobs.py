"""What the CRM itself starts at set times, so that runs can be scheduled around it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from crosswalk.core.clock import Clock
from crosswalk.core.language import gettext as _
from crosswalk.core.language import gettext_noop
from crosswalk.core.mapping import Side
from crosswalk.core.system import ScheduledJob
from crosswalk.store import models
from crosswalk.store.vault import Vault

from .setup import open_systems

_ELSEWHERE = {
    "dynamics": gettext_noop(
        "Look at recurring system jobs in the environment's advanced settings (System Jobs), and at scheduled flows in"
        " Power Automate."
    )
}


def crm_jobs(connection: models.Connection, vault: Vault, clock: Clock) -> Sequence[ScheduledJob] | None:
    """Ask a connection's CRM, with one call; None: its API has no such list. Raises SystemFailure."""
    systems = open_systems(connection, vault, clock)
    with closing(systems[Side.ACTIVECAMPAIGN]), closing(systems[Side.CRM]) as crm:
        return crm.scheduled_jobs()


def elsewhere(connection: models.Connection) -> str:
    """Return where a person finds such jobs in a CRM that has no list of them."""
    return _(_ELSEWHERE.get(connection.crm.system, ""))
