"""A small Salesforce org in process, on a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg
from tests.helpers.sandbox_sign_in import SignIn

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.control import Controlled
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes, invent
from crosswalk_sandbox.salesforce import Salesforce
from crosswalk_sandbox.salesforce.bulk import Sizes as BulkSizes
from crosswalk_sandbox.system import World
from crosswalk_sandbox.transport import SandboxTransport

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
HOST = "salesforce.example"


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Makes orgs: `opening(limits="real", contacts=10)`."""
    clients: list[httpx2.Client] = []

    def make(
        *,
        limits: str = "off",
        leads: int = 12,
        contacts: int = 12,
        seed: int = 1,
        most_page: int = 2000,
        converted_leads: int = 0,
        package: bool = False,
        bulk: BulkSizes | None = None,
    ) -> SalesforceOrg:
        clock = Clock.standing(MONDAY_NOON)
        population = invent(seed, Sizes(leads=leads, contacts=contacts, subscribers=0), clock.start)
        world = World(
            seed=seed, population=population, clock=clock, limits=Limits.parse(limits), package=package
        )
        org = Salesforce(world, most_page=most_page, converted_leads=converted_leads, bulk=bulk)
        controlled = Controlled(org, clock)
        ready = controlled.ready(f"https://{HOST}")
        client = httpx2.Client(
            transport=SandboxTransport({HOST: controlled.handle}),
            base_url=f"https://{HOST}",
            headers={"Authorization": f"Bearer {ready['access_token']}"},
        )
        clients.append(client)
        return SalesforceOrg(controlled=controlled, http=client, ready=ready)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def org(opening: Opening) -> SalesforceOrg:
    return opening()


SigningIn = Callable[[SalesforceOrg], SignIn]


@pytest.fixture
def signing_in() -> Iterator[SigningIn]:
    """Makes the browser of a user of the ready line's app in an org; it carries no token."""
    clients: list[httpx2.Client] = []

    def make(org: SalesforceOrg) -> SignIn:
        transport = SandboxTransport({HOST: org.controlled.handle})
        clients.append(httpx2.Client(transport=transport, base_url=f"https://{HOST}"))
        pair = (org.ready["client_id"], org.ready["client_secret"])
        return SignIn(http=clients[-1], client_id=pair[0], client_secret=pair[1])

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def sign_in(org: SalesforceOrg, signing_in: SigningIn) -> SignIn:
    return signing_in(org)
