"""A small Dataverse environment in process, on a clock that stands still until a test moves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment, Opening

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Makes environments: `opening(contacts=10)`."""
    clients: list[httpx2.Client] = []

    def make(
        *,
        leads: int = 12,
        contacts: int = 12,
        seed: int = 1,
        limits: str = "off",
        latency: float = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> DataverseEnvironment:
        sizes = Sizes(leads=leads, contacts=contacts, subscribers=0)
        options = Options(sizes=sizes, seed=seed, limits=Limits.parse(limits), latency=latency)
        sandbox = Sandbox(["dynamics"], options, clock=lambda: Clock.standing(MONDAY_NOON), sleep=sleep)
        transport, ready = sandbox.transport()
        mine = ready["dynamics"]
        client = httpx2.Client(
            transport=transport,
            base_url=mine["url"],
            headers={"Authorization": f"Bearer {mine['access_token']}"},
        )
        clients.append(client)
        return DataverseEnvironment(controlled=sandbox.systems["dynamics"], http=client, ready=mine)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def environment(opening: Opening) -> DataverseEnvironment:
    return opening()
