"""Somebody who sets a connection up in a browser; everything they do is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, Error, Locator, Page, expect
from tests.acceptance.conftest import new_database
from tests.browser.looking import look_at, refusals
from tests.conftest import template
from tests.helpers.command_line import Installation, Sandbox, running_sandbox
from tests.helpers.served import Served, started

PASSWORD = "correct horse battery"
ADMINISTRATOR = "ada"
_CALLBACKS = {"salesforce": "callback_urls", "dynamics": "redirect_uris"}
LONG = 10_000  # milliseconds in which a worker has done what was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running installation, and the systems that it is to connect."""

    crosswalk: Installation
    served: Served
    sandbox: Sandbox

    @property
    def address(self) -> str:
        return self.served.address()

    def credential(self, system: str, name: str) -> str:
        return self.sandbox.ready[system][name]


@contextmanager
def running_place(
    server: tuple[str, psycopg.Connection], home: Path, crm: str, records: int = 20
) -> Iterator[Place]:
    """Web, worker and database, as `crosswalk serve` runs them, beside a sandbox that knows the web's address."""
    with new_database(server, template()) as (_, url), running_sandbox(records, crm) as sandbox:
        crosswalk = Installation(home=home, database_url=url)
        with started(crosswalk, "serve") as served:
            sandbox.post(crm, "apps", {_CALLBACKS[crm]: [f"{served.address()}sign-in-return"]})
            yield Place(crosswalk=crosswalk, served=served, sandbox=sandbox)


class Hands:
    """A person at a page. A click, a text typed into a field, a choice and a key are one interaction each."""

    def __init__(self, page: Page, *, looks: bool = False) -> None:
        self.page = page
        self.interactions = 0
        self._looks = looks

    def look(self) -> None:
        """Look at the page closely, in all colours and widths, if this person does."""
        if self._looks:
            look_at(self.page)

    def click(self, found: Locator) -> None:
        self.interactions += 1
        found.click()

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.click((within or self.page).get_by_role("button", name=name))

    def follow(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.click((within or self.page).get_by_role("link", name=name))

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        self.interactions += 1
        (within or self.page).get_by_label(label).fill(text)

    def choose(self, label: str, option: str, within: Locator | None = None) -> None:
        self.interactions += 1
        (within or self.page).get_by_label(label).select_option(option)


@contextmanager
def somebody(chromium: Browser, *, looks: bool = False, narrow: bool = False) -> Iterator[Hands]:
    """A person with a browser of their own, whose pages refuse nothing by their policy."""
    width = 360 if narrow else 1280
    with chromium.new_context(reduced_motion="reduce", viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(LONG)
        refused = refusals(page)
        try:
            yield Hands(page, looks=looks)
        except (AssertionError, Error) as error:
            error.add_note(f"{page.url}\n{page.locator('body').inner_text()[:3000]}")
            raise
        assert refused == []


def become_first(hands: Hands, place: Place) -> None:
    """Open the first link, and become the administrator."""
    hands.page.goto(place.served.link())
    hands.fill("Name", ADMINISTRATOR)
    hands.fill("Password", PASSWORD)
    hands.press("Go on")
    expect(hands.page.get_by_role("heading", name="Overview")).to_be_visible()


def sign_in(hands: Hands, place: Place, name: str = ADMINISTRATOR) -> None:
    hands.page.goto(f"{place.address}sign-in")
    hands.fill("Name", name)
    hands.fill("Password", PASSWORD)
    hands.press("Sign in")
    expect(hands.page.get_by_role("heading", name="Overview")).to_be_visible()


def begin(hands: Hands) -> None:
    """Go from the overview to where a connection begins."""
    hands.click(hands.page.get_by_role("main").locator("a[href='/connections/new']").first)
    expect(hands.page.get_by_role("heading", name="Add a connection")).to_be_visible()


def system(hands: Hands, title: str) -> Locator:
    """The part of a page that is about one system."""
    return hands.page.get_by_role("region", name=title)


def connect_activecampaign(hands: Hands, place: Place) -> None:
    part = system(hands, "ActiveCampaign")
    hands.fill("API URL or account name", place.credential("activecampaign", "url"), part)
    hands.fill("API key", place.credential("activecampaign", "key"), part)
    hands.press("Authorize", part)
    expect(part.get_by_text("Connected")).to_be_visible()
