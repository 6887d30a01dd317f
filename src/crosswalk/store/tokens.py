"""A tenant's tokens: one sealed column, renewed by one process at a time.

A renewal has a database connection of its own, so that what it stores stays stored whatever becomes of the transaction
around it: a refresh token that was traded in is dead, and the new one must never be rolled back.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

import psycopg
from django.db import connection as database

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.sign_in import Tokens
from crosswalk.core.words import keepable as _

from . import models
from .keys import TOKENS
from .vault import Vault

PATIENCE = 300  # seconds to wait for another process that signs in
# Threads of one process take turns here: each would need a database connection to wait with.
_turns: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


class TenantTokens:
    """The tokens of one tenant. Implements `core.sign_in.TokenStore`."""

    def __init__(self, tenant: models.Tenant, vault: Vault, *, connection: str) -> None:
        """`tenant` was read just now; `connection` is the name under which a person signs in again."""
        self.connection = connection
        self._id = tenant.id
        self._row = TOKENS.row(tenant.system, tenant.identity)
        self._vault = vault
        self._tokens = self._opened(bytes(tenant.tokens))

    def read(self) -> Tokens:
        """Return the tokens as they were when the tenant was read or last renewed."""
        return self._tokens

    def renew(self, change: Callable[[Tokens], Tokens]) -> Tokens:
        """Lock the row, have `change` replace what it holds, and commit.

        Raises SystemFailure(TRANSIENT) when another process has held the lock for five minutes.
        """
        with _turns[self._id], psycopg.connect(**database.get_connection_params()) as own:
            before = self._locked(own)
            after = change(before)
            if after != before:
                sealed = self._vault.seal(after, self._row)
                own.execute("UPDATE tenant SET tokens = %s WHERE id = %s", [sealed, self._id])
        self._tokens = after
        return after

    def _locked(self, own: psycopg.Connection) -> Tokens:
        """Return what is stored now; nobody else renews or replaces it before the transaction ends.

        The lock leaves rows alone that refer to the tenant, as a run writes them in transactions of its own.
        """
        own.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        try:
            row = own.execute(
                "SELECT tokens FROM tenant WHERE id = %s FOR NO KEY UPDATE", [self._id]
            ).fetchone()
        except psycopg.errors.LockNotAvailable:
            raise SystemFailure(
                FailureKind.TRANSIENT,
                _("Another process has been signing in for minutes."),
                cure=_("See whether a crosswalk process hangs, and end it."),
                code="sign_in_busy",
            ) from None
        return self._opened(bytes(row[0])) if row else {}

    def _opened(self, sealed: bytes) -> Tokens:
        return self._vault.open(sealed, self._row) if sealed else {}
