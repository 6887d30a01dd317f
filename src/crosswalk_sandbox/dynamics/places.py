"""Where the environment and its token service are: at the address they are served on, by any of its names."""

from __future__ import annotations

from urllib.parse import urlsplit

from crosswalk_sandbox.http import Request

SAME_MACHINE = frozenset({"127.0.0.1", "localhost"})


class Places:
    """The own address, known when serving begins."""

    def __init__(self) -> None:
        self.address = "https://dynamics.sandbox.example"

    def served_at(self, request: Request) -> str:
        """The address by which a request came, from its Host header; links lead back there."""
        host = request.headers.get("host")
        return f"{urlsplit(self.address).scheme}://{host}" if host else self.address

    def is_own(self, url: str) -> bool:
        """Whether an address is the environment's."""
        try:
            one, other = urlsplit(url), urlsplit(self.address)
            same_port = (one.scheme, one.port) == (other.scheme, other.port)
        except ValueError:  # a port that is no number
            return False
        names = {one.hostname, other.hostname}
        return same_port and not one.path.strip("/") and (len(names) == 1 or names <= SAME_MACHINE)
