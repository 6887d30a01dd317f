"""From nothing to a connection in a real browser: to the vendor's consent page and back, under the strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.looking import look_at
from tests.browser.test_web import PASSWORD
from tests.helpers.command_line import Installation, Sandbox
from tests.helpers.served import Served, started

ADA = "ada.lindqvist@org.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What differs from vendor to vendor."""

    title: str
    app: Callable[[str], Mapping[str, Any]]  # settings of an app without a secret; given the callback address
    entries: Mapping[str, str]  # label → what the ready line calls it
    allow: str
    deny: str


VENDORS = {
    "salesforce": Vendor(
        title="Salesforce",
        app=lambda back: {"callback_urls": [back], "pkce_required": True, "secret_required": False},
        entries={"My Domain": "login_url", "Consumer Key": "client_id"},
        allow="Allow",
        deny="Deny",
    ),
    "dynamics": Vendor(
        title="Dynamics 365",
        app=lambda back: {"public_redirect_uris": [back], "redirect_uris": []},
        entries={
            "Environment URL": "url",
            "Directory (tenant) ID": "tenant",
            "Application (client) ID": "client_id",
            "Address of Microsoft Entra ID": "authority",
        },
        allow="Accept",
        deny="Cancel",
    ),
}


@pytest.fixture
def web(crosswalk: Installation) -> Iterator[Served]:
    with started(crosswalk, "web") as web:
        yield web


@pytest.fixture
def administrator(web: Served, chromium: Browser) -> Iterator[Page]:
    """The first administrator, who has just come in; whatever the browser's policy refuses fails the test."""
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        refused: list[str] = []
        page.on(
            "console",
            lambda message: (
                refused.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.goto(web.link())
        page.get_by_label("Name").fill("ada")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        yield page
        assert refused == []


@pytest.mark.parametrize("crm", list(VENDORS))
def test_it_works_from_nothing_through_the_consent_page_to_a_connection(
    crm: str, administrator: Page, served: Sandbox
) -> None:
    vendor, page = VENDORS[crm], administrator
    page.get_by_role("link", name="Connect the first CRM").click()
    look_at(page)
    page.get_by_role("button", name=f"Connect {vendor.title}").click()
    if crm == "dynamics":
        look_at(page)
        page.get_by_role("button", name="It is all there: go on").click()

    account = page.locator("#activecampaign")
    account.get_by_label("API URL or account name").fill(served.ready["activecampaign"]["url"])
    account.get_by_label("API key").fill("a wrong one")
    account.get_by_role("button", name="Authorize").click()
    expect(account.get_by_role("alert")).to_contain_text("API key")
    account.get_by_label("API key").fill(served.ready["activecampaign"]["key"])
    account.get_by_role("button", name="Authorize").click()
    expect(account.get_by_role("status")).to_contain_text("Connected")

    block = page.locator("#crm")
    by_browser = block.get_by_role("link", name="Sign in by browser")
    by_browser.focus()
    by_browser.press("Enter")
    expect(block.get_by_text("Callback address, to be registered in the app")).to_be_visible()
    expect(by_browser).to_be_focused()  # the page renewed a part of itself
    served.post(crm, "apps", vendor.app(block.locator("code").inner_text()))
    look_at(page)
    for label, name in vendor.entries.items():
        block.get_by_label(label).fill(served.ready[crm][name])
    for button, outcome in ((vendor.deny, "Start again"), (vendor.allow, "Both systems are connected.")):
        block.get_by_role("button", name=f"Sign in at {vendor.title}").click()
        look_at(page)
        block.get_by_role("link", name=f"Go on to {vendor.title}").click()
        if button == vendor.allow:
            page.get_by_label("Sign in as").select_option(ADA)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text(outcome)).to_be_visible()
        look_at(page)
    expect(page.locator("#crm").get_by_role("status")).to_contain_text("Connected")

    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("button", name="Check again")).to_be_enabled()
    about = page.get_by_role(
        "navigation", name=crm
    )  # the bar of the connection, which is called like its CRM
    about.get_by_role("link", name="Settings").click()
    look_at(page)
    page.get_by_role("link", name="Remove").click()
    look_at(page)
    page.get_by_label("to confirm").fill(crm)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No record was touched.")).to_be_visible()
    expect(page.get_by_role("link", name="Connect the first CRM")).to_be_visible()
