"""Signing in to a connection's systems, signing in again, and letting go of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.patience import waited_for
from crosswalk.core.sign_in import Browser, Granted, OwnTokens
from crosswalk.core.system import Budget, System
from crosswalk.core.words import keepable as _
from crosswalk.store import acts, connections, models, schedules
from crosswalk.store.budget import TenantBudget
from crosswalk.store.connections import Account
from crosswalk.store.tokens import TenantTokens
from crosswalk.store.vault import Vault
from crosswalk.systems import begin_sign_in, needs_browser, open_system, tenant_word

from .context import CONTACT

ACTIVECAMPAIGN = "activecampaign"
# Where a tenant's pacer starts, calls per second; answers say how fast it may go. None: no such limit.
FIRST_PACE: Mapping[str, float | None] = {ACTIVECAMPAIGN: 5.0}

Opener = Callable[..., System]
Visit = Callable[[], AbstractContextManager[Browser]]  # opens the way to a person's browser


class _Unpaced:
    """The budget of a tenant that is not stored yet: a handful of calls at set-up, as slow as the vendor asks."""

    def __init__(self, vendor: str, clock: Clock) -> None:
        self._clock = clock
        self._gap = 1 / pace if (pace := FIRST_PACE.get(vendor)) else 0.0

    def wait(self) -> None:
        self._clock.sleep(self._gap)

    def learn(
        self,
        *,
        per_second: float | None = None,
        pause: float | None = None,
        crowded: bool = False,
        used_today: int | None = None,
        limit_today: int | None = None,
    ) -> None:
        if per_second:
            self._gap = 1 / per_second


def signed_in(
    vendor: str,
    credentials: Mapping[str, Any],
    name: str,
    clock: Clock,
    opener: Opener = open_system,
    browser: Visit | None = None,
) -> Account:
    """Return an account whose credentials were tried; a person signs in by `browser` where they need that.

    `name` is the connection's. Raises UserError and SystemFailure.
    """
    given = {key: str(value) for key, value in credentials.items() if value is not None}
    granted = Granted(credentials=given, tokens={})
    if needs_browser(vendor, given):
        if browser is None:
            raise UserError(_("These credentials need somebody who signs in by browser."))
        granted = _granted(vendor, given, name, clock, browser)
    return tried(vendor, granted, name, clock, opener)


def _granted(vendor: str, given: Mapping[str, str], name: str, clock: Clock, browser: Visit) -> Granted:
    """Have a person sign in."""
    with browser() as way, waited_for():
        sign_in = begin_sign_in(vendor, given, redirect_uri=way.redirect_uri, connection=name, clock=clock)
        return sign_in.finish(way.visit(sign_in.address, sign_in.state))


def tried(
    vendor: str,
    granted: Granted,
    name: str,
    clock: Clock,
    opener: Opener = open_system,
    look: Callable[[System], None] = lambda _system: None,
) -> Account:
    """Return the account that credentials open, which was called; `look` is shown the system while it is open."""
    tokens = OwnTokens(granted.tokens, connection=name)
    with waited_for(), closing(_unstored(vendor, granted, tokens, clock, opener)) as system:
        if vendor == ACTIVECAMPAIGN:
            system.describe(CONTACT)  # its identity is its address: only a call tries address and key
        identity = system.identity()
        look(system)
        return Account(
            system=vendor, identity=identity, credentials=granted.credentials, tokens=tokens.read()
        )


def _unstored(vendor: str, granted: Granted, tokens: OwnTokens, clock: Clock, opener: Opener) -> System:
    budget = _Unpaced(vendor, clock)
    return opener(vendor, granted.credentials, budget=budget, clock=clock, tokens=tokens)


def budget_of(tenant: models.Tenant, connection: models.Connection, clock: Clock) -> TenantBudget:
    """Return the budget from which a connection's calls to one of its tenants are paid."""
    share = connections.settings_of(connection).crm_calls_percent
    pace = FIRST_PACE.get(tenant.system)
    return TenantBudget(tenant.id, clock, per_second=pace, connection_id=connection.id, share=share)


