"""The whole set-up of both CRMs in a real browser, by mouse and by keyboard, consent pages included."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.place import Place
from tests.browser.setting_up import MOST, Walked, become, somebody


@pytest.fixture(params=["salesforce", "dynamics"])
def walked(request: pytest.FixtureRequest) -> Walked:
    found: Walked = request.getfixturevalue(request.param)
    return found


def test_from_a_link_to_a_first_sync_that_is_done(walked: Walked, place: Place) -> None:
    assert walked.interactions <= MOST
    runs = place.ask("SELECT state FROM run WHERE connection_id = %s ORDER BY id", walked.number)
    assert runs[:2] == [("tried",), ("done",)]
    schedule = place.crosswalk("schedule", "show", walked.name, "--json").data["schedule"]
    assert schedule is not None


def test_of_two_who_change_one_mapping_the_second_is_told_and_nothing_is_lost(
    place: Place, chromium: Browser
) -> None:
    address = place.mapped("shared") + "set-up/mapping/lead/standard"
    with somebody(chromium) as first, somebody(chromium) as second:
        become(first, place, "mary")
        become(second, place, "barbara")
        for hands in (first, second):
            hands.page.goto(address)
        choices = [
            hands.page.get_by_role("main").locator("select[name$='to_crm']") for hands in (first, second)
        ]
        first_rule, second_rule = choices[0].nth(1), choices[1].nth(2)
        first_rule.select_option("never")
        first.press("Save")
        expect(first_rule).to_have_value("never")
        second_rule.select_option("if_empty")
        second.press("Save")
        told = second.page.get_by_role("alert")
        expect(told).to_contain_text("mary changed this mapping while you worked on it")
        second.look()
        expect(second_rule).to_have_value("if_empty")
        second.press("Save")
        expect(second.page.get_by_role("alert")).to_have_count(0)
        second.page.goto(address)
        expect(second_rule).to_have_value("if_empty")
        expect(choices[1].nth(1)).to_have_value("never")
