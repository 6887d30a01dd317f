"""Every page there is, in a real browser: accessible in every look, times in the reader's zone, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.looking import look_at, violations
from tests.browser.place import Place
from tests.browser.setting_up import WORK, Hands, Walked, become, somebody
from tests.screenshots.finding import pages
from tests.screenshots.pictures import PICTURES, Picture

HELD = """
    WITH joined AS (
        INSERT INTO link (connection_id, object, crm_id, activecampaign_id, key, state, is_primary, crm_shadow,
            activecampaign_shadow, crm_unconfirmed, activecampaign_unconfirmed, selected, opened_at)
        VALUES (%(number)s, 'lead', '0ab5b383-aa72-40fb-9cac-000000009999', '99999',
            'a-rather-long-name@northwind-farming.example', 'open', true, '', '', '', '', true, now())
        RETURNING id, connection_id),
    seen AS (
        INSERT INTO directory (tenant_id, object, record_id, key, stamp, digest, deleted)
        SELECT crm_id, 'lead', '0ab5b383-aa72-40fb-9cac-000000009999',
            'a-rather-long-name@northwind-farming.example', now(), '', false
        FROM connection WHERE id = %(number)s)
    INSERT INTO hold (connection_id, link_id, side, object, record_id, field, kind, code, reason, cure, values,
        fingerprint, held_at)
    SELECT connection_id, id, 'crm', 'lead', '0ab5b383-aa72-40fb-9cac-000000009999', field, 'conflict', 'CW-4001',
        'Both sides changed this field, and they differ.', 'Choose.',
        '{"crm": "Ana", "activecampaign": "Anna"}', '', now()
    FROM joined, (VALUES ('firstname'), ('lastname')) AS f (field) RETURNING id
