"""Signing in to a CRM by browser over several requests: somebody leaves for the vendor's page, and comes back."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Side
from crosswalk.core.patience import waited_for
from crosswalk.core.sign_in import Granted
from crosswalk.core.words import keepable as _
from crosswalk.store import browser_sign_ins, checked, drafts, models
from crosswalk.store.browser_sign_ins import Arrival, Left
from crosswalk.store.vault import Vault
from crosswalk.systems import begin_sign_in, open_system, resume_sign_in

from .drafts import Asked, authorize, looked_at
from .sign_in import Opener, take_again

Place = models.Draft | models.Connection


def leave(place: Place, asked: Asked, redirect_uri: str, holder: str, vault: Vault, clock: Clock) -> None:
    """Keep what going on takes when the browser `holder` comes back. Raises UserError when no app is named."""
    vendor, now = _vendor(place), clock.now()
    sign_in = begin_sign_in(
        vendor, asked.credentials, redirect_uri=redirect_uri, connection=place.name, clock=clock
    )
    left = Left(
        vendor=vendor,
        credentials=asked.credentials,
        kept=sign_in.kept(),
        way=asked.way,
        typed=asked.typed,
    )
    if isinstance(place, models.Draft):
        before = drafts.entered(place, Side.CRM)
        known = msgspec.structs.replace(before, way=asked.way, typed=dict(asked.typed))
        drafts.keep_entered(place.id, Side.CRM, known, now)
        browser_sign_ins.leave(left, holder, vault, now, draft=place)
    else:
        browser_sign_ins.leave(left, holder, vault, now, connection=place)


def address(place: Place, holder: str, vault: Vault, clock: Clock) -> str:
    """Return where the browser `holder` goes to sign in; empty: nothing waits for it."""
    draft = place if isinstance(place, models.Draft) else None
    connection = place if isinstance(place, models.Connection) else None
    left = browser_sign_ins.waiting(holder, vault, clock.now(), draft=draft, connection=connection)
    if left is None:
        return ""
    return resume_sign_in(
        left.vendor, left.credentials, left.kept, connection=place.name, clock=clock
    ).address


def go_on(
    arrival: Arrival, told: Mapping[str, str], vault: Vault, clock: Clock, opener: Opener = open_system
) -> models.Connection | None:
    """Finish the sign-in from which somebody came back with what the vendor `told`.

    Returns the connection that is signed in to; None: a draft, whose other side is not. Raises UserError when they come
    too late or to another account, SystemFailure when the vendor or the person refused.
    """
    place, left = arrival.draft or arrival.connection, arrival.left
    if place is None or left is None:
        raise _too_late(used=arrival.used)
    sign_in = resume_sign_in(left.vendor, left.credentials, left.kept, connection=place.name, clock=clock)
    asked = Asked(side=Side.CRM, way=left.way, credentials=left.credentials, typed=left.typed)
    with waited_for():
        granted = sign_in.finish(told)
    if isinstance(place, models.Draft):
        return authorize(place, asked, vault, clock, granted=granted, opener=opener)
    return renew(place, asked, vault, clock, granted=granted, opener=opener)


def renew(
    connection: models.Connection,
    asked: Asked,
    vault: Vault,
    clock: Clock,
    *,
    granted: Granted | None = None,
    opener: Opener = open_system,
) -> models.Connection:
    """Sign in to one side of a connection with other credentials, for the same account.

    Raises UserError for another account, SystemFailure when the vendor refuses; nothing is changed then.
    """
    tenant = connection.crm if asked.side is Side.CRM else connection.activecampaign
    given = granted or Granted(credentials=asked.credentials, tokens={})
    account, checks = looked_at(tenant.system, given, connection.name, clock, opener)
    take_again(connection, tenant, account, vault, clock, opener)
    checked.keep(connection, asked.side, checks, clock.now())
    return connection


def _vendor(place: Place) -> str:
    return place.crm if isinstance(place, models.Draft) else place.crm.system


def _too_late(*, used: bool) -> UserError:
    if used:
        message = _("This sign-in was used already; it works once.")
    else:
        message = _("The sign-in took longer than ten minutes.")
    return UserError(message, cure=_("Start the sign-in again, unless the page says that it is connected."))
