"""Mistakes and lost systems at each step of a set-up, in a real browser: told where they are, nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, expect
from tests.browser.place import Place
from tests.browser.setting_up import (
    VENDORS,
    WORK,
    Hands,
    become,
    begin,
    connect_activecampaign,
    sign_in,
    sign_in_at,
    somebody,
    system,
)

LOST = {"kind": "drop"}
REFUSED = {"kind": "status", "status": 401}
CLOSED = {"kind": "status", "status": 503, "headers": {"retry-after": "0"}}


@pytest.fixture(scope="module")
def hands(place: Place, chromium: Browser) -> Iterator[Hands]:
    with somebody(chromium) as hands:
        become(hands, place, "joan")
        yield hands


@pytest.fixture(scope="module")
def pages(place: Place) -> dict[str, str]:
    """The addresses of a connection of each CRM; both systems are signed in to, and Salesforce's fields are paired."""
    return {"salesforce": place.mapped("wrong"), "dynamics": place.connected("wrong-dynamics", "dynamics")}


def alert(hands: Hands) -> Locator:
    return hands.page.get_by_role("main").get_by_role("alert")


@pytest.mark.parametrize("crm", list(VENDORS))
def test_a_wrong_key_a_lost_system_and_a_denied_consent_are_told_and_another_browser_goes_on(
    crm: str, place: Place, chromium: Browser
) -> None:
    with somebody(chromium) as hands:
        become(hands, place, f"mistaken-{crm}")
        begin(hands, crm)
        part = system(hands, "ActiveCampaign")
        address = place.credential("activecampaign", "url")
        hands.fill("API URL or account name", address, part)
        hands.fill("API key", "not the key", part)
        hands.press("Authorize", part)
        expect(part.get_by_role("alert")).to_contain_text("key")
        expect(part.get_by_label("API URL or account name")).to_have_value(address)
        expect(part.get_by_label("API key")).to_have_value("")
        hands.look()

        with place.ailing(**LOST):
            hands.fill("API key", place.credential("activecampaign", "key"), part)
            hands.press("Authorize", part)
            expect(part.get_by_role("alert")).to_contain_text("ActiveCampaign")
        expect(part.get_by_label("API URL or account name")).to_have_value(address)
        connect_activecampaign(hands, place)

        sign_in_at(hands, place, crm, allows=False)
        part = system(hands, VENDORS[crm].title)
        expect(part.get_by_role("alert")).to_be_visible()
        for label, name in VENDORS[crm].entries.items():
            kept = "" if name == "client_secret" else place.credential(crm, name)
            expect(part.get_by_label(label)).to_have_value(kept)
        hands.look()
        draft = urlsplit(hands.page.url).path.removesuffix("/connect")

    with somebody(chromium) as hands:  # the first browser is closed
        sign_in(hands, place, f"mistaken-{crm}")
        hands.click(hands.page.locator(f"main a[href='{draft}']"))
        expect(system(hands, "ActiveCampaign").get_by_text("Connected")).to_be_visible()
        sign_in_at(hands, place, crm)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()


