"""The outside world: one folder a vendor, each behind the interface of `core.system`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast

import httpx2

from ..core.clock import Clock
from ..core.failures import UserError
from ..core.sign_in import BrowserSignIn, Tokens, TokenStore
from ..core.system import Budget, System
from ..core.words import keepable as _

# vendor → the folder whose `connect` opens its systems; loaded only when one is opened
VENDORS = {
    "activecampaign": "activecampaign",
    "dynamics": "dynamics",
    "salesforce": "salesforce",
}


RECORDS_A_CALL = {
    "activecampaign": 100,
    "dynamics": 5_000,
    "salesforce": 2_000,
}  # the most that reading by ranges gives


def load_all() -> None:
    """Load every vendor's folder now: what threads would load one after the other when they open systems."""
    for vendor in VENDORS:
        _folder(vendor)


def tenant_word(vendor: str) -> str:
    """Return what a vendor calls the place that somebody signs in to."""
    words = {"dynamics": _("environment"), "salesforce": _("org")}
    return words.get(vendor, _("account"))


class Connect(Protocol):
    """What every vendor's folder offers as `connect`."""

    def __call__(
        self,
        credentials: Mapping[str, Any],
        *,
        budget: Budget,
        clock: Clock,
        tokens: TokenStore | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> System:
        """Return the system that `credentials` open, without calling it yet."""


def open_system(
    vendor: str,
    credentials: Mapping[str, Any],
    *,
    budget: Budget,
    clock: Clock,
    tokens: TokenStore | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> System:
    """Return a vendor's system by the vendor's name. Raises UserError for a name that is not in VENDORS."""
    connect = cast(Connect, _folder(vendor).connect)
    return connect(credentials, budget=budget, clock=clock, tokens=tokens, transport=transport)


def addresses_called(vendor: str, credentials: Mapping[str, Any], tokens: Tokens) -> list[str]:
    """Return the addresses that are called with stored credentials and the tokens beside them; nothing is called."""
    found: list[str] = _folder(vendor).addresses(credentials, tokens)
    return found


def page_of(
    vendor: str, credentials: Mapping[str, Any], tokens: Tokens, object: str, record_id: str
) -> str | None:
    """Return the address at which a person sees a record in the system itself, if that is known."""
    folder = _folder(vendor)
    found: str | None = folder.page_of(folder.addresses(credentials, tokens)[-1], object, record_id)
    return found


def needs_browser(vendor: str, credentials: Mapping[str, Any]) -> bool:
    """Tell whether a person must sign in by browser before these credentials open anything."""
    folder = _folder(vendor)
    return hasattr(folder, "needs_browser") and bool(folder.needs_browser(credentials))


def begin_sign_in(
    vendor: str,
    credentials: Mapping[str, Any],
    *,
    redirect_uri: str,
    connection: str,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> BrowserSignIn:
    """Begin a sign-in by browser. Raises UserError for a vendor who has none, or credentials that name no app."""
    return _begins(vendor)(
        credentials, redirect_uri=redirect_uri, connection=connection, clock=clock, transport=transport
    )


def resume_sign_in(
    vendor: str,
    credentials: Mapping[str, Any],
    kept: Mapping[str, str],
    *,
    connection: str,
    clock: Clock,
) -> BrowserSignIn:
    """Go on with a sign-in that began elsewhere, with the same credentials; `kept` is what it gave to keep."""
    return _begins(vendor)(
        credentials,
        redirect_uri=kept["redirect_uri"],
        connection=connection,
        clock=clock,
        kept=kept,
    )


def _begins(vendor: str) -> Callable[..., BrowserSignIn]:
    folder = _folder(vendor)
    if not hasattr(folder, "begin_sign_in"):
        raise UserError(_("{vendor} has no sign-in by browser.").format(vendor=vendor))
    return cast(Callable[..., BrowserSignIn], folder.begin_sign_in)


def _folder(vendor: str) -> ModuleType:
    if vendor not in VENDORS:
        raise UserError(
            _("There is no system called {vendor}.").format(vendor=vendor),
            cure=_("Use one of: {vendors}.").format(vendors=", ".join(VENDORS)),
        )
    return import_module(f".{VENDORS[vendor]}", __name__)
