"""How systems come by their tokens: a store that all processes share, and a person at a browser.

What tokens consist of is each system's own business; here they are texts by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Tokens = Mapping[str, str]


class TokenStore(Protocol):
    """The tokens of one tenant, common to all processes."""

    @property
    def connection(self) -> str:
        """The name of the connection under which a person signs in again."""

    def read(self) -> Tokens:
        """Return the tokens as they were last read; another process may have newer ones."""

    def renew(self, change: Callable[[Tokens], Tokens]) -> Tokens:
        """Replace the tokens and return them; of all processes, one at a time does this.

        `change` is shown what is stored at that moment and returns what is to be stored: the same, where somebody
        else was faster. The return means that they are stored for good. What `change` raises leaves them alone.
        """


class OwnTokens:
    """Tokens of a system that is not stored (yet): nobody else has them."""

    def __init__(self, tokens: Tokens | None = None, *, connection: str = "NAME") -> None:
        self.connection = connection
        self._tokens: Tokens = dict(tokens or {})

    def read(self) -> Tokens:
        return self._tokens

    def renew(self, change: Callable[[Tokens], Tokens]) -> Tokens:
        self._tokens = dict(change(self._tokens))
        return self._tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a sign-in by browser brought: credentials to keep, and the first tokens."""

    credentials: Mapping[str, str] = field(repr=False)
    tokens: Tokens = field(repr=False)


class BrowserSignIn(Protocol):
    """One sign-in of a person at a browser, from its address to its tokens."""

    @property
    def address(self) -> str:
        """Where the person goes."""

    @property
    def state(self) -> str:
        """What the browser must bring back, to be told from anybody else's."""

    def kept(self) -> Mapping[str, str]:
        """Return what another process needs, beside the credentials, to go on with this sign-in; it is secret."""

    def finish(self, told: Mapping[str, str]) -> Granted:
        """Trade what the browser brought back for tokens. Raises SystemFailure when vendor or person refused."""


class Browser(Protocol):
    """The way to a person's browser and back."""

    @property
    def redirect_uri(self) -> str:
        """The address to which the vendor sends the browser back."""

    def visit(self, address: str, state: str) -> Mapping[str, str]:
        """Send the person to `address` and return what the browser brings back. Raises UserError when nobody comes."""
