"""Somebody who sets a connection up in a browser; everything they do is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, Error, Locator, Page, expect
from tests.acceptance.conftest import MAPPING, new_database
from tests.browser.looking import look_at, refusals
from tests.conftest import template
from tests.helpers.command_line import Installation, Sandbox, running_sandbox
from tests.helpers.served import Served, started

PASSWORD = "correct horse battery"
ADMINISTRATOR = "ada"
_CALLBACKS = {"salesforce": "callback_urls", "dynamics": "redirect_uris"}
MOST = 40  # interactions of a first set-up
WORK = 60_000  # milliseconds in which a worker has done what was asked for
LONG = 30_000  # milliseconds in which a page has answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running installation, and the systems that it is to connect."""

    crosswalk: Installation
    served: Served
    sandbox: Sandbox
    crm: str  # which is also what pages call the first connection

    @property
    def address(self) -> str:
        return self.served.address()

    def connected(self, name: str) -> str:
        """Add a connection with fields that are paired, by commands; return the address of its mapping."""
        added = self.crosswalk("connection", "add", name, "--credentials", "-", stdin=self.sandbox.line)
        assert added.code == 0, added.err
        assert self.crosswalk("mapping", "set", name, str(MAPPING)).code == 0
        assert self.crosswalk.database_url
        with psycopg.connect(self.crosswalk.database_url) as database:
            ((number,),) = database.execute("SELECT id FROM connection WHERE name = %s", [name]).fetchall()
        return f"{self.address}connections/{number}/set-up/mapping/lead/"

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
            yield Place(crosswalk=crosswalk, served=served, sandbox=sandbox, crm=crm)


class Hands:
    """A person at a page. A click, a text typed into a field, a choice and a tick are one interaction each."""

    def __init__(self, page: Page, *, looks: bool = False) -> None:
        self.page = page
        self.interactions = 0
        self._looks = looks

    def look(self) -> None:
        """Look at the page closely, in all colours and widths, if this person does."""
        if self._looks:
            look_at(self.page)
            self.page.set_viewport_size({"width": 1280, "height": 800})

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.click((within or self.page).get_by_role("button", name=name))

    def follow(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.click((within or self.page).get_by_role("link", name=name))

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        self.type((within or self.page).get_by_label(label), text)

    def click(self, found: Locator) -> None:
        self.interactions += 1
        found.click()

    def type(self, found: Locator, text: str) -> None:
        self.interactions += 1
        found.fill(text)

    def tick(self, found: Locator) -> None:
        self.interactions += 1
        found.check()


class Keys(Hands):
    """A person without a mouse: gets everywhere by the Tab key, and always sees where they are."""

    MOST = 150  # stops on one page

    def click(self, found: Locator) -> None:
        self.interactions += 1
        self._reach(found)
        self.page.keyboard.press("Enter")

    def type(self, found: Locator, text: str) -> None:
        self.interactions += 1
        self._reach(found)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def tick(self, found: Locator) -> None:
        self.interactions += 1
        self._reach(found)
        self.page.keyboard.press("Space")

    def _reach(self, found: Locator) -> None:
        expect(found).to_be_visible()
        for _stop in range(self.MOST):
            if found.evaluate("each => each === document.activeElement"):
                assert self.page.evaluate(_SEEN), f"nobody sees that {found} has the focus"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {found} at {self.page.url}")


# Whether what has the focus looks otherwise than without it.
_SEEN = """() => {
  const here = document.activeElement, look = () => JSON.stringify(
    ["outlineStyle", "outlineWidth", "boxShadow", "borderColor", "backgroundColor"].map(
      name => getComputedStyle(here)[name]));
  const focused = look();
  here.blur();
  const plain = look();
  here.focus();
  return focused !== plain;
}"""


@contextmanager
def somebody(chromium: Browser, kind: type[Hands] = Hands, *, looks: bool = False) -> Iterator[Hands]:
    """A person with a browser of their own, whose pages refuse nothing by their policy."""
    with chromium.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(LONG)
        refused = refusals(page)
        try:
            yield kind(page, looks=looks)
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


def become(hands: Hands, place: Place, name: str) -> None:
    """Come as another administrator, by a link of their own."""
    added = place.crosswalk("user", "add", name, "--role", "administrator", "--json")
    hands.page.goto(f"{place.address}link/{added.data['link'].rpartition('/')[2]}")
    hands.fill("Password", PASSWORD)
    hands.press("Go on")
    expect(hands.page.get_by_role("heading", name="Overview")).to_be_visible()


def sign_in(hands: Hands, place: Place, name: str) -> None:
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


def pair_fields(hands: Hands) -> None:
    """Take what is proposed on every tab, and go on behind the last one."""
    tabs = hands.page.get_by_role("navigation", name="Kinds of fields").get_by_role("link").count()
    for number in range(1, tabs + 1):
        proposed = hands.page.get_by_role("region", name="Proposed pairs")
        expect(proposed.get_by_role("heading")).to_be_visible()
        hands.look()
        if proposed.get_by_role("button").count():
            hands.press(re.compile("^Add .* pair"), proposed)
            expect(hands.page.get_by_role("status").first).to_be_visible()
        hands.follow("Go on to the next step" if number == tabs else re.compile("^Go on to: "))


def plan_and_apply(hands: Hands, place: Place) -> None:
    """Look at a plan, try ten records of it, apply the rest, and watch that."""
    page = hands.page
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
    hands.look()
    hands.press("Make a plan")
    expect(page.get_by_role("heading", name="Plan 1")).to_be_visible(timeout=WORK)
    hands.look()
    hands.press("Try 10 records")
    expect(page.get_by_role("heading", name="Run 1")).to_be_visible(timeout=WORK)
    expect(page.get_by_role("heading", name="What it wrote")).to_be_visible()
    hands.look()
    hands.follow("Plan", page.get_by_role("navigation", name=place.crm))
    hands.follow("Look at it")
    place.sandbox.post("activecampaign", "faults", {"kind": "delay", "seconds": 1, "times": 4})
    hands.press(re.compile("^Apply [0-9]+ changes"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    hands.look()
    expect(page.get_by_role("heading", name="Run 2")).to_be_visible(timeout=WORK)
    expect(page.get_by_role("heading", name="Run 2")).to_contain_text("done", timeout=WORK)
    hands.follow("Overview")
    expect(page.get_by_role("main").get_by_text("ok", exact=True)).to_be_visible(timeout=WORK)
