"""Sign-ins under way at a vendor's page: what going on takes lies sealed here, for one browser, once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import models
from .keys import SIGN_INS, sealing
from .vault import Vault

LASTS = timedelta(minutes=10)


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody left with."""

    vendor: str
    credentials: Mapping[str, str]
    kept: Mapping[str, str]  # of the sign-in itself
    way: str = ""  # which was chosen
    typed: Mapping[str, str] = {}  # what may be shown again

    def __repr__(self) -> str:
        return f"<Left for {self.vendor}>"


def leave(
    left: Left,
    holder: str,
    vault: Vault,
    now: datetime,
    *,
    draft: models.Draft | None = None,
    connection: models.Connection | None = None,
) -> None:
    """Keep what somebody leaves with, for a draft or a connection; an earlier leave for it ends."""
    key = _digest(left.kept["state"])
    sealed = {"left": msgspec.json.encode(left).decode()}
    with sealing():
        models.BrowserSignIn.objects.filter(draft=draft, connection=connection, used=False).delete()
        models.BrowserSignIn.objects.create(
            key=key,
            draft=draft,
            connection=connection,
            holder=holder,
            expires_at=now + LASTS,
            secrets=vault.seal(sealed, SIGN_INS.row(key)),
        )


def waiting(
    holder: str,
    vault: Vault,
    now: datetime,
    *,
    draft: models.Draft | None = None,
    connection: models.Connection | None = None,
) -> Left | None:
    """Return what the browser `holder` left with, or may leave with, and has not come back from."""
    row = models.BrowserSignIn.objects.filter(
        draft=draft, connection=connection, used=False, expires_at__gt=now, holder=holder
    ).first()
    return None if row is None else _opened(row, vault)


def cancel(*, draft: models.Draft | None = None, connection: models.Connection | None = None) -> None:
    """Let nobody come back any more."""
    models.BrowserSignIn.objects.filter(draft=draft, connection=connection, used=False).delete()


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who came back: for what, and with what they had left."""

    draft: models.Draft | None
    connection: models.Connection | None
    left: Left | None  # None: this was used already, or comes too late
    used: bool = False


def come_back(state: str, holder: str, vault: Vault, now: datetime) -> Arrival:
    """Take what was left with under this state; nobody else gets it again.

    Raises UserError when nobody left with it, or another browser did.
    """
    with sealing():
        rows = models.BrowserSignIn.objects.select_for_update(of=("self",))
        row = rows.select_related("draft", "connection").filter(key=_digest(state)).first()
        if row is None or not hmac.compare_digest(row.holder.encode(), holder.encode()):
            raise UserError(
                _("This does not belong to a sign-in that was begun in this browser."),
                cure=_("Start the sign-in again from the set-up's page, and stay in one browser."),
            )
        used, left = row.used, None
        if not used:
            left = _opened(row, vault) if now <= row.expires_at else None
            row.used, row.secrets = True, b""
            row.save(update_fields=["used", "secrets"])
        return Arrival(draft=row.draft, connection=row.connection, left=left, used=used)


def _opened(row: models.BrowserSignIn, vault: Vault) -> Left:
    opened = vault.open(bytes(row.secrets), SIGN_INS.row(row.key))
    return msgspec.json.decode(opened["left"], type=Left)


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
