"""Signing in again by browser: what is kept, and what is not; access that nobody uses is ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.helpers.sandbox_sign_in import CALLBACK, Page, told

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Side
from crosswalk_sandbox.faults import FaultOrder
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from crosswalk.core.sign_in import Tokens
    from crosswalk.store.vault import Vault

CLOCK = SystemClock()
NAME = "acme"


class Person:
    """Somebody at a browser who allows whatever is asked."""

    redirect_uri = CALLBACK

    def visit(self, address: str, state: str) -> Mapping[str, str]:
        form = Page(httpx2.get(address, trust_env=False).text).forms["allow"]
        answer = httpx2.post(str(httpx2.URL(address).join(form.action)), data=form.fields, trust_env=False)
        brought = told(answer)
        assert brought["state"] == state
        return brought


@contextmanager
def browser() -> Iterator[Person]:
    yield Person()


@pytest.fixture
def sandbox() -> Iterator[tuple[Sandbox, dict[str, dict[str, str]]]]:
    sandbox = Sandbox(
        ["salesforce", "activecampaign"], Options(sizes=Sizes.of(2), limits=Limits.parse("off"))
    )
    servers, ready = sandbox.serve({"salesforce": 0, "activecampaign": 0})
    yield sandbox, ready
    for server in servers:
        server.close()


@pytest.fixture
def vault(django_database: str, sandbox: tuple[Sandbox, dict[str, dict[str, str]]], tmp_path: Path) -> Vault:
    """The vault of an installation with one connection, signed in to by client credentials."""
    from crosswalk.store.vault import Vault
    from crosswalk.sync.setup import add_connection

    vault = Vault.at(tmp_path / "credentials.key")
    add_connection(NAME, sandbox[1], vault, CLOCK)
    return vault


def kept(vault: Vault) -> tuple[dict[str, str], Tokens]:
    from crosswalk.store import connections
    from crosswalk.store.tokens import TenantTokens

    tenant = connections.get(NAME).crm
    return connections.credentials(vault, tenant), TenantTokens(tenant, vault, connection=NAME).read()


def test_it_works_and_starts_what_rested_since_the_sign_in_was_lost(vault: Vault) -> None:
    from crosswalk.core.schedule import Every, Schedule
    from crosswalk.store import connections, schedules
    from crosswalk.sync.sign_in import sign_in_again

    connection = connections.get(NAME)
    schedules.save(connection, Schedule(times=Every(minutes=60)), CLOCK.now())
    schedules.put_off(connection, CLOCK.now() + timedelta(hours=6))

    sign_in_again(NAME, vault, CLOCK, browser)
    kept_schedule = schedules.of(connection)
    assert kept_schedule is not None
    assert kept_schedule.next_at <= CLOCK.now()

    credentials, tokens = kept(vault)
    assert credentials["grant"] == "authorization_code"
    assert tokens["refresh_token"]


def test_who_signs_in_to_another_org_is_told_so_and_nothing_changes(
    vault: Vault, sandbox: tuple[Sandbox, dict[str, dict[str, str]]]
) -> None:
    from crosswalk.sync.sign_in import sign_in_again

    before = kept(vault)
    controlled = sandbox[0].systems["salesforce"]
    controlled.system.org.id = "00D5g00000Second5EA"  # type: ignore[attr-defined]

    with pytest.raises(UserError, match="You signed in to 00D5g00000Second5EA; acme belongs to") as raised:
        sign_in_again(NAME, vault, CLOCK, browser)
    assert "a user of that org," in raised.value.cure
    assert "Nothing was changed" in raised.value.cure
    assert kept(vault) == before
    assert [entry.path for entry in controlled.log()][-2:] == ["/services/oauth2/revoke"] * 2


def test_tokens_that_were_renewed_a_moment_ago_are_ended(
    vault: Vault, sandbox: tuple[Sandbox, dict[str, dict[str, str]]]
) -> None:
    from crosswalk.store import connections
    from crosswalk.sync.sign_in import disconnect, open_tenant

    loaded = connections.get(NAME)
    with closing(open_tenant(connections.get(NAME).crm, NAME, vault, CLOCK)) as system:
        system.check()  # signs in anew
        newest = kept(vault)[1]["access_token"]
    disconnect(loaded, vault, CLOCK)

    url = sandbox[1]["salesforce"]["instance_url"] + "/services/data/v60.0/limits"
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {newest}"}, trust_env=False)
    assert answer.status_code == 401


def test_a_system_whose_access_only_a_person_can_end_says_so_when_it_is_let_go(vault: Vault) -> None:
    from crosswalk.store import connections
    from crosswalk.sync.sign_in import disconnect

    crm, activecampaign = disconnect(connections.get(NAME), vault, CLOCK)

    assert (crm.system, crm.ended) == ("salesforce", True)
    assert (activecampaign.system, activecampaign.ended) == ("activecampaign", False)
    assert "reset the key" in activecampaign.message
    assert disconnect(connections.get(NAME), vault, CLOCK)[0].ended  # dead tokens are as good as revoked ones


# --- set-ups that nobody goes on with ---------------------------------------------------------------------------


def abandoned(vault: Vault, ready: dict[str, dict[str, str]], name: str, days: int) -> str:
    """Somebody signs in to Salesforce, and nobody goes on for so many days; the access token."""
    from crosswalk.store import drafts as stored
    from crosswalk.store.models import Draft
    from crosswalk.sync import drafts

    draft = drafts.begin(name, "salesforce", "ada", CLOCK)
    given = {key: value for key, value in ready["salesforce"].items() if key != "access_token"}
    asked = drafts.Asked(side=Side.CRM, way="client-credentials", credentials=given, typed={})
    assert drafts.authorize(draft, asked, vault, CLOCK) is None
    Draft.objects.filter(id=draft.id).update(changed_at=CLOCK.now() - timedelta(days=days))
    draft.refresh_from_db()
    return stored.accounts(vault, draft)[Side.CRM].tokens["access_token"]


def opens(ready: dict[str, dict[str, str]], token: str) -> bool:
    """Whether Salesforce lets somebody in with a token."""
    url = ready["salesforce"]["instance_url"] + "/services/data/v60.0/limits"
    return httpx2.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False).status_code == 200


def test_access_of_a_set_up_that_nobody_goes_on_with_is_ended_with_it(
    django_database: str, sandbox: tuple[Sandbox, dict[str, dict[str, str]]], tmp_path: Path
) -> None:
    from crosswalk.jobs.discarding import look
    from crosswalk.store import drafts, halts, retention
    from crosswalk.store.models import Draft
    from crosswalk.store.vault import Vault

    vault, (system, ready) = Vault.at(tmp_path / "credentials.key"), sandbox
    old, young = (abandoned(vault, ready, name, days) for name, days in (("old", 30), ("young", 29)))

    halts.stop(CLOCK.now())
    look(vault, CLOCK)
    assert opens(ready, old)
    halts.start(CLOCK.now())
    retention.whole_round(CLOCK.now())  # leaves a worker a day for it
    look(vault, CLOCK)
    assert not opens(ready, old)
    assert opens(ready, young)
    assert [each.name for each in drafts.all_drafts()] == ["young"]

    (draft,) = Draft.objects.all()
    Draft.objects.update(changed_at=CLOCK.now() - timedelta(days=30))
    assert not drafts.forget_unchanged(draft)  # somebody went on with what was read
    system.systems["salesforce"].faults.add(
        FaultOrder(kind="status", status=403, route="POST /services/oauth2/revoke")
    )
    look(vault, CLOCK)
    assert not drafts.all_drafts()


def test_a_set_up_that_was_signed_in_to_goes_a_day_later_where_no_worker_is(
    django_database: str, sandbox: tuple[Sandbox, dict[str, dict[str, str]]], tmp_path: Path
) -> None:
    from crosswalk.store import retention
    from crosswalk.store.vault import Vault

    vault = Vault.at(tmp_path / "credentials.key")
    abandoned(vault, sandbox[1], "old", 31)
    assert retention.whole_round(CLOCK.now())["draft"] == 1
