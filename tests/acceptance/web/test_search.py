"""Records in the browser: found by address or id, explained from what is stored, and read live when asked to."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from tests.acceptance.web.conftest import Site

SYNC = ("sync", "--connection", "sought")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A connection with links, and one of them."""

    site: Site
    number: int
    object: str
    crm_id: str
    contact_id: str
    key: str

    def path(self, more: str) -> str:
        return f"/connections/{self.number}/records{more}"


@pytest.fixture(scope="module")
def sought(site: Site) -> Sought:
    number = site.add("sought", mapped=True)
    site.sandbox.post(
        "salesforce",
        "person",
        {"op": "create", "object": "Lead", "values": {"LastName": "Addressless", "Company": "Example"}},
    )
    assert site.crosswalk(*SYNC, "--approve").code == 0
    row = site.database.execute(
        "SELECT l.object, l.crm_id, l.activecampaign_id, l.key FROM link l WHERE connection_id = %s"
        " AND state = 'open' AND is_primary AND NOT EXISTS (SELECT FROM hold h WHERE h.link_id = l.id)"
        " AND EXISTS (SELECT FROM journal j WHERE j.link_id = l.id) ORDER BY id LIMIT 1",
        [number],
    ).fetchone()
    assert row is not None
    site.show(number)
    object, crm_id, contact_id, key = row
    return Sought(site=site, number=number, object=object, crm_id=crm_id, contact_id=contact_id, key=key)


def test_a_record_is_found_by_the_beginning_of_its_address_and_by_either_id(sought: Sought) -> None:
    visitor = sought.site.visitor("user")
    assert "Look for a person" in visitor.get(sought.path("")).text
    for asked in (sought.key[:5].upper(), sought.key, sought.crm_id, sought.contact_id):
        page = visitor.get(sought.path(""), params={"q": asked}).text
        assert f"/records/crm/{sought.crm_id}" in page, asked
        assert "Equal" in page
    for nothing in ("%", "%%", "__", "nobody@nowhere.example"):
        assert (
            "No record that was read matches" in visitor.get(sought.path(""), params={"q": nothing}).text
            or len(nothing) < 2
        )


def test_a_record_says_how_it_stands_what_was_written_and_who_may_mail(sought: Sought) -> None:
    page = sought.site.visitor("user").get(sought.path(f"/crm/{sought.crm_id}")).text
    assert "Both sides are equal since" in page
    assert "As last known" in page
    assert re.search(r'<ins><span aria-hidden="true">\+</span> ', page)
    assert "May this person be mailed?" in page
    assert "Read both sides now" in page
    assert re.search(rf'href="http://[^"]+/{sought.crm_id}"[^>]*>Open in Salesforce', page)
    assert sought.site.visitor("user").get(sought.path("/nowhere/1")).status_code == 404
    unknown = sought.site.visitor("user").get(sought.path("/activecampaign/424242"))
    assert "has not read a record with this id" in unknown.text


def test_reading_both_sides_shows_what_would_be_decided_and_nothing_is_written(sought: Sought) -> None:
    site, visitor = sought.site, sought.site.visitor("user")
    before = site.one("SELECT count(*) FROM journal WHERE connection_id = %s", sought.number)
    site.sandbox.edit("salesforce", sought.object.capitalize(), sought.crm_id, FirstName="Renamed")
    assert "Renamed" not in visitor.get(sought.path(f"/crm/{sought.crm_id}")).text
    page = visitor.fill_in(sought.path(f"/activecampaign/{sought.contact_id}/read"))
    assert page.status_code == 200
    assert "Renamed" in page.text
    assert "Only this side changed." in page.text
    assert site.one("SELECT count(*) FROM journal WHERE connection_id = %s", sought.number) == before


def test_both_systems_can_be_asked_for_an_address_that_was_never_read(sought: Sought) -> None:
    site = sought.site
    site.sandbox.post(
        "activecampaign",
        "person",
        {"op": "create", "object": "contact", "values": {"email": "fresh@search.example.org"}},
    )
    visitor = site.visitor("user")
    asked = visitor.get(sought.path(""), params={"q": "fresh@search.example.org"}).text
    assert "No record that was read matches" in asked
    assert "Ask Salesforce and ActiveCampaign for this address" in asked
    found = visitor.fill_in(sought.path("/find"), q="fresh@search.example.org").text
    assert "/records/activecampaign/" in found.partition('id="live"')[2]


def test_a_name_is_asked_for_in_both_systems_and_one_that_is_away_does_not_hide_the_others(
    sought: Sought,
) -> None:
    site, visitor = sought.site, sought.site.visitor("user")
    for system, object, values in (
        ("salesforce", "Lead", {"FirstName": "Zoë", "LastName": "O'Überall", "Company": "Example"}),
        ("activecampaign", "contact", {"email": "zoe@search.example.org", "lastName": "O'Überall <b>"}),
    ):
        site.sandbox.post(system, "person", {"op": "create", "object": object, "values": values})
    calls = len(site.sandbox.get("salesforce", "log"))
    page = visitor.get(sought.path(""), params={"q": "o'überall"}).text
    assert "Ask Salesforce and ActiveCampaign for this name" in page
    assert len(site.sandbox.get("salesforce", "log")) == calls
    found = visitor.fill_in(sought.path("/find"), q="o'überall").text.partition('id="live"')[2]
    assert re.search(r"/records/crm/00Q\w{15}\">Zoë O&#x27;Überall</a>", found)
    assert re.search(r"/records/activecampaign/\d+\">O&#x27;Überall &lt;b&gt;</a>", found)
    assert "zoe@search.example.org" in found
    assert "No record that was read matches" not in found
    site.sandbox.post("salesforce", "faults", {"holding": "FROM Lead", "kind": "status", "status": 403})
    failed = visitor.fill_in(sought.path("/find"), q="o'überall").text.partition('id="live"')[2]
    site.sandbox.delete("salesforce", "faults")
    assert 'role="alert"' in failed
    assert "zoe@search.example.org" in failed
    nobody = visitor.fill_in(sought.path("/find"), q="nobody is called so").text
    assert "Neither system has a person of this name." in nobody


def test_a_record_that_takes_no_part_says_why(sought: Sought) -> None:
    site = sought.site
    row = site.database.execute(
        "SELECT record_id FROM directory d JOIN connection c ON c.crm_id = d.tenant_id WHERE c.id = %s"
        " AND skipped = 'no_email' AND NOT deleted LIMIT 1",
        [sought.number],
    ).fetchone()
    assert row is not None
    page = site.visitor("user").get(sought.path(f"/crm/{row[0]}")).text
    assert "It takes no part because it has no e-mail address." in page
