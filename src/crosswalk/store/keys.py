"""Changing the key that seals the secrets of the database.

The file gets the new key beside the old one first; then all rows are sealed anew in one transaction; the old key goes
only when a second look has shown that the new one opens every row. Wherever this breaks off, the file opens all rows,
and the next time finishes the work. Others may go on meanwhile: who stores a secret locks the table first, as `sealing`
does, and reads the key file only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.failures import UserError
from crosswalk.core.words import keepable as _

from .vault import Vault, new_key, read_keys, write_keys


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of secret that a table's rows hold."""

    table: str = "tenant"
    column: str
    label: str  # bound in with the row's name, so that one kind does not pass for the other
    named: tuple[str, ...] = ("system", "identity")  # the columns that name a row

    def row(self, *name: str) -> str:
        """Return the name that this secret of a row is sealed for."""
        return " ".join((self.label, *name))


CREDENTIALS = Secret(column="credentials", label="tenant")
TOKENS = Secret(column="tokens", label="tokens")
RECEIVERS = Secret(table="notice_receiver", column="address", label="notices", named=("name",))
DRAFTS = Secret(table="draft", column="secrets", label="draft", named=("key",))
SIGN_INS = Secret(table="browser_sign_in", column="secrets", label="sign-in", named=("key",))
_SECRETS = (CREDENTIALS, TOKENS, RECEIVERS, DRAFTS, SIGN_INS)


@contextmanager
def sealing() -> Iterator[None]:
    """A transaction in which secrets may be sealed and stored: no key changes while it lasts."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("LOCK TABLE tenant IN ROW EXCLUSIVE MODE")
        yield


@contextmanager
def _nobody_seals() -> Iterator[None]:
    """A transaction during which nobody else stores secrets; everybody may read them."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("LOCK TABLE tenant IN EXCLUSIVE MODE")
        yield


def rotate(path: Path) -> int:
    """Make a new key, seal every secret with it, drop the old keys; return how many secrets there are.

    Raises UserError when a row opens with none of the file's keys: nothing is changed then.
    """
    with _nobody_seals():
        list(_all(Vault(*read_keys(path))))
        write_keys(path, [new_key(), *read_keys(path)])
        count = _seal_all(Vault(*read_keys(path)))
    newest = read_keys(path)[0]
    with _nobody_seals():
        if read_keys(path)[0] != newest:
            raise UserError(_("Somebody else changes the key at the same time."), cure=_("Try again."))
        list(_all(Vault(newest)))
        write_keys(path, [newest])
        from . import acts  # its tables need Django set up; opening and sealing do not

        acts.note("key.rotated", credentials=count)
    return count


def opened(vault: Vault) -> int:
    """Open every stored secret, and return how many there are. Raises UserError for one that does not open."""
    return sum(1 for _secret in _all(vault))


def _seal_all(vault: Vault) -> int:
    changed = [
        (row_id, secret, vault.seal(opened, name)) for row_id, secret, name, opened in list(_all(vault))
    ]
    with database.cursor() as cursor:
        for row_id, secret, sealed in changed:
            cursor.execute(f"UPDATE {secret.table} SET {secret.column} = %s WHERE id = %s", [sealed, row_id])
    return len(changed)


def _all(vault: Vault) -> Iterator[tuple[int, Secret, str, dict[str, str]]]:
    """Yield row, kind, row name and content of every secret."""
    for secret in _SECRETS:
        with database.cursor() as cursor:
            columns = ", ".join((secret.column, *secret.named))
            cursor.execute(f"SELECT id, {columns} FROM {secret.table} ORDER BY id")
            rows = cursor.fetchall()
        for row_id, sealed, *named in rows:
            name = secret.row(*named)
            if sealed:
                yield row_id, secret, name, vault.open(bytes(sealed), name)