"""
# What has no picture, and is a page all the same: parts of others, and what is said where something cannot be.
BESIDES = (
    Picture("password", "password", "/account/password", "A new password"),
    Picture("return", "sign-in-return", "/sign-in-return", "Back from a vendor, and nobody left"),
)
STATUS = {"return": 400}
# Routes that answer with no page, each with an address: a file, a part of a page, or the way to one.
WITHOUT = {
    "mapping-more": "/connections/{salesforce}/set-up/mapping/lead/standard/more?{row}",
    "audit-download": "/audit/download",
    "plan-download": "{plan}/download",
    "draft": "/set-up/{dynamics_draft}",
    "setup": "/connections/{salesforce}/set-up",
    "setup-mapping": "/connections/{salesforce}/set-up/mapping",
}
# What the first pair of a mapping sends when it is opened.
ROW = """() => new URLSearchParams([...new FormData(document.querySelector("#rules"))]
  .filter(([name]) => name.startsWith("r0-"))).toString()"""
Facts = Mapping[str, object]


@pytest.fixture(scope="module")
def at_home(place: Place, chromium: Browser) -> Iterator[Hands]:
    """An administrator who lives in Tokyo."""
    with somebody(chromium, timezone_id="Asia/Tokyo", locale="en-GB", base_url=place.address) as hands:
        become(hands, place, "tokyo")
        yield hands


@pytest.fixture(scope="module")
def facts(at_home: Hands, place: Place, salesforce: Walked, dynamics: Walked) -> Facts:
    """What there are pages about: for addresses."""
    ((hold,), *_more) = place.ask(HELD, number=dynamics.number)
    ((run,),) = place.ask("SELECT max(id) FROM run WHERE connection_id = %s", salesforce.number)
    ((plan,),) = place.ask("SELECT max(id) FROM plan WHERE connection_id = %s", dynamics.number)
    ((record, email),) = place.ask(
        "SELECT crm_id, key FROM link WHERE connection_id = %s AND key <> '' ORDER BY id LIMIT 1",
        salesforce.number,
    )
    at_home.page.goto(f"connections/{salesforce.number}/set-up/mapping/lead/standard")
    row = at_home.page.evaluate(ROW)
    link = place.crosswalk("user", "add", "newcomer", "--json").data["link"]
    ((user,),) = place.ask("SELECT id FROM person WHERE name = 'newcomer'")
    plans = f"/connections/{dynamics.number}/plans"
    return {
        "salesforce": salesforce.number,
        "dynamics": dynamics.number,
        "salesforce_draft": begun(at_home, "Salesforce"),
        "dynamics_draft": begun(at_home, "Dynamics 365"),
        "task": rested(at_home, salesforce),
        "plans": plans,
        "plan": f"{plans}/{plan}",
        "run": run,
        "record": f"crm/{record}",
        "email": email,
        "hold": hold,
        "user": user,
        "link": link.rpartition("/")[2],
        "code": "CW-4001",
        "row": row,
    }


def begun(hands: Hands, title: str) -> str:
    """Begin a set-up; return its number."""
    hands.page.goto("connections/new")
    hands.press(f"Connect {title}")
    hands.page.wait_for_url("**/set-up/*/*")
    return hands.page.url.partition("/set-up/")[2].partition("/")[0]


def rested(hands: Hands, walked: Walked) -> str:
    """Ask for a plan of a connection that rests; return the path of what became of it."""
    hands.page.goto(f"connections/{walked.number}/")
    hands.press("Let runs rest")
    hands.page.goto(f"connections/{walked.number}/plans")
    hands.press(re.compile("^Make a"))
    hands.page.wait_for_url("**/tasks/*")
    expect(hands.page.get_by_role("button", name="Let runs go on")).to_be_visible(timeout=WORK)
    task = urlsplit(hands.page.url).path
    hands.press("Let runs go on")
    expect(hands.page.get_by_role("button", name="Let runs rest")).to_be_visible()
    return task


@pytest.fixture(scope="module")
def outside(place: Place, chromium: Browser) -> Iterator[Hands]:
    """Somebody who is not signed in."""
    with somebody(chromium, base_url=place.address) as hands:
        yield hands


def test_every_route_is_a_page_that_is_looked_at_or_no_page() -> None:
    looked_at = {picture.route for picture in (*PICTURES, *BESIDES)}
    assert looked_at | WITHOUT.keys() == set(pages())


@pytest.mark.parametrize("picture", [*PICTURES, *BESIDES], ids=lambda picture: picture.name)
def test_every_page_is_accessible_in_every_look(
    picture: Picture, at_home: Hands, outside: Hands, facts: Facts
) -> None:
    page = (at_home if picture.signed_in else outside).page
    address = picture.address.format_map(facts)
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == STATUS.get(picture.name, 200)
    assert answer.url.endswith(address)  # it led nowhere else
    look_at(page)


@pytest.mark.parametrize("route", WITHOUT)
def test_what_is_no_page_is_a_file_or_a_part_or_leads_to_a_page(
    route: str, at_home: Hands, facts: Facts
) -> None:
    answer = at_home.page.request.get(WITHOUT[route].format_map(facts), max_redirects=0)
    assert answer.status == (302 if route.startswith(("draft", "setup")) else 200)
    assert "<html" not in answer.text()


def test_what_is_missing_or_forbidden_says_so_accessibly(place: Place, chromium: Browser) -> None:
    with somebody(chromium, base_url=place.address) as hands:
        become(hands, place, "onlooker", "user")
        for address, title in (("nowhere", "There is no such page"), ("users", "You may not do this")):
            hands.page.goto(address)
            expect(hands.page.get_by_role("heading", name=title)).to_be_visible()
            hands.look()


def test_what_waits_and_why_is_read_and_decided_by_keyboard(at_home: Hands, facts: Facts) -> None:
    page = at_home.page
    page.goto(f"connections/{facts['dynamics']}/holds")
    page.get_by_role("link", name="Choose which value counts").click()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Tick what you decide about.")).to_be_visible()
    look_at(page)
    page.get_by_role("checkbox", name=re.compile("first ?name", re.IGNORECASE)).focus()
    page.keyboard.press("Space")
    page.get_by_label("Try again as it is").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The next run tries one again.")).to_be_visible()
    page.get_by_role("link", name="a-rather-long-name").first.click()
    page.get_by_role("link", name="Everything about this record").click()
    expect(page.get_by_text("2 values are held")).to_be_visible()
    look_at(page)
    page.goto("audit")
    expect(page.get_by_role("listitem").filter(has_text="Holds to be tried again")).to_be_visible()


def test_times_are_in_the_readers_own_zone_and_the_title_names_it(
    at_home: Hands, place: Place, salesforce: Walked
) -> None:
    place.ask(
        "UPDATE run SET started_at = '2026-03-01T20:30:00Z' WHERE connection_id = %s", salesforce.number
    )
    at_home.page.goto(f"connections/{salesforce.number}/runs")
    shown = at_home.page.locator("time[datetime^='2026-03-01T20:30']").first
    expect(shown).to_have_text(re.compile(r"2 Mar 2026.*05:30|Mar 2, 2026.*5:30"))
    expect(shown).to_have_attribute("title", re.compile("Asia/Tokyo"))


def test_keys_lead_to_pages_and_to_the_search_and_are_listed(at_home: Hands, dynamics: Walked) -> None:
    page = at_home.page
    page.goto(f"connections/{dynamics.number}/set-up/users")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("g p ?")
    expect(page.get_by_role("searchbox")).to_have_value("g p ?")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_who_turned_keys_off_types_in_peace(at_home: Hands) -> None:
    page = at_home.page
    page.goto("account")
    page.get_by_label("Single keys do something").uncheck()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_label("Single keys do something")).not_to_be_checked()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.get_by_role("button", name="Show the keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Single keys do something").check()
    page.get_by_role("button", name="Keep").click()


def test_a_wrong_entry_takes_the_focus_to_its_summary_which_leads_to_the_field(at_home: Hands) -> None:
    page = at_home.page
    page.goto("account")
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password").fill("short")
    page.keyboard.press("Enter")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Old password")).to_be_focused()
    look_at(page)


def test_on_paper_there_is_no_way_to_press_anything(at_home: Hands) -> None:
    page = at_home.page
    page.goto("settings")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Stop everything")).to_be_hidden()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.emulate_media(media="screen")
