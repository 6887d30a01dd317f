"""What was given out for people: codes, refresh tokens, consent, and the browsers that know who sits there."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

import msgspec

CODE_LIVES = timedelta(minutes=10)
DEVICE_LIVES = timedelta(minutes=15)
SPA_LIVES = timedelta(hours=24)


class Code(msgspec.Struct, kw_only=True):
    """An authorization code on its way to the app."""

    client_id: str
    upn: str
    scope: str  # as it was asked for
    redirect_uri: str
    platform: str
    challenge: str | None
    method: str
    nonce: str | None
    made: datetime
    spent: bool = False


class Refresh(msgspec.Struct, kw_only=True):
    """A refresh token."""

    client_id: str
    upn: str
    scope: str
    platform: str
    made: datetime  # when the person signed in
    used: datetime  # when this token was given out
    dead: bool = False  # another took its place, or it was revoked


class Device(msgspec.Struct, kw_only=True):
    """A device that waits for a person to sign in elsewhere."""

    client_id: str
    scope: str
    user_code: str  # what the person types
    made: datetime
    upn: str | None = None  # who accepted
    declined: bool = False


class Given(msgspec.Struct, kw_only=True):
    """All of it, as it is kept."""

    count: int = 0
    codes: dict[str, Code] = {}
    refresh_tokens: dict[str, Refresh] = {}
    devices: dict[str, Device] = {}  # by device code
    consents: dict[str, list[str]] = {}  # by client id and user principal name
    for_all: list[str] = []  # client ids for which an administrator consented
    revoked: dict[str, datetime] = {}  # by user principal name: what was given before is dead
    browsers: dict[str, str] = {}  # cookie to user principal name


class Memory:
    """Gives out and finds; secrets look like chance and are the same for a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.given = Given()

    def secret(self, purpose: str, beginning: str) -> str:
        """A new secret."""
        self.given.count += 1
        text = f"dynamics {self._seed} {purpose} {self.given.count}"
        digest = hashlib.sha512(text.encode()).digest()
        return beginning + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def consented(self, client_id: str, upn: str, wanted: frozenset[str]) -> bool:
        """Whether nobody need be asked."""
        if client_id in self.given.for_all:
            return True
        return wanted <= set(self.given.consents.get(f"{client_id} {upn}", ()))

    def consent(self, client_id: str, upn: str, wanted: frozenset[str], *, for_all: bool) -> None:
        """Note a consent."""
        if for_all and client_id not in self.given.for_all:
            self.given.for_all.append(client_id)
        key = f"{client_id} {upn}"
        self.given.consents[key] = sorted(wanted | set(self.given.consents.get(key, ())))

    def withdraw(self, client_id: str) -> None:
        """Nobody consents to an app any more."""
        self.given.for_all = [each for each in self.given.for_all if each != client_id]
        for key in [key for key in self.given.consents if key.startswith(f"{client_id} ")]:
            del self.given.consents[key]