def open_tenant(
    tenant: models.Tenant,
    name: str,
    vault: Vault,
    clock: Clock,
    opener: Opener = open_system,
    budget: Budget | None = None,
) -> System:
    """Open a stored tenant for the connection of that name; sends nothing yet."""
    return opener(
        tenant.system,
        connections.credentials(vault, tenant),
        budget=budget or TenantBudget(tenant.id, clock, per_second=FIRST_PACE.get(tenant.system)),
        clock=clock,
        tokens=TenantTokens(tenant, vault, connection=name),
    )


def sign_in_again(
    name: str, vault: Vault, clock: Clock, browser: Visit, opener: Opener = open_system
) -> models.Connection:
    """Have a person sign in to a connection's CRM by browser, and keep what that brought.

    Raises UserError when the person signed in somewhere else, SystemFailure when the vendor or the person refused; the
    tokens of before are kept then.
    """
    connection = connections.get(name)
    tenant = connection.crm
    given = connections.credentials(vault, tenant)
    granted = _granted(tenant.system, given, name, clock, browser)
    account = tried(tenant.system, granted, name, clock, opener)
    take_again(connection, tenant, account, vault, clock, opener)
    return connection


def take_again(
    connection: models.Connection,
    tenant: models.Tenant,
    account: Account,
    vault: Vault,
    clock: Clock,
    opener: Opener = open_system,
) -> None:
    """Keep what signing in to one of a connection's tenants again brought.

    Raises UserError when it is another account: our access there is ended, and nothing is changed.
    """
    if account.identity != tenant.identity:
        revoke(account, connection.name, clock, opener)
        raise UserError(
            _("You signed in to {found}; {name} belongs to {wanted}.").format(
                found=account.identity, name=connection.name, wanted=tenant.identity
            ),
            cure=_(
                "Sign in as a user of that {tenant}, or add a connection of another name. Nothing was changed."
            ).format(tenant=tenant_word(tenant.system)),
        )
    with transaction.atomic():
        connections.sign_in_again(vault, account, clock.now())
        schedules.put_off(connection, clock.now())  # what rested since the sign-in was lost starts at once
        acts.note("connection.signed_in", connection, systems=[tenant.system])


def revoke(account: Account, name: str, clock: Clock, opener: Opener = open_system) -> str | None:
    """End the access to an account that is not stored; return why it may live on, or None."""
    granted = Granted(credentials=account.credentials, tokens=account.tokens)
    tokens = OwnTokens(account.tokens, connection=name)
    return _revoked(_unstored(account.system, granted, tokens, clock, opener))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What became of the access to one system that a connection lets go."""

    system: str
    ended: bool
    message: str


def disconnect(
    connection: models.Connection, vault: Vault, clock: Clock, opener: Opener = open_system
) -> list[Parting]:
    """End our access to the systems that no other connection uses; say what could not be ended."""
    now = connections.get(connection.name)  # its tokens may have been renewed since
    return [_parted(tenant, connection.name, vault, clock, opener) for tenant in connections.own_tenants(now)]


def remove(
    connection: models.Connection, vault: Vault, clock: Clock, opener: Opener = open_system
) -> list[Parting]:
    """End our access and forget a connection; records on both sides stay as they are.

    Access ends first: what is removed could not be used to end it any more.
    """
    partings = disconnect(connection, vault, clock, opener)
    connections.remove(connection)
    return partings


def _parted(tenant: models.Tenant, name: str, vault: Vault, clock: Clock, opener: Opener) -> Parting:
    try:
        failure = _revoked(open_tenant(tenant, name, vault, clock, opener))
    except (SystemFailure, UserError) as error:
        failure = str(error)
    if failure is None:
        message = _("{system}: our access has ended.").format(system=tenant.system)
    else:
        message = _("{system}: our access may live on. {reason}").format(system=tenant.system, reason=failure)
    return Parting(system=tenant.system, ended=failure is None, message=message)


def _revoked(system: System) -> str | None:
    """End the access that a system has; return why it may live on, or None."""
    with closing(system):
        try:
            return system.revoke()
        except SystemFailure as failure:
            return failure.message
