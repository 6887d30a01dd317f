"""What a demo has of which there are pages: numbers for addresses."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import Browser, Page
from tests.acceptance.conftest import MAPPING
from tests.acceptance.test_web import ROUTES
from tests.helpers.command_line import Installation
from tests.helpers.staying import Stays

Facts = dict[str, Any]
METHOD_NOT_ALLOWED = 405
MAPPING_DYNAMICS = MAPPING.with_name("demo_mapping_dynamics.json")
MINUTE = 60_000  # milliseconds
CONNECTIONS = {"salesforce": 1, "dynamics": 2}  # in the order of the story


def pages() -> list[str]:
    """The routes that show something; others take what is sent and lead back."""
    return [name for name, (_address, _roles, status) in ROUTES.items() if status != METHOD_NOT_ALLOWED]


def facts_of(demo: Stays, chromium: Browser) -> Facts:
    """Look around in the demo as its administrator, and begin what there are pages about."""
    with chromium.new_context(base_url=demo.address()) as context:
        page = context.new_page()
        sign_in(page, demo)
        return {
            **CONNECTIONS,
            **_people(page),
            **_hold(page),
            **_run(page),
            **_drafts(page),
            **_plan(demo, page),
        }


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


def _run(page: Page) -> Facts:
    """A run that wrote something, and a record to which it did."""
    page.goto(f"connections/{CONNECTIONS['salesforce']}/runs?wrote=1")
    page.locator("main a.row-name").first.click()
    page.get_by_role("heading", name="What it wrote").wait_for()
    run = page.url.rpartition("/")[2]
    found = page.locator("main h3 a[href*='/records/']").first
    record, email = found.get_attribute("href"), found.inner_text()
    assert record
    return {"run": run, "record": record.partition("/records/")[2], "email": email}


def _drafts(page: Page) -> Facts:
    """Set-ups that were begun."""
    found = {}
    for crm, title in (("salesforce", "Salesforce"), ("dynamics", "Dynamics 365")):
        page.goto("connections/new")
        page.get_by_role("button", name=f"Connect {title}").click()
        number = re.search(r"/set-up/(\d+)", page.url)
        assert number
        found[f"{crm}_draft"] = number[1]
    return found


def _plan(demo: Stays, page: Page) -> Facts:
    """Two connections before their first sync: a plan of one, and one of the other that is being made, slowly."""
    free = _free(demo)
    playing = Installation(home=demo.home(), database_url=None)
    for name, crm, mapping in (("acme", "salesforce", MAPPING), ("northwind", "dynamics", MAPPING_DYNAMICS)):
        given = json.dumps({system: free[system] for system in ("activecampaign", crm)})
        assert playing("connection", "add", name, "--credentials", "-", stdin=given).code == 0
        assert playing("mapping", "set", name, str(mapping)).code == 0
    plans, others = (f"{demo.address()}connections/{number}/plans" for number in (3, 4))
    page.goto(plans)
    page.get_by_role("button", name="Make a plan").click()
    page.wait_for_url("**/plans/*", timeout=MINUTE)
    plan = page.url
    httpx2.post(_faults(demo), json={"kind": "delay", "seconds": 20, "rate": 1}, trust_env=False)
    page.goto(others)
    page.get_by_role("button", name="Make a plan").click()
    page.get_by_role("progressbar").wait_for(timeout=MINUTE)
    return {"plans": path_of(plans), "plan": path_of(plan), "task": path_of(page.url)}


def hurry(demo: Stays) -> None:
    """Let what is being done slowly come to its end."""
    httpx2.delete(_faults(demo), trust_env=False)


def _free(demo: Stays) -> dict[str, dict[str, str]]:
    """The systems that a visitor may connect."""
    found: dict[str, dict[str, str]] = json.loads((demo.home() / "demo.json").read_text(encoding="utf-8"))
    return found


def _faults(demo: Stays) -> str:
    return f"{_free(demo)['activecampaign']['url']}/_sandbox/faults"


def path_of(url: str) -> str:
    """An address without the host."""
    return urlsplit(url).path
