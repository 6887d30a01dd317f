"""The file of a backup: a line of words, a line of JSON, then sealed pieces whose order cannot change.

Each piece is msgpack of its part's name and its content, packed, and sealed with AES-256-GCM under its number; the two
lines are sealed along with it. So a changed, exchanged, missing or cut piece is found before anything is used. The key
comes from the passphrase by scrypt. Without a passphrase it comes from nothing, as everybody can derive it: then the
seal finds damage and hides nothing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

_WORDS = b"crosswalk backup 1\n"
_LONGEST = 64 << 20  # bytes of a piece: what is longer was not written by us
_COST = 2**15  # scrypt's n: 32 MiB and a tenth of a second for each guess
END = "end"  # the last part


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    salt: bytes
    passphrase: bool


class _Seal:
    """Seals pieces, or opens them, one after the other."""

    def __init__(self, head: bytes, passphrase: str) -> None:
        kdf = Scrypt(salt=msgspec.json.decode(head, type=_Head).salt, length=32, n=_COST, r=8, p=1)
        self._cipher = AESGCM(kdf.derive(passphrase.encode()))
        self._head = _WORDS + head
        self._number = 0

    def _nonce(self) -> bytes:
        self._number += 1
        return self._number.to_bytes(12, "big")

    def seal(self, plain: bytes) -> bytes:
        return self._cipher.encrypt(self._nonce(), plain, self._head)

    def open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(self._nonce(), sealed, self._head)


class Writer:
    """Writes pieces."""

    def __init__(self, stream: IO[bytes], passphrase: str) -> None:
        head = _Head(salt=os.urandom(16), passphrase=bool(passphrase))
        line = msgspec.json.encode(head) + b"\n"
        self._seal = _Seal(line, passphrase)
        self._stream = stream
        stream.write(_WORDS + line)

    def write(self, part: str, content: bytes) -> None:
        """Append a piece of a part."""
        sealed = self._seal.seal(msgspec.msgpack.encode((part, zlib.compress(content, 1))))
        self._stream.write(len(sealed).to_bytes(4, "big") + sealed)


@contextmanager
def writing(path: Path, passphrase: str) -> Iterator[Writer]:
    """Make a file (mode 0600) that appears under its name when it is whole. Raises UserError when it cannot be made."""
    if path.exists():
        raise UserError(_("{file} is there already.").format(file=path), cure=_("Name another file."))
    beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}.unfinished")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield Writer(stream, passphrase)
                stream.flush()
                os.fsync(descriptor)
            os.link(beside, path)  # never over a file that appeared meanwhile
        finally:
            beside.unlink()
    except OSError as error:
        raise UserError(
            _("{file} cannot be written: {error}").format(file=path, error=error.strerror),
            cure=_("Name another file, or make room."),
        ) from error


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """Open a backup. Raises UserError when there is none."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UserError(
            _("{file} cannot be read: {error}").format(file=path, error=error.strerror)
        ) from error
    with stream:
        if stream.read(len(_WORDS)) != _WORDS:
            raise UserError(
                _("{file} is no backup of Crosswalk, or of a newer version.").format(file=path),
                cure=_("Name a file that crosswalk backup wrote, or install that version."),
            )
        yield stream


def pieces(stream: IO[bytes], passphrase: str) -> Iterator[tuple[str, bytes]]:
    """Yield all pieces, the last one of the part `END`; may be asked again, it begins anew.

    Raises UserError for a file that is damaged or cut, and for a passphrase that is missing or wrong.
    """
    stream.seek(len(_WORDS))
    line = stream.readline(1_000)
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.DecodeError:
        raise _damaged() from None
    if head.passphrase and not passphrase:
        raise UserError(_("This backup is encrypted."), cure=_("Give --passphrase-file FILE."))
    seal, part, first = _Seal(line, passphrase if head.passphrase else ""), "", True
    while part != END:
        part, content = _piece(stream, seal, first=first and head.passphrase)
        first = False
        yield part, content
    if stream.read(1):
        raise _damaged()


def _piece(stream: IO[bytes], seal: _Seal, *, first: bool) -> tuple[str, bytes]:
    length = int.from_bytes(stream.read(4), "big")
    sealed = stream.read(length) if length <= _LONGEST else b""
    try:
        part, packed = msgspec.msgpack.decode(seal.open(sealed), type=tuple[str, bytes])
        return part, zlib.decompress(packed)
    except InvalidTag:
        if first and len(sealed) == length:
            raise UserError(
                _("This passphrase does not open the backup, or its beginning is damaged."),
                cure=_("Give the passphrase that it was made with."),
            ) from None
        raise _damaged() from None


def _damaged() -> UserError:
    return UserError(
        _("The backup is damaged or was cut off; nothing was changed."), cure=_("Use another backup.")
    )
