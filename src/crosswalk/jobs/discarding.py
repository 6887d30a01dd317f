"""What a worker does beside its jobs: set-ups that nobody went on with are discarded, and the access they had is ended.

In a loop of its own: vendors may take their time, and what is due does not wait for them.
"""

from __future__ import annotations

import asyncio

import structlog

from crosswalk.core.clock import Clock
from crosswalk.store.vault import Vault
from crosswalk.sync import drafts

from .beside import guarded

EVERY = 3600.0  # seconds between two looks

log = structlog.get_logger()


async def keep_discarding(vault: Vault, clock: Clock) -> None:
    """Look again and again, until cancelled."""
    while True:
        await asyncio.to_thread(look, vault, clock)
        await asyncio.sleep(EVERY)


def look(vault: Vault, clock: Clock) -> None:
    """Discard what is old; whatever goes wrong, the next look happens."""
    gone = guarded(lambda: drafts.discard_abandoned(vault, clock), "old set-ups could not be discarded")
    if gone:
        log.info("set-ups discarded that nobody went on with", number=gone)
