"""Credentials at rest: sealed with a key that lies outside the database, bound to their row."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crosswalk.core.failures import UserError

_NONCE = 12


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
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(AESGCM.generate_key(bit_length=256))
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
                "The stored credentials cannot be opened with this key file.",
                cure="Restore the key file that belongs to this database, or add the connection again.",
            ) from None
        return msgspec.json.decode(plain, type=dict[str, str])
