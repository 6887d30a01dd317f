"""The web in a real browser: the first start by keyboard, and every page accessible in every look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.helpers.command_line import Installation
from tests.helpers.served import Served, add_connections, started

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]
PASSWORD = "correct horse battery"


@pytest.fixture
def served(crosswalk: Installation) -> Iterator[Served]:
    with started(crosswalk, "web") as served:
        yield served


def violations(page: Page) -> list[Any]:
    """What axe finds, run under the page's own policy."""
    page.evaluate(AXE)
    found: list[Any] = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])"
    )
    return found


def look_at(page: Page) -> None:
    """Every width and colour: nothing that axe finds, nothing to scroll sideways for."""
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        assert violations(page) == [], (page.url, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)


def test_from_the_first_start_to_the_overview_and_every_page_is_accessible(
    served: Served, chromium: Browser, crosswalk: Installation
) -> None:
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        refused: list[str] = []

        def listen(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text:
                refused.append(message.text)

        page.on("console", listen)
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
        look_at(page)

        people.click()
        page.get_by_label("Name").fill("grace")
        page.get_by_label("acme").check()
        look_at(page)
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_text("Hand this link over")).to_be_visible()
        look_at(page)
        for path in ("users/2", "account", "nowhere"):
            page.goto(address + path)
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
