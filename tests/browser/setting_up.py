"""Somebody who sets a connection up in a browser; everything they do is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Error, Locator, Page, ViewportSize, expect
from tests.browser.looking import look_at, refusals
from tests.browser.place import Place

PASSWORD = "correct horse battery"
MOST = 40  # interactions of a first set-up
WORK = 60_000  # milliseconds in which a worker has done what was asked for
WIDE: ViewportSize = {"width": 1280, "height": 800}
LONG = 30_000  # milliseconds in which a page has answered


class Hands:
    """A person at a page. A click, a text typed into a field, a choice and a tick are one interaction each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.interactions = 0

    def look(self) -> None:
        """Look at the page closely, in all colours and widths."""
        look_at(self.page)
        self.page.set_viewport_size(WIDE)

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
def somebody(chromium: Browser, kind: type[Hands] = Hands, **settings: Any) -> Iterator[Hands]:
    """A person with a browser of their own, whose pages refuse nothing by their policy."""
    with chromium.new_context(reduced_motion="reduce", viewport=WIDE, **settings) as context:
        page = context.new_page()
        page.set_default_timeout(LONG)
        refused = refusals(page)
        try:
            yield kind(page)
        except (AssertionError, Error) as error:
            error.add_note(f"{page.url}\n{page.locator('body').inner_text()[:3000]}")
            raise
        assert refused == []


def come_in(hands: Hands, place: Place, name: str) -> None:
    """Become an administrator: who is the first of all by the link of the start, others by a link of their own."""
    if place.ask("SELECT 1 FROM person LIMIT 1"):
        become(hands, place, name)
        return
    hands.page.goto(place.served.link())
    hands.fill("Name", name)
    _choose_password(hands)


def become(hands: Hands, place: Place, name: str, role: str = "administrator") -> None:
    """Come by a link that somebody handed over."""
    added = place.crosswalk("user", "add", name, "--role", role, "--json")
    hands.page.goto(f"{place.address}link/{added.data['link'].rpartition('/')[2]}")
    _choose_password(hands)


def _choose_password(hands: Hands) -> None:
    hands.fill("Password", PASSWORD)
    hands.press("Go on")
    expect(hands.page.get_by_role("heading", name="Overview")).to_be_visible()


def sign_in(hands: Hands, place: Place, name: str) -> None:
    hands.page.goto(f"{place.address}sign-in")
    hands.fill("Name", name)
    hands.fill("Password", PASSWORD)
    hands.press("Sign in")
    expect(hands.page.get_by_role("heading", name="Overview")).to_be_visible()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What differs from vendor to vendor when somebody signs in at their pages."""

    title: str
    entries: Mapping[str, str]  # label → what the ready line calls it
    allow: str
    deny: str


VENDORS = {
    "salesforce": Vendor(
        title="Salesforce",
        entries={"My Domain": "login_url", "Consumer Key": "client_id", "Consumer Secret": "client_secret"},
        allow="Allow",
        deny="Deny",
    ),
    "dynamics": Vendor(
        title="Dynamics 365",
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


def begin(hands: Hands, crm: str) -> None:
    """Go from the overview to where both systems are signed in to."""
    hands.click(hands.page.get_by_role("main").locator("a[href='/connections/new']").first)
    hands.press(f"Connect {VENDORS[crm].title}")
    if crm == "dynamics":
        hands.press("It is all there: go on")
    expect(hands.page.get_by_role("heading", name="ActiveCampaign")).to_be_visible()


def system(hands: Hands, title: str) -> Locator:
    """The part of a page that is about one system."""
    return hands.page.get_by_role("region", name=title)


def connect_activecampaign(hands: Hands, place: Place) -> None:
    part = system(hands, "ActiveCampaign")
    hands.fill("API URL or account name", place.credential("activecampaign", "url"), part)
    hands.fill("API key", place.credential("activecampaign", "key"), part)
    hands.press("Authorize", part)
    expect(part.get_by_text("Connected")).to_be_visible()


def sign_in_at(hands: Hands, place: Place, crm: str, *, allows: bool = True) -> None:
    """Go to the CRM's own pages to sign in, and answer what is asked there."""
    vendor = VENDORS[crm]
    part = system(hands, vendor.title)
    hands.follow("Sign in by browser", part)
    expect(part.get_by_text("Callback address, to be registered in the app")).to_be_visible()
    for label, name in vendor.entries.items():
        hands.fill(label, place.credential(crm, name), part)
    hands.press(f"Sign in at {vendor.title}", part)
    hands.follow(f"Go on to {vendor.title}")
    hands.press(vendor.allow if allows else vendor.deny)


