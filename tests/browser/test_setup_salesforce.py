"""The whole set-up with Salesforce in a real browser, from the first link to a first sync that is done."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, expect
from tests.browser.setting_up import (
    LONG,
    Hands,
    Place,
    become_first,
    begin,
    connect_activecampaign,
    running_place,
    sign_in,
    somebody,
    system,
)

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all


@pytest.fixture(scope="module")
def place(
    database_server: tuple[str, psycopg.Connection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with running_place(database_server, tmp_path_factory.mktemp("salesforce"), "salesforce") as place:
        yield place


def connect_by_browser(hands: Hands, place: Place, answer: str = "Allow") -> None:
    """Go to Salesforce's own pages to sign in, and answer what is asked there."""
    part = system(hands, "Salesforce")
    hands.follow("Sign in by browser", part)
    hands.fill("My Domain", place.credential("salesforce", "login_url"), part)
    hands.fill("Consumer Key", place.credential("salesforce", "client_id"), part)
    hands.fill("Consumer Secret", place.credential("salesforce", "client_secret"), part)
    hands.press("Sign in at Salesforce", part)
    hands.follow("Go on to Salesforce")
    hands.press(answer)


def test_from_the_first_link_to_a_first_sync_that_is_done(place: Place, chromium: Browser) -> None:
    with somebody(chromium, looks=True) as hands:
        become_first(hands, place)
        begin(hands)
        hands.look()
        hands.press("Connect Salesforce")
        hands.look()
        connect_activecampaign(hands, place)
        connect_by_browser(hands, place)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()
        hands.look()
        print(hands.page.url, hands.interactions)


def test_wrong_input_is_told_and_what_was_typed_stays_and_another_browser_goes_on(
    place: Place, chromium: Browser
) -> None:
    with somebody(chromium) as hands:
        sign_in(hands, place)
        begin(hands)
        hands.press("Connect Salesforce")
        part = system(hands, "ActiveCampaign")
        address = place.credential("activecampaign", "url")
        hands.fill("API URL or account name", address, part)
        hands.fill("API key", "not the key", part)
        hands.press("Authorize", part)
        expect(part.get_by_role("alert")).to_contain_text("key")
        expect(part.get_by_label("API URL or account name")).to_have_value(address)
        expect(part.get_by_label("API key")).to_have_value("")
        hands.look()

        place.sandbox.post("activecampaign", "faults", {"kind": "drop", "rate": 1})
        hands.fill("API key", place.credential("activecampaign", "key"), part)
        hands.press("Authorize", part)
        expect(part.get_by_role("alert")).to_contain_text("ActiveCampaign", timeout=LONG * 6)
        expect(part.get_by_label("API URL or account name")).to_have_value(address)
        print(part.get_by_role("alert").inner_text())
        place.sandbox.delete("activecampaign", "faults")
        connect_activecampaign(hands, place)

        connect_by_browser(hands, place, "Deny")
        part = system(hands, "Salesforce")
        print(hands.page.locator("main").inner_text())
        expect(part.get_by_label("Consumer Key")).to_have_value(place.credential("salesforce", "client_id"))
        hands.look()

    with somebody(chromium) as hands:  # the first browser is closed
        sign_in(hands, place)
        hands.follow(re.compile("^Go on with"))
        expect(system(hands, "ActiveCampaign").get_by_text("Connected")).to_be_visible()
        connect_by_browser(hands, place)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()
