"""What tests with a real browser look for on every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, expect

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]
# Only what is wrong is worked out, and no style sheet is fetched a second time: half of the time.
_RUN = """async () => (await axe.run({resultTypes: ["violations"], reporter: "no-passes", selectors: false,
  preload: false})).violations.map(each => [each.id, each.nodes.map(node => node.html)])"""
# Links within a sentence may be as small as its letters (WCAG 2.5.8); a box is as large as its label.
_SMALL = """
() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, textarea")]
  .filter(each => each.checkVisibility() && !each.matches(".skip, [aria-hidden=true]")
    && !(each.matches("a") && each.closest("p, td, th, dd, h2, h3")))
  .filter(each => [each, ...(each.labels ?? [])].map(target => target.getBoundingClientRect())
    .every(box => box.width < 24 || box.height < 24))
  .map(each => each.outerHTML.slice(0, 120))
"""


def violations(page: Page) -> list[Any]:
    """What axe finds, run under the page's own policy."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[Any] = page.evaluate(_RUN)
    return found


def look_at(page: Page) -> None:
    """Every width and colour: nothing that axe finds, nothing to scroll sideways for, nothing too small to press."""
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        found = violations(page)
        assert found == [], (page.url, width, scheme, found)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
        small = page.evaluate(_SMALL)
        assert small == [], (page.url, width, small)


def refusals(page: Page) -> list[str]:
    """What the page's policy refuses from now on; the list grows."""
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("console", listen)
    return refused
