"""Signing in to a connection's systems, signing in again, and letting go of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.sign_in import Browser, Granted, OwnTokens
from crosswalk.core.system import Budget, System
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
    tokens = OwnTokens(connection=name)
    if needs_browser(vendor, given):
        if browser is None:
            raise UserError(_("These credentials need somebody who signs in by browser."))
        granted = _granted(vendor, given, name, clock, browser)
        given, tokens = dict(granted.credentials), OwnTokens(granted.tokens, connection=name)
    return _tried(vendor, given, tokens, clock, opener)


def _granted(vendor: str, given: Mapping[str, str], name: str, clock: Clock, browser: Visit) -> Granted:
    """Have a person sign in."""
    with browser() as way:
        sign_in = begin_sign_in(vendor, given, redirect_uri=way.redirect_uri, connection=name, clock=clock)
        return sign_in.finish(way.visit(sign_in.address, sign_in.state))


def _tried(vendor: str, given: Mapping[str, str], tokens: OwnTokens, clock: Clock, opener: Opener) -> Account:
    budget = _Unpaced(vendor, clock)
    with closing(opener(vendor, given, budget=budget, clock=clock, tokens=tokens)) as system:
        if vendor == ACTIVECAMPAIGN:
            system.describe(CONTACT)  # its identity is its address: only a call tries address and key
        return Account(system=vendor, identity=system.identity(), credentials=given, tokens=tokens.read())


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
    tokens = OwnTokens(granted.tokens, connection=name)
    account = _tried(tenant.system, granted.credentials, tokens, clock, opener)
    if account.identity != tenant.identity:
        _revoked(
            opener(
                tenant.system,
                granted.credentials,
                budget=_Unpaced(tenant.system, clock),
                clock=clock,
                tokens=tokens,
            )
        )
        raise UserError(
            _("You signed in to {found}; {name} belongs to {wanted}.").format(
                found=account.identity, name=name, wanted=tenant.identity
            ),
            cure=_(
                "Sign in as a user of that {tenant}, or add a connection of another name. Nothing was changed."
            ).format(tenant=tenant_word(tenant.system)),
        )
    with transaction.atomic():
        connections.sign_in_again(vault, account, clock.now())
        acts.note("connection.signed_in", connection, systems=[tenant.system])
    schedules.put_off(connection, clock.now())  # what rested since the sign-in was lost starts at once
    return connection


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
