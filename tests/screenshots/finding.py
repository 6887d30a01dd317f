"""What a demo has of which there are pages: numbers for addresses."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page
from tests.acceptance.test_web import ROUTES
from tests.helpers.staying import Stays

Facts = dict[str, Any]
METHOD_NOT_ALLOWED = 405
CONNECTIONS = {"salesforce": 1, "dynamics": 2}  # in the order of the story


def pages() -> list[str]:
    """The routes that show something; others take what is sent and lead back."""
    return [name for name, (_address, _roles, status) in ROUTES.items() if status != METHOD_NOT_ALLOWED]


def facts_of(demo: Stays, chromium: Browser) -> Facts:
    """Look around in the demo, by commands and as its administrator."""
    with chromium.new_context(base_url=demo.address()) as context:
        page = context.new_page()
        sign_in(page, demo)
        return {**CONNECTIONS, **_people(page), **_hold(page)}


def sign_in(page: Page, demo: Stays) -> None:
    """Sign in as the administrator."""
    page.goto(f"{demo.address()}sign-in")
    page.get_by_label("Name").fill("administrator")
    page.get_by_label("Password").fill(demo.passwords()["administrator"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()


def _people(page: Page) -> Facts:
    """The person `user`, and a link with which they would choose a new password."""
    page.goto("users")
    page.get_by_role("link", name="user", exact=True).click()
    number = re.search(r"/users/(\d+)", page.url)
    assert number
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("code").filter(has_text="/link/").inner_text().rpartition("/")[2]
    return {"user": number[1], "link": link}


def _hold(page: Page) -> Facts:
    """A hold of the story, and its code."""
    page.goto(f"connections/{CONNECTIONS['dynamics']}/holds")
    hold = page.locator("main a[href*='/holds/']").first.get_attribute("href")
    code = page.locator("main a[href*='/help/']").first.get_attribute("href")
    assert hold
    assert code
    return {"hold": hold.partition("/holds/")[2], "code": code.rpartition("/")[2]}
