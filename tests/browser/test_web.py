"""The web in a real browser: the first start by keyboard, and what somebody prefers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.looking import look_at, refusals
from tests.helpers.command_line import Installation
from tests.helpers.served import Served, add_connections, started

PASSWORD = "correct horse battery"


@pytest.fixture
def served(crosswalk: Installation) -> Iterator[Served]:
    with started(crosswalk, "web") as served:
        yield served


def test_from_the_first_start_to_the_overview_in_ones_own_language_and_colours(
    served: Served, chromium: Browser, crosswalk: Installation
) -> None:
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        refused = refusals(page)
        address = served.address()
        page.goto(f"{address}sign-in")
        expect(page.get_by_role("status")).to_contain_text("There is no administrator yet")
        look_at(page)

        page.goto(served.link())
        look_at(page)
        page.keyboard.press("Tab")
        expect(page.get_by_text("To the content")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("ada")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("There is no connection yet")).to_be_visible()
        look_at(page)

        people = page.get_by_role("link", name="People")
        people.focus()
        add_connections(crosswalk, "acme")
        expect(page.get_by_role("heading", name="acme")).to_be_visible(timeout=30_000)
        expect(people).to_be_focused()  # the page renewed a part of itself

        people.click()
        page.get_by_label("Name").fill("grace")
        page.get_by_label("acme").check()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_text("Hand this link over")).to_be_visible()
        look_at(page)
        page.goto(f"{address}account")
        page.get_by_label("Colours").select_option("dark")
        page.get_by_label("Language").select_option("es")
        page.get_by_role("button", name="Keep").click()
        page.emulate_media(color_scheme="light")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.get_by_role("link", name="Resumen").click()
        expect(page.get_by_text("Todavía no hay campos")).to_be_visible()
        page.get_by_role("button", name="Cerrar sesión").click()
        expect(page.get_by_role("heading", name="Iniciar sesión en Crosswalk")).to_be_visible()
        assert refused == []
