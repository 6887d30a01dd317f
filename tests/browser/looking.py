"""What tests with a real browser look for on every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, expect

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]


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


def refusals(page: Page) -> list[str]:
    """What the page's policy refuses from now on; the list grows."""
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("console", listen)
    return refused
