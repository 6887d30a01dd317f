"""Secrets at rest: sealed with a key that lies outside the database, bound to their row.

The key file holds one key of 32 bytes, or several while they are changed: the first seals, each opens.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crosswalk.core.failures import UserError
from crosswalk.core.words import keepable as _

_NONCE = 12
_KEY = 32


def new_key() -> bytes:
    """Return a key nobody has seen."""
    return AESGCM.generate_key(bit_length=8 * _KEY)


class Vault:
    """Seals and opens secrets with AES-256-GCM."""

    def __init__(self, *keys: bytes, path: Path | None = None) -> None:
        """`keys` have 32 bytes each; `path` is where they come from, and where newer ones are looked for."""
        self.path = path
        self._keys = list(keys)  # the first seals

    @classmethod
    def at(cls, path: Path) -> Vault:
        """Open the vault whose keys are in the file `path` (mode 0600), making the file when it is absent."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        return cls(*read_keys(path), path=path)

    def seal(self, secrets: Mapping[str, str], row: str) -> bytes:
        """Encrypt secrets for the row named `row`; they open for no other.

        Whoever stores the result has locked the row before: `store.keys` changes keys only when nobody writes.
        """
        self._look_again()
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._keys[0]).encrypt(nonce, msgspec.json.encode(secrets), row.encode())

    def open(self, sealed: bytes, row: str) -> dict[str, str]:
        """Decrypt secrets. Raises UserError when the key is another or the row was tampered with."""
        plain = self._opened(sealed, row)
        if plain is None:
            self._look_again()
            plain = self._opened(sealed, row)
        if plain is None:
            raise UserError(
                _("The stored credentials cannot be opened with this key file."),
                cure=_("Restore the key file that belongs to this database, or add the connection again."),
            )
        return msgspec.json.decode(plain, type=dict[str, str])

    def _opened(self, sealed: bytes, row: str) -> bytes | None:
        for key in self._keys:
            try:
                return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], row.encode())
            except (InvalidTag, ValueError):  # ValueError: too short to be anything
                continue
        return None

    def _look_again(self) -> None:
        """Take in what another process wrote into the key file; keys that it dropped still open what we read before."""
        if self.path is not None:
            now = read_keys(self.path)
            self._keys = [*now, *(key for key in self._keys if key not in now)]


def read_keys(path: Path) -> list[bytes]:
    """Return the keys of a key file, the newest first. Raises UserError when it holds no keys."""
    content = path.read_bytes() if path.exists() else b""
    if not content or len(content) % _KEY:
        raise UserError(
            _("{file} is no key file of Crosswalk.").format(file=path),
            cure=_("Restore it from your backup."),
        )
    return keys_in(content)


def keys_in(content: bytes) -> list[bytes]:
    """Return the keys that a key file holds, the newest first."""
    return [content[at : at + _KEY] for at in range(0, len(content), _KEY)]


def known_keys(path: Path) -> list[bytes]:
    """Return the keys of a key file; none where it is lost or broken."""
    try:
        return read_keys(path)
    except UserError:
        return []


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Replace a key file in one go: at any moment it holds the keys of before or these, also after a power cut."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(keys))
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    _sync_folder(path.parent)


def _make(path: Path) -> None:
    """Write a new key whole beside `path` and link it into place; of several processes the first one wins."""
    beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    write_keys(beside, [new_key()])
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