def test_fields_that_do_not_fit_say_why_and_cannot_be_chosen_and_a_lost_system_is_told(
    place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    address = f"{pages['salesforce']}set-up/mapping/lead/custom"
    hands.page.goto(address)
    hands.follow("Pair two fields")
    hands.page.get_by_role("main").get_by_role("listitem").get_by_role("button").first.click()
    unfit = hands.page.locator(".unfit").first
    expect(unfit).to_be_visible()
    expect(unfit.locator(".reason")).not_to_be_empty()
    assert unfit.evaluate("each => each.closest('button, a') === null && !each.querySelector('button, a')")
    hands.look()

    hands.page.goto(address)
    with place.ailing(**LOST):
        hands.press("Read the fields again")
        expect(alert(hands).first).to_contain_text("was lost")
    hands.press("Try again")
    expect(alert(hands)).to_have_count(0)


def test_criteria_that_cannot_be_are_told_beside_the_value_which_has_the_focus_and_nothing_is_saved(
    place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    before = place.stored("wrong")
    hands.page.goto(f"{pages['salesforce']}set-up/selection/lead?kind=criteria")
    hands.page.get_by_label("Field", exact=True).select_option("Score__c")
    hands.press("Add")
    value = hands.page.get_by_label("Score: value")
    value.fill("many")
    hands.press("Save")
    expect(hands.page.locator(".criteria-error")).to_contain_text("Give a number such as 12.5.")
    expect(value).to_have_attribute("aria-invalid", "true")
    expect(value).to_be_focused()
    expect(value).to_have_value("many")
    hands.look()
    with place.ailing(**CLOSED):
        value.fill("5")
        hands.press("Count the records")
        expect(alert(hands)).to_contain_text("Salesforce is not available")
    expect(value).to_have_value("5")
    assert place.stored("wrong") == before


@pytest.mark.parametrize(("crm", "step"), [("salesforce", "records"), ("dynamics", "sync")])
def test_a_schedule_that_cannot_be_is_told_beside_its_fields_and_nothing_is_saved(
    crm: str, step: str, place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    name = pages[crm].split("/")[-2]
    ((name,),) = place.ask("SELECT name FROM connection WHERE id = %s", int(name))
    before, page = place.stored(name), hands.page
    page.goto(f"{pages[crm]}set-up/{step}")
    page.get_by_label("Once a day").check()
    page.get_by_label("from", exact=True).fill("22:00")
    page.get_by_label("Those with a tag").check()
    hands.press("Save and go on")
    summary = alert(hands)
    expect(summary).to_be_focused()
    for label, told in (
        ("Time of day", "Give a time of day, such as 03:30."),
        ("until", "Give both times, or none."),
        ("Tag", "Name the tag."),
    ):
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_accessible_description(re.compile(re.escape(told)))
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("from", exact=True)).to_have_value("22:00")
    expect(page.get_by_label("Those with a tag")).to_be_checked()
    hands.look()
    page.keyboard.press("Tab")  # the summary leads to the first of them
    page.keyboard.press("Enter")
    expect(page.get_by_label("Time of day", exact=True)).to_be_focused()

    page.get_by_text("More: times of your own").click()
    page.get_by_label("At times of your own").check()
    page.get_by_label("Cron text").fill("every day")
    hands.press("Save and go on")
    expect(page.get_by_label("Cron text")).to_have_accessible_description(re.compile("has not five fields"))
    expect(page.get_by_label("Cron text")).to_have_value("every day")
    assert place.stored(name) == before


def test_a_lost_system_in_the_data_configuration_is_told_beside_each_object_and_choices_stay(
    place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    before, page = place.stored("wrong-dynamics"), hands.page
    page.goto(f"{pages['dynamics']}set-up/data")
    page.get_by_label("Synchronise Leads").uncheck()
    with place.ailing(**CLOSED):
        hands.press("Save and go on")
        expect(system(hands, "Contacts").get_by_role("alert")).to_contain_text("is not available")
    expect(page.get_by_label("Synchronise Leads")).not_to_be_checked()
    expect(page.get_by_label("Synchronise Contacts")).to_be_checked()
    hands.look()
    assert place.stored("wrong-dynamics") == before


def test_a_lost_system_while_users_are_searched_for_is_told_and_the_search_stays(
    place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    hands.page.goto(f"{pages['dynamics']}set-up/users")
    search = hands.page.get_by_role("searchbox")
    with place.ailing(**CLOSED):
        search.fill("ada")
        hands.press("Search")
        expect(alert(hands)).to_contain_text("is not available")
    expect(search).to_have_value("ada")


def test_a_system_that_is_lost_before_the_plan_is_told_and_trying_again_makes_it(
    place: Place, hands: Hands, pages: dict[str, str]
) -> None:
    hands.page.goto(f"{pages['salesforce']}plans")
    for button, fault, told in (
        ("Make a plan", REFUSED, "The API key was refused"),
        ("Try again", CLOSED, "is not available"),
        ("Try again", LOST, "was lost"),
    ):
        with place.ailing(**fault):
            hands.press(button)
            expect(alert(hands)).to_contain_text(told, timeout=WORK)
    hands.look()
    hands.press("Try again")
    expect(hands.page.get_by_role("heading", name=re.compile("^Plan [0-9]+"))).to_be_visible(timeout=WORK)
