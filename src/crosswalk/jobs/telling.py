"""What a worker does about notices: once a minute it looks how connections stand, and sends what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.store import notices
from crosswalk.store.notices import Sending
from crosswalk.store.vault import Vault
from crosswalk.sync import noticing

from .beside import guarded
from .delivery import NotDeliveredError, send

EVERY = 60.0  # seconds between two looks

log = structlog.get_logger()


async def keep_telling(vault: Vault, clock: Clock) -> None:
    """Tell receivers of notices how connections stand, until cancelled; then at most one is still being sent."""
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.to_thread(_guarded, lambda: noticing.look(clock))
        while await asyncio.to_thread(_guarded, lambda: deliver(vault, clock)):
            pass


def _guarded(work: Callable[[], int]) -> int:
    return guarded(work, "notices could not be worked out")


def deliver(vault: Vault, clock: Clock) -> bool:
    """Send one notice that is due; False when none is."""
    sending = notices.take(clock.now())
    if sending is not None:
        _deliver(sending, vault, clock)
    return sending is not None


def _deliver(sending: Sending, vault: Vault, clock: Clock) -> None:
    try:
        receiver = notices.receiver_of(vault, sending)
        if receiver is None:
            return
        send(receiver, sending.told, sending.message_id, clock)
    except (NotDeliveredError, UserError) as error:
        given_up = notices.failed(sending, clock.now(), str(error))
        log.warning("a notice did not arrive", notice=sending.id, error=str(error), given_up=given_up)
    else:
        notices.arrived(sending, clock.now())
