"""From nothing to a connection, a step at a time: what is entered is kept, and both systems are signed in to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.core.patience import waited_for
from crosswalk.core.sign_in import Granted
from crosswalk.core.system import Check, System
from crosswalk.store import checked, connections, drafts, halts, models
from crosswalk.store.connections import Account
from crosswalk.store.drafts import Entered
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .setup import CRMS
from .sign_in import ACTIVECAMPAIGN, Opener, revoke, tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How somebody wants to sign in to one side."""

    side: Side
    way: str
    credentials: Mapping[str, str]
    typed: Mapping[str, str]  # what may be shown again


def begin(name: str, crm: str, person: str, clock: Clock) -> models.Draft:
    """Begin the set-up of a connection. Raises UserError for a name that cannot be."""
    check_name(name)
    if crm not in CRMS:
        raise UserError(_("Choose the CRM."))
    return drafts.begin(name, crm, person, clock.now())


def check_name(name: str) -> None:
    """Raise UserError when no connection can have this name."""
    if not name.strip() or not name.isprintable():
        raise UserError(_("A connection needs a name that can be read."))
    if models.Connection.objects.filter(name=name).exists():
        raise UserError(
            _("There is a connection called {name} already.").format(name=name),
            cure=_("Choose another name, or remove it."),
        )


def vendor_of(draft: models.Draft, side: Side) -> str:
    """Return whose system a side is."""
    return draft.crm if side is Side.CRM else ACTIVECAMPAIGN


def authorize(
    draft: models.Draft,
    asked: Asked,
    vault: Vault,
    clock: Clock,
    *,
    granted: Granted | None = None,
    opener: Opener = open_system,
) -> models.Connection | None:
    """Sign in to one side, and keep that; return the connection once both are signed in to.

    `granted` is what a sign-in by browser brought. What was typed is kept also where the sign-in fails.
    Raises UserError and SystemFailure.
    """
    number, now = draft.id, clock.now()
    known = Entered(way=asked.way, typed=dict(asked.typed))
    before = drafts.entered(draft, asked.side)
    try:
        account, checks = looked_at(
            vendor_of(draft, asked.side),
            granted or Granted(credentials=asked.credentials, tokens={}),
            draft.name,
            clock,
            opener,
        )
    except (UserError, SystemFailure):
        kept = msgspec.structs.replace(before, way=known.way, typed=known.typed)
        drafts.keep_entered(number, asked.side, kept, now)
        raise
    signed = msgspec.structs.replace(known, identity=account.identity, checks=checks, checked_at=now)
    return finish(drafts.keep_account(number, asked.side, account, signed, vault, now), vault, clock)


def looked_at(
    vendor: str, granted: Granted, name: str, clock: Clock, opener: Opener = open_system
) -> tuple[Account, Sequence[Check]]:
    """Return an account that was signed in to, and what its set-up checks say."""
    checks: list[Check] = []
    account = tried(vendor, granted, name, clock, opener, lambda system: checks.extend(_checks(system)))
    return account, tuple(checks)


def _checks(system: System) -> Sequence[Check]:
    return system.check()


def finish(draft: models.Draft, vault: Vault, clock: Clock) -> models.Connection | None:
    """Make the connection of a draft whose both sides are signed in to; None: one is not yet.

    Raises UserError when its name was taken meanwhile: the draft stays.
    """
    with drafts.locked(draft.id) as held:
        have = drafts.accounts(vault, held)
        if set(have) != set(Side):
            return None
        check_name(held.name)
        made = connections.add(held.name, vault, have[Side.CRM], have[Side.ACTIVECAMPAIGN], clock.now())
        for side in Side:
            known = drafts.entered(held, side)
            checked.keep(made, side, known.checks, known.checked_at or clock.now())
        drafts.forget(held)
        return made


def rename(draft: models.Draft, name: str, vault: Vault, clock: Clock) -> models.Connection | None:
    """Give a draft another name; return the connection if only the name stood in its way."""
    check_name(name)
    with drafts.locked(draft.id) as held:
        held.name, held.changed_at = name, clock.now()
        held.save(update_fields=["name", "changed_at"])
    return finish(draft, vault, clock)


def confirm(draft: models.Draft, clock: Clock) -> None:
    """Keep that somebody says the vendor has been prepared."""
    with drafts.locked(draft.id) as held:
        held.confirmed, held.changed_at = True, clock.now()
        held.save(update_fields=["confirmed", "changed_at"])


def check_again(draft: models.Draft, vault: Vault, clock: Clock) -> None:
    """Ask the sides that are signed in to once more, and keep what they say. Raises SystemFailure."""
    for side, account in drafts.accounts(vault, draft).items():
        granted = Granted(credentials=account.credentials, tokens=account.tokens)
        again, checks = looked_at(account.system, granted, draft.name, clock)
        known = msgspec.structs.replace(drafts.entered(draft, side), checks=checks, checked_at=clock.now())
        drafts.keep_account(draft.id, side, again, known, vault, clock.now())


def discard(draft: models.Draft, vault: Vault, clock: Clock, opener: Opener = open_system) -> None:
    """Forget a draft, and end the access that was given for it alone."""
    with waited_for():
        _end_access(draft, vault, clock, opener)
    drafts.forget(draft)


def discard_abandoned(vault: Vault, clock: Clock, opener: Opener = open_system) -> int:
    """Discard the drafts that nobody went on with, and return how many; none while everything is stopped.

    Each goes first, so that nobody goes on with it while its access ends.
    """
    gone = 0
    for draft in [] if halts.standing() else drafts.abandoned(clock.now()):
        if drafts.forget_unchanged(draft):
            _end_access(draft, vault, clock, opener)
            gone += 1
    return gone


def _end_access(draft: models.Draft, vault: Vault, clock: Clock, opener: Opener) -> None:
    try:
        have = drafts.accounts(vault, draft)
    except UserError:  # the key is lost; there is nothing left to end the access with
        have = {}
    for account in have.values():
        used = models.Tenant.objects.filter(system=account.system, identity=account.identity).exists()
        if not used:
            _end(account, draft.name, clock, opener)


def _end(account: Account, name: str, clock: Clock, opener: Opener) -> None:
    try:
        revoke(account, name, clock, opener)
    except (SystemFailure, UserError):
        return  # the vendor is away, or ends access by itself: what we had is forgotten all the same