def pair_fields(hands: Hands) -> None:
    """Take what is proposed on every tab, and go on behind the last one."""
    tabs = hands.page.get_by_role("navigation", name="Kinds of fields").get_by_role("link").count()
    for number in range(1, tabs + 1):
        proposed = hands.page.get_by_role("region", name="Proposed pairs")
        expect(proposed.get_by_role("heading")).to_be_visible()
        if proposed.get_by_role("button").count():
            hands.press(re.compile("^Add .* pair"), proposed)
            expect(hands.page.get_by_role("status").first).to_be_visible()
        hands.follow("Go on to the next step" if number == tabs else re.compile("^Go on to: "))


def choose_data(hands: Hands) -> None:
    """Pass by the users, turn all objects on, and keep what is proposed for how often."""
    page = hands.page
    expect(page.get_by_role("heading", name="User management")).to_be_visible()
    hands.follow("Go on")
    expect(page.get_by_role("heading", name="Data configuration")).to_be_visible()
    for switch in page.get_by_label(re.compile("^Synchronise ")).all():
        hands.tick(switch)
    hands.press("Save and go on")
    expect(page.get_by_role("heading", name="Sync configuration")).to_be_visible()
    hands.press("Save and go on")


def plan_and_apply(hands: Hands, place: Place, name: str) -> None:
    """Look at a plan, try ten records of it, apply the rest, and watch that."""
    page = hands.page
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
    hands.press("Make a plan")
    expect(page.get_by_role("heading", name=re.compile("^Plan [0-9]+"))).to_be_visible(timeout=WORK)
    hands.press("Try 10 records")
    expect(page.get_by_role("heading", name=re.compile("^Run [0-9]+"))).to_be_visible(timeout=WORK)
    expect(page.get_by_role("heading", name="What it wrote")).to_be_visible()
    hands.follow("Plan", page.get_by_role("navigation", name=name))
    hands.follow("Look at it")
    slow = {"kind": "delay", "seconds": 2, "rate": 1}
    place.sandbox.post("activecampaign", "faults", slow)
    hands.press(re.compile("^Apply [0-9]+ changes"))
    _watch(hands)
    place.sandbox.delete("activecampaign", "faults")
    expect(page.get_by_role("heading", name=re.compile("^Run [0-9]+"))).to_contain_text("done", timeout=WORK)
    hands.follow("Overview")
    standing = page.locator("section").filter(has=page.get_by_role("link", name=name, exact=True))
    expect(standing.get_by_text("ok", exact=True)).to_be_visible(timeout=WORK)


def _watch(hands: Hands) -> None:
    """Watch what goes on; the page renews itself, and what has the focus keeps it."""
    stop = hands.page.get_by_role("button", name="Stop safely")
    stop.focus()
    expect(hands.page.get_by_role("progressbar")).to_be_visible(timeout=WORK)
    expect(hands.page.get_by_text("Calls so far")).to_be_visible(timeout=WORK)
    expect(stop).to_be_focused()
    hands.page.route("**/tasks/*", lambda route: route.abort())  # it stays as it is while it is looked at
    hands.look()
    hands.page.unroute("**/tasks/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """A connection whose set-up somebody walked through."""

    name: str
    number: int
    interactions: int


def set_up_salesforce(hands: Hands, place: Place) -> Walked:
    """From the first link to a first sync that is done."""
    come_in(hands, place, "ada")
    begin(hands, "salesforce")
    connect_activecampaign(hands, place)
    sign_in_at(hands, place, "salesforce")
    name = _both_connected(hands, place)
    pair_fields(hands)
    hands.press("Save and go on")
    plan_and_apply(hands, place, name)
    return Walked(name=name, number=place.number(name), interactions=hands.interactions)


def set_up_dynamics(hands: Hands, place: Place) -> Walked:
    """From the first link to a first sync that is done."""
    come_in(hands, place, "grace")
    begin(hands, "dynamics")
    connect_activecampaign(hands, place)
    sign_in_at(hands, place, "dynamics")
    name = _both_connected(hands, place)
    choose_data(hands)
    plan_and_apply(hands, place, name)
    return Walked(name=name, number=place.number(name), interactions=hands.interactions)


def _both_connected(hands: Hands, place: Place) -> str:
    """Go on from what says that both systems are connected; return the name of the connection."""
    expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()
    number = int(hands.page.url.partition("/connections/")[2].partition("/")[0])
    hands.follow("Go on")
    ((name,),) = place.ask("SELECT name FROM connection WHERE id = %s", number)
    return str(name)
