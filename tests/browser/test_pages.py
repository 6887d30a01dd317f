"""Pages outside of the set-up in a real browser: accessible in every look, times in the reader's zone, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.conftest import Server, new_database
from tests.browser.looking import look_at, violations
from tests.browser.test_web import PASSWORD
from tests.conftest import template
from tests.helpers.command_line import Installation
from tests.helpers.served import add_connections, started

PAGES = (
    "",
    "users",
    "users/1",
    "settings",
    "settings/doctor",
    "account",
    "help/CW-4001",
    "nowhere",
    "connections/1/",
    "connections/1/set-up/users",
)


@pytest.fixture(scope="module")
def at_home(
    chromium: Browser, database_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """A page of an administrator who lives in Tokyo; there is one connection, which was read once."""
    with new_database(database_server, template()) as (_, url):
        crosswalk = Installation(home=tmp_path_factory.mktemp("pages"), database_url=url)
        with started(crosswalk, "web") as served, psycopg.connect(url, autocommit=True) as database:
            add_connections(crosswalk, "acme")
            database.execute(
                "INSERT INTO run (connection_id, kind, state, started_at, ended_at, counts, error, failure)"
                " SELECT id, 'manual', 'done', '2026-03-01T20:30:00Z', '2026-03-01T20:31:00Z', '{}', '', ''"
                " FROM connection"
            )
            with chromium.new_context(
                reduced_motion="reduce",
                timezone_id="Asia/Tokyo",
                locale="en-GB",
                base_url=served.address(),
            ) as context:
                page = context.new_page()
                page.goto(served.link())
                page.get_by_label("Name").fill("ada")
                page.get_by_label("New password").fill(PASSWORD)
                page.keyboard.press("Enter")
                expect(page.get_by_role("heading", name="Overview")).to_be_visible()
                yield page


# Links within a sentence may be as small as its letters (WCAG 2.5.8).
_SMALL = """
() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, textarea")]
  .filter(each => each.checkVisibility() && !each.matches(".skip")
    && !(each.matches("a") && each.closest("p, td, th, dd, h2, h3")))
  .map(each => [each.outerHTML.slice(0, 120), each.closest("label") ?? each])
  .map(([html, target]) => [html, target.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)
"""


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_in_every_look(at_home: Page, path: str) -> None:
    at_home.goto(path)
    look_at(at_home)
    assert at_home.evaluate(_SMALL) == []


def test_times_are_in_the_readers_own_zone_and_the_title_names_it(at_home: Page) -> None:
    at_home.goto("connections/1/")
    shown = at_home.locator("time[datetime^='2026-03-01T20:30']").first
    expect(shown).to_have_text(re.compile(r"2 Mar 2026.*05:30|Mar 2, 2026.*5:30"))
    expect(shown).to_have_attribute("title", re.compile("Asia/Tokyo"))


def test_keys_lead_to_pages_and_to_the_search_and_are_listed(at_home: Page) -> None:
    at_home.goto("connections/1/set-up/users")
    at_home.keyboard.press("/")
    expect(at_home.get_by_role("searchbox")).to_be_focused()
    at_home.keyboard.type("g p ?")
    expect(at_home.get_by_role("searchbox")).to_have_value("g p ?")
    at_home.get_by_role("heading", level=1).click()
    at_home.keyboard.press("?")
    expect(at_home.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(at_home) == []
    at_home.keyboard.press("Escape")
    expect(at_home.get_by_role("dialog", name="Keys")).to_be_hidden()
    at_home.keyboard.press("g")
    at_home.keyboard.press("p")
    expect(at_home.get_by_role("heading", name="People", level=1)).to_be_visible()
    at_home.keyboard.press("g")
    at_home.keyboard.press("o")
    expect(at_home.get_by_role("heading", name="Overview")).to_be_visible()


def test_who_turned_keys_off_types_in_peace(at_home: Page) -> None:
    at_home.goto("account")
    at_home.get_by_label("Single keys do something").uncheck()
    at_home.get_by_role("button", name="Keep").click()
    expect(at_home.get_by_label("Single keys do something")).not_to_be_checked()
    at_home.get_by_role("heading", level=1).click()
    at_home.keyboard.press("?")
    expect(at_home.get_by_role("dialog", name="Keys")).to_be_hidden()
    at_home.get_by_role("button", name="Show the keys").click()
    expect(at_home.get_by_role("dialog", name="Keys")).to_be_visible()
    at_home.keyboard.press("Escape")
    at_home.get_by_label("Single keys do something").check()
    at_home.get_by_role("button", name="Keep").click()


def test_a_wrong_entry_takes_the_focus_to_its_summary_which_leads_to_the_field(at_home: Page) -> None:
    at_home.goto("account")
    at_home.get_by_label("Old password").fill("wrong")
    at_home.get_by_label("New password").fill("short")
    at_home.keyboard.press("Enter")
    summary = at_home.get_by_role("alert")
    expect(summary).to_be_focused()
    at_home.keyboard.press("Tab")
    at_home.keyboard.press("Enter")
    expect(at_home.get_by_label("Old password")).to_be_focused()
    look_at(at_home)


def test_on_paper_there_is_no_way_to_press_anything(at_home: Page) -> None:
    at_home.goto("settings")
    at_home.emulate_media(media="print")
    expect(at_home.get_by_role("button", name="Stop everything")).to_be_hidden()
    expect(at_home.get_by_role("heading", name="Settings")).to_be_visible()
    at_home.emulate_media(media="screen")
