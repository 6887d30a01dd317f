"""The systems that are connected, as they look from outside. No other host is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _
from crosswalk.store import connections, halts, models
from crosswalk.store.vault import Vault
from crosswalk.systems import addresses_called
from crosswalk.systems.probe import Probe, probe

from .finding import Finding, State, by_size

CLOCKS_WARN, CLOCKS_FAIL = 5.0, 120.0  # seconds
SOON = timedelta(days=14)  # before the end of a certificate

Prober = Callable[[str], Probe]


def look_outside(vault: Vault, now: datetime, prober: Prober = probe) -> list[Finding]:
    """Look at certificate and clock of every host that a connection calls, once each."""
    if (halted := halts.standing()) is not None:
        message = _("Not looked at, as no call may go out: {reason}").format(reason=halted.message)
        return [Finding(check="tls", state=State.WARN, message=message, cure=halted.cure)]
    found: list[Finding] = []
    for address in dict.fromkeys(_origins(vault)):
        try:
            found += _judged(prober(address), now)
        except SystemFailure as failure:
            found.append(
                Finding(
                    check="tls", about=address, state=State.FAIL, message=failure.message, cure=failure.cure
                )
            )
    return found


def _origins(vault: Vault) -> Iterable[str]:
    for tenant in models.Tenant.objects.order_by("id"):
        try:
            credentials, tokens = connections.credentials(vault, tenant), connections.tokens(vault, tenant)
            called = addresses_called(tenant.system, credentials, tokens)
        except UserError:
            continue  # the look at the secrets says so
        yield from called


def _judged(seen: Probe, now: datetime) -> list[Finding]:
    if seen.trouble:
        return [_unreached(seen)]
    tls = _certificate(seen, now)
    return [tls] if seen.clock_difference is None else [tls, _clock(seen, seen.clock_difference)]


def _unreached(seen: Probe) -> Finding:
    if seen.untrusted:
        return Finding(
            check="tls",
            about=seen.address,
            state=State.FAIL,
            message=_("Its certificate is not trusted: {reason}.").format(reason=seen.trouble),
            cure=_(
                "See whether a proxy or a firewall opens the traffic, whether the machine's certificates are of today,"
                " and whether its clock is right."
            ),
        )
    return Finding(
        check="tls",
        about=seen.address,
        state=State.FAIL,
        message=_("It cannot be reached: {reason}.").format(reason=seen.trouble),
        cure=_("Check the network and the firewall: outgoing connections to this host must be allowed."),
    )


def _certificate(seen: Probe, now: datetime) -> Finding:
    if not seen.encrypted or seen.expires_at is None:
        return Finding(check="tls", about=seen.address, message=_("Not encrypted, on this machine alone."))
    message = _("{version}; the certificate of {issuer} is trusted and good until {until}.").format(
        version=seen.version, issuer=seen.issuer, until=f"{seen.expires_at:%Y-%m-%d}"
    )
    if seen.expires_at - now > SOON:
        return Finding(check="tls", about=seen.address, message=message)
    return Finding(
        check="tls",
        about=seen.address,
        state=State.WARN,
        message=message,
        cure=_("Whoever runs that host must renew it; a proxy of yours may have made it."),
    )


def _clock(seen: Probe, difference: float) -> Finding:
    state = by_size(difference, CLOCKS_WARN, CLOCKS_FAIL)
    return Finding(
        check="clock",
        about=seen.address,
        state=state,
        message=_("Its clock differs by {seconds:.0f} s from ours; {bound:.0f} s are all right.").format(
            seconds=round(difference) + 0.0, bound=CLOCKS_WARN
        ),
        cure=""
        if state is State.OK
        else _("Have this machine set its clock by NTP: sign-ins and the newest of two edits depend on it."),
    )
