"""The whole set-up with Salesforce in a real browser, from the first link to a first sync that is done."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, expect
from tests.browser.setting_up import (
    LONG,
    MOST,
    Hands,
    Place,
    become,
    become_first,
    begin,
    connect_activecampaign,
    pair_fields,
    plan_and_apply,
    running_place,
    sign_in,
    somebody,
    system,
)


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
    with somebody(chromium) as hands:
        become_first(hands, place)
        begin(hands)
        hands.look()
        hands.press("Connect Salesforce")
        hands.look()
        connect_activecampaign(hands, place)
        connect_by_browser(hands, place)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()
        hands.look()
        hands.follow("Go on")
        pair_fields(hands)
        hands.look()
        hands.press("Save and go on")
        plan_and_apply(hands, place)
        assert hands.interactions <= MOST


def test_wrong_input_is_told_and_what_was_typed_stays_and_another_browser_goes_on(
    place: Place, chromium: Browser
) -> None:
    with somebody(chromium) as hands:
        become(hands, place, "mary")
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
        expect(part.get_by_role("alert")).to_contain_text("ActiveCampaign", timeout=LONG)
        expect(part.get_by_label("API URL or account name")).to_have_value(address)
        place.sandbox.delete("activecampaign", "faults")
        connect_activecampaign(hands, place)

        connect_by_browser(hands, place, "Deny")
        part = system(hands, "Salesforce")
        expect(part.get_by_label("Consumer Key")).to_have_value(place.credential("salesforce", "client_id"))
        hands.look()

    with somebody(chromium) as hands:  # the first browser is closed
        sign_in(hands, place, "mary")
        hands.follow(re.compile("^Go on with"))
        expect(system(hands, "ActiveCampaign").get_by_text("Connected")).to_be_visible()
        connect_by_browser(hands, place)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()


def test_of_two_who_change_one_mapping_the_second_is_told_and_nothing_is_lost(
    place: Place, chromium: Browser
) -> None:
    address = place.connected("shared") + "standard"
    with somebody(chromium) as first, somebody(chromium) as second:
        become(first, place, "grace")
        become(second, place, "barbara")
        for hands in (first, second):
            hands.page.goto(address)
        choices = [hands.page.get_by_role("main").locator("select[id$='crm']") for hands in (first, second)]
        first_rule, second_rule = choices[0].nth(1), choices[1].nth(2)
        first_rule.select_option("never")
        first.press("Save")
        expect(first_rule).to_have_value("never")
        second_rule.select_option("if_empty")
        second.press("Save")
        told = second.page.get_by_role("alert")
        expect(told).to_contain_text("grace changed this mapping while you worked on it")
        second.look()
        expect(second_rule).to_have_value("if_empty")
        second.press("Save")
        expect(second.page.get_by_role("alert")).to_have_count(0)
        second.page.goto(address)
        expect(second_rule).to_have_value("if_empty")
        expect(choices[1].nth(1)).to_have_value("never")


def test_fields_that_do_not_fit_say_why_and_cannot_be_chosen_and_a_lost_system_is_told(
    place: Place, chromium: Browser
) -> None:
    address = place.connected("unfit") + "custom"
    with somebody(chromium) as hands:
        become(hands, place, "joan")
        hands.page.goto(address)
        hands.follow("Pair two fields")
        hands.page.get_by_role("main").get_by_role("listitem").get_by_role("button").first.click()
        unfit = hands.page.locator(".unfit").first
        expect(unfit).to_be_visible()
        expect(unfit.locator(".reason")).not_to_be_empty()
        assert unfit.evaluate(
            "each => each.closest('button, a') === null && !each.querySelector('button, a')"
        )
        hands.look()

        hands.page.goto(address)
        for system in place.sandbox.ready:
            place.sandbox.post(system, "faults", {"kind": "drop", "rate": 1})
        hands.press("Read the fields again")
        expect(hands.page.get_by_role("alert").first).to_contain_text("was lost")
        for system in place.sandbox.ready:
            place.sandbox.delete(system, "faults")
        hands.press("Try again")
        expect(hands.page.get_by_role("alert")).to_have_count(0)
