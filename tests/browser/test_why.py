"""Holds, records, codes and the audit log in a real browser: accessible in every look, and usable by keyboard alone."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import Browser, expect
from tests.browser.looking import look_at, refusals
from tests.helpers.command_line import Installation
from tests.helpers.served import Visitor, add_connections, started

PASSWORD = "correct horse battery"
HELD = """
    WITH joined AS (
        INSERT INTO link (connection_id, object, crm_id, activecampaign_id, key, state, is_primary, crm_shadow,
            activecampaign_shadow, crm_unconfirmed, activecampaign_unconfirmed, selected, opened_at)
        SELECT id, 'lead', '00Q5g0000000001AAA', '7', 'a-rather-long-name@northwind-farming.example', 'open', true,
            '', '', '', '', true, now() FROM connection RETURNING id, connection_id),
    seen AS (
        INSERT INTO directory (tenant_id, object, record_id, key, stamp, digest, deleted)
        SELECT crm_id, 'lead', '00Q5g0000000001AAA', 'a-rather-long-name@northwind-farming.example', now(), '', false
        FROM connection)
    INSERT INTO hold (connection_id, link_id, side, object, record_id, field, kind, code, reason, cure, values,
        fingerprint, held_at)
    SELECT connection_id, id, 'crm', 'lead', '00Q5g0000000001AAA', field, 'conflict', 'CW-4001',
        'Both sides changed this field, and they differ.', 'Choose.',
        '{"crm": "Ana", "activecampaign": "Anna"}', '', now()
    FROM joined, (VALUES ('FirstName'), ('LastName')) AS f (field)
"""


def test_what_waits_and_why_is_read_and_decided_by_keyboard(
    chromium: Browser, crosswalk: Installation
) -> None:
    with started(crosswalk, "web") as served, chromium.new_context(reduced_motion="reduce") as context:
        Visitor(served).fill_in(urlsplit(served.link()).path, name="ada", password=PASSWORD)
        add_connections(crosswalk, "acme")
        assert crosswalk.database_url is not None
        with psycopg.connect(crosswalk.database_url, autocommit=True) as database:
            database.execute(HELD)
        page = context.new_page()
        refused = refusals(page)
        page.goto(f"{served.address()}sign-in")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

        page.goto(f"{served.address()}connections/1/holds")
        page.get_by_role("link", name="Choose which value counts").click()
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_text("Tick what you decide about.")).to_be_visible()
        look_at(page)
        page.get_by_role("checkbox", name="FirstName").focus()
        page.keyboard.press("Space")
        page.get_by_label("Try again as it is").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The next run tries one again.")).to_be_visible()
        page.get_by_role("link", name="a-rather-long-name").first.click()
        look_at(page)
        page.get_by_role("link", name="Everything about this record").click()
        expect(page.get_by_text("2 values are held")).to_be_visible()
        look_at(page)
        for path in ("connections/1/records?q=a-rather", "help/CW-4001", "audit"):
            page.goto(served.address() + path)
            look_at(page)
        expect(page.get_by_role("listitem").filter(has_text="Holds to be tried again")).to_be_visible()
        assert refused == []
