"""Somebody syncs in a real browser, and watches."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect
from tests.acceptance.conftest import MAPPING
from tests.browser.looking import look_at, refusals
from tests.helpers.command_line import Installation, running_sandbox
from tests.helpers.served import started
from tests.helpers.workers import working

PASSWORD = "correct horse battery"


def test_sync_now_is_watched_without_losing_the_place_and_leads_on_to_what_it_wrote(
    chromium: Browser, crosswalk: Installation
) -> None:
    with running_sandbox(12, "salesforce") as sandbox:
        credentials = json.dumps({name: sandbox.ready[name] for name in ("activecampaign", "salesforce")})
        assert crosswalk("connection", "add", "acme", "--credentials", "-", stdin=credentials).code == 0
        assert crosswalk("mapping", "set", "acme", str(MAPPING)).code == 0
        assert crosswalk("sync", "--approve").code == 0
        for lead in sandbox.leads():
            sandbox.edit("salesforce", "Lead", lead["Id"], FirstName="Edited")
        slow = {"kind": "delay", "seconds": 1.0, "route": "PUT *", "times": 100}
        sandbox.post("activecampaign", "faults", slow)
        with started(crosswalk, "web") as served, chromium.new_context(reduced_motion="reduce") as context:
            page = context.new_page()
            refused = refusals(page)
            page.goto(served.link())
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="acme")).to_be_visible()
            page.goto(f"{served.address()}connections/1/")
            page.get_by_role("button", name="Sync now").press("Enter")
            expect(page.get_by_text("No worker is at work")).to_be_visible()
            look_at(page)
            stop = page.get_by_role("button", name="Stop safely")
            stop.focus()
            with working(crosswalk):
                expect(page.get_by_text("Updating records in ActiveCampaign")).to_be_visible(timeout=60_000)
                expect(page.get_by_text("Calls so far")).to_be_visible(timeout=60_000)
                expect(stop).to_be_focused()  # the page renewed a part of itself
                look_at(page)
                expect(page.get_by_role("heading", name="What it wrote")).to_be_visible(timeout=60_000)
                expect(page.get_by_role("deletion").first).to_be_visible()
                look_at(page)
                page.get_by_role("link", name="Runs").click()
                expect(page.get_by_role("link", name="Run 2")).to_be_visible()
                look_at(page)
            assert refused == []
