"""Where an account's API is and with which key to call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...core.failures import UserError
from ...core.words import keepable as _

API = "/api/3"
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Address of the API (ending in /api/3) and the key of one user. The key never shows."""

    base_url: str
    key: str = field(repr=False)

    @property
    def account(self) -> str:
        """The account's stable name: the host of its address, with a port that is not the usual one."""
        return urlsplit(self.base_url).netloc.lower()

    def headers(self) -> dict[str, str]:
        """Return the headers that sign a call. Source: ActiveCampaign API v3, Authentication."""
        return {"Api-Token": self.key}


def read_credentials(given: Mapping[str, str]) -> Credentials:
    """Read `url` (address), or else `account` (name), and `key`. Raises UserError naming what is wrong with them."""
    url, account, key = (given.get(name, "").strip() for name in ("url", "account", "key"))
    if not (url or account):
        raise UserError(
            _("The address of the ActiveCampaign account is missing (`url`)."),
            cure=_("Copy the API URL from ActiveCampaign: Settings, Developer."),
        )
    if account and not url and not _ACCOUNT.fullmatch(account):
        raise UserError(
            _("What `account` holds is no name of an ActiveCampaign account."),
            cure=_("Give the part before .activehosted.com, or the API URL as `url`."),
        )
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UserError(
            _("The ActiveCampaign API key (`key`) is missing or holds characters that no key has."),
            cure=_("Copy the API key from ActiveCampaign: Settings, Developer."),
        )
    return Credentials(base_url=api_address(url or account), key=key)


def api_address(given: str) -> str:
    """Return the address ending in /api/3, from any usual form of the address or an account name."""
    if "://" not in given:
        given = f"https://{given}" if "." in given or ":" in given else f"https://{given}.api-us1.com"
    parts = urlsplit(given)
    if "@" in parts.netloc:
        raise UserError(
            _("The ActiveCampaign address holds a user name or password."),
            cure=_("Give the address without them; the API key is given apart."),
        )
    path = parts.path.rstrip("/").removesuffix(API)
    return f"{parts.scheme}://{parts.netloc}{path}{API}"
