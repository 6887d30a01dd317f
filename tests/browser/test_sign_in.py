"""Signing in to a CRM with a real browser: through the vendor's consent page, and back to the command."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Waiter
from tests.helpers.command_line import Installation, Sandbox

ADA = "ada.lindqvist@org.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What differs from vendor to vendor when somebody signs in."""

    app: Callable[[int], Mapping[str, Any]]  # settings of an app without a secret; given the port
    credentials: tuple[str, ...]  # the ones of the ready line that name the app
    allow: str
    deny: str
    user_check: str  # the set-up check that names the user


VENDORS = {
    "salesforce": Vendor(
        app=lambda port: {
            "callback_urls": [f"http://localhost:{port}/callback"],
            "pkce_required": True,
            "secret_required": False,
        },
        credentials=("login_url", "client_id"),
        allow="Allow",
        deny="Deny",
        user_check="user",
    ),
    "dynamics": Vendor(
        app=lambda _port: {"public_redirect_uris": ["http://localhost/callback"], "redirect_uris": []},
        credentials=("url", "authority", "tenant", "client_id"),
        allow="Accept",
        deny="Cancel",
        user_check="application user",
    ),
}


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def fits(page: Page) -> bool:
    """Whether nothing lies beside the window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return not wide


@pytest.mark.parametrize("crm", list(VENDORS))
def test_it_works_from_the_consent_page_to_a_connection_that_is_signed_in(
    crm: str, page: Page, served: Sandbox, crosswalk: Installation, waiting: Waiter, port: int
) -> None:
    vendor = VENDORS[crm]
    served.post(crm, "apps", vendor.app(port))
    app = {name: served.ready[crm][name] for name in vendor.credentials}
    given = json.dumps({"activecampaign": served.ready["activecampaign"], crm: app})

    adding = waiting("add", "acme", "--credentials", "-", "--port", str(port), stdin=given)
    page.goto(adding.address())
    assert fits(page)
    page.get_by_label("Sign in as").select_option(ADA)
    page.get_by_role("button", name=vendor.allow).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert fits(page)
    assert adding.ended() == 0, adding.told.read_text()
    checks = crosswalk("connection", "check", "acme", "--json").data["checks"]
    assert next(each for each in checks if each["check"] == vendor.user_check)["ok"]
    assert any(ADA in each["message"] or "Ada Lindqvist" in each["message"] for each in checks)

    again = waiting("sign-in", "acme", "--port", str(port))
    page.context.clear_cookies()  # the vendor does not know the browser any more, and asks
    page.goto(again.address())
    page.get_by_role("button", name=vendor.deny).click()
    expect(page.get_by_role("heading", name="You were not signed in")).to_be_visible()
    assert again.ended() == 4
    assert crosswalk("connection", "check", "acme").code == 0
