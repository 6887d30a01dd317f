"""A small ActiveCampaign account in process, on a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from tests.helpers.sandbox_account import ActiveCampaign

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


Opening = Callable[..., ActiveCampaign]


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Makes accounts: `opening(limits="real", subscribers=10)`."""
    clients: list[httpx2.Client] = []

    def make(
        *, limits: str = "off", subscribers: int = 30, seed: int = 1, latency: float = 0
    ) -> ActiveCampaign:
        sleeps: list[float] = []
        options = Options(
            sizes=Sizes(leads=20, contacts=20, subscribers=subscribers),
            seed=seed,
            limits=Limits.parse(limits),
            latency=latency,
        )
        sandbox = Sandbox(
            ["activecampaign"], options, clock=lambda: Clock.standing(NOON), sleep=sleeps.append
        )
        transport, ready = sandbox.transport()
        mine = ready["activecampaign"]
        client = httpx2.Client(transport=transport, base_url=mine["url"], headers={"Api-Token": mine["key"]})
        clients.append(client)
        controlled = sandbox.systems["activecampaign"]
        return ActiveCampaign(controlled=controlled, http=client, sleeps=sleeps)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def account(opening: Opening) -> ActiveCampaign:
    return opening()
