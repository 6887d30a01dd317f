"""Which pages have a picture, as data: every route has one, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """One page; names in braces stand for what the demo is found to have."""

    name: str  # of the files
    route: str
    address: str
    about: str
    signed_in: bool = True


PICTURES = (
    Picture("overview", "overview", "/", "Overview: how each connection stands, the worst first"),
    Picture("sign-in", "sign-in", "/sign-in", "Signing in", signed_in=False),
    Picture("welcome", "entry-link", "/link/{link}", "Choosing a password by a link", signed_in=False),
    Picture("account", "account", "/account", "Your account: colours, language, password"),
    Picture("people", "users", "/users", "People and their roles"),
    Picture("person", "user", "/users/{user}", "What somebody may do and see"),
    Picture("connection", "connection", "/connections/{salesforce}/", "How a connection stands"),
    Picture("users", "setup-users", "/connections/{dynamics}/set-up/users", "Dynamics 365: user management"),
    Picture("holds", "holds", "/connections/{dynamics}/holds", "Holds, by cause"),
    Picture("hold", "hold", "/connections/{dynamics}/holds/{hold}", "One held value, with before and after"),
    Picture("help", "help", "/help/{code}", "What a code means, and what helps"),
    Picture("codes", "help-index", "/help", "All codes"),
)
EXEMPT: Mapping[str, str] = {
    "password": "part of the account",
}


def without_picture(pages: Iterable[str]) -> list[str]:
    """Routes of pages that nobody thought of."""
    known = {picture.route for picture in PICTURES} | EXEMPT.keys()
    return sorted(set(pages) - known)
