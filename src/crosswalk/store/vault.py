"""Credentials at rest: sealed with a key that lies outside the database, bound to their row."""

from __future__ import annotations

import contextlib
import os
import tempfile
from gettext import gettext as _
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crosswalk.core.failures import UserError

_NONCE = 12


def _make_key(path: Path) -> None:
    """Write a new key whole beside `path` and link it into place; of several processes the first one wins."""
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # mode 0600
        file.write(AESGCM.generate_key(bit_length=256))
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


class Vault:
    """Seals and opens credentials with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 bytes."""
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, path: Path) -> Vault:
        """Open the vault whose key is the file `path` (mode 0600), making the file when it is absent."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_key(path)
        return cls(path.read_bytes())

    def seal(self, credentials: dict[str, str], row: str) -> bytes:
        """Encrypt credentials for the row named `row`; they open for no other."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, msgspec.json.encode(credentials), row.encode())

    def open(self, sealed: bytes, row: str) -> dict[str, str]:
        """Decrypt credentials. Raises UserError when the key is another or the row was tampered with."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], row.encode())
        except InvalidTag:
            raise UserError(
                _("The stored credentials cannot be opened with this key file."),
                cure=_("Restore the key file that belongs to this database, or add the connection again."),
            ) from None
        return msgspec.json.decode(plain, type=dict[str, str])
