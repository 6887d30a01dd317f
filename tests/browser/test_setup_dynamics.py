"""The whole set-up with Dynamics 365 in a real browser, from the first link to a first sync that is done."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, expect
from tests.browser.setting_up import (
    MOST,
    Hands,
    Keys,
    Place,
    become_first,
    begin,
    connect_activecampaign,
    plan_and_apply,
    running_place,
    somebody,
    system,
)


@pytest.fixture(scope="module")
def place(
    database_server: tuple[str, psycopg.Connection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with running_place(database_server, tmp_path_factory.mktemp("dynamics"), "dynamics") as place:
        yield place


def connect_by_secret(hands: Hands, place: Place) -> None:
    part = system(hands, "Dynamics 365")
    for label, name in (
        ("Environment URL", "url"),
        ("Directory (tenant) ID", "tenant"),
        ("Application (client) ID", "client_id"),
        ("Client secret", "client_secret"),
        ("Address of Microsoft Entra ID", "authority"),
    ):
        hands.fill(label, place.credential("dynamics", name), part)
    hands.press("Authorize", part)


def choose_data(hands: Hands) -> None:
    """Pass by the users, turn all objects on, and keep what is proposed for how often."""
    page = hands.page
    expect(page.get_by_role("heading", name="User management")).to_be_visible()
    hands.look()
    hands.follow("Go on")
    expect(page.get_by_role("heading", name="Data configuration")).to_be_visible()
    hands.look()
    for switch in page.get_by_label(re.compile("^Synchronise ")).all():
        hands.tick(switch)
    hands.press("Save and go on")
    expect(page.get_by_role("heading", name="Sync configuration")).to_be_visible()
    hands.look()
    hands.press("Save and go on")


def test_from_the_first_link_to_a_first_sync_that_is_done(place: Place, chromium: Browser) -> None:
    with somebody(chromium, Keys, looks=True) as hands:
        become_first(hands, place)
        begin(hands)
        hands.press("Connect Dynamics 365")
        hands.look()
        hands.press("It is all there: go on")
        connect_activecampaign(hands, place)
        connect_by_secret(hands, place)
        expect(hands.page.get_by_text("Both systems are connected.")).to_be_visible()
        hands.look()
        hands.follow("Go on")
        choose_data(hands)
        plan_and_apply(hands, place)
        assert hands.interactions <= MOST
