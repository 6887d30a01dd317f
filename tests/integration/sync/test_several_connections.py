"""Connections that share an org, an account, or both: each has its own sightings and its own opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.mapping import FieldMapping, ObjectMapping

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

FIRST = FieldMapping(crm="FirstName", activecampaign="firstName")
PHONE = FieldMapping(crm="Phone", activecampaign="phone")
JOB = FieldMapping(crm="Title", activecampaign="Job title")


def two(both: TwoSystems) -> tuple[str, str]:
    """Two connections of the same tenants: one syncs names, the other phones and jobs."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Phone="+34 0", Title="Boss")
    both.connect(mapping_of(fields=(EMAIL, FIRST)), "names")
    both.connect(mapping_of(fields=(EMAIL, PHONE, JOB)), "phones")
    settle(both)
    both.wait(10)
    return crm_id, both.contact("ana@example.org")["id"]


def settle(both: TwoSystems) -> None:
    for name in ("names", "phones"):
        both.sync(name)


def test_each_syncs_its_own_fields(both: TwoSystems) -> None:
    crm_id, contact_id = two(both)
    contact = both.contact("ana@example.org")
    assert (contact["firstName"], contact["phone"]) == ("Ana", "+34 0")
    assert both.held("ana@example.org", "Job title") == "Boss"

    both.crm_edit("contact", crm_id, FirstName="Anna", Title="Director")
    both.contact_edit(contact_id, phone="+34 1")
    settle(both)

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.held("ana@example.org", "Job title") == "Director"
    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    settle(both)
    both.assert_quiet("names")
    both.assert_quiet("phones")


def test_feeds_are_read_once_and_not_from_the_start_by_turns(both: TwoSystems) -> None:
    two(both)
    settle(both)
    settle(both)
    marks = both.marks()

    settle(both)

    assert sorted(both.routes_since(marks)) == ["GET /contacts"] * 2 + ["GET /queryAll"] * 2
    assert all("updated_after" in asked or "SystemModstamp" in asked for asked in both.queries_since(marks))
    for number in range(3):
        assert both.sync("names").counts == {}, number
        assert both.sync("phones").counts == {}, number
    assert both.verify("names").unexcused == 0


def test_what_one_run_reads_the_other_connection_gets_too(both: TwoSystems) -> None:
    """Also what it reads by id before a write, and what it finds by e-mail."""
    crm_id, contact_id = two(both)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.wire.once("GET /api/3/contacts", lambda: both.contact_edit(contact_id, phone="+34 1"), after=True)

    both.sync("names")
    both.sync("phones")

    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    settle(both)
    both.assert_quiet("names")
    both.assert_quiet("phones")


def test_a_deletion_that_one_finds_reaches_the_other(both: TwoSystems) -> None:
    crm_id, contact_id = two(both)
    both.contact_delete(contact_id)
    both.crm_edit("contact", crm_id, FirstName="Anna")

    settle(both)

    for name in ("names", "phones"):
        assert [link.closed_reason for link in both.links(name)] == ["deleted_activecampaign"], name
        both.assert_quiet(name)
    assert both.contacts() == []


def test_an_object_that_only_one_of_them_maps_waits_in_nobodys_inbox(both: TwoSystems) -> None:
    both.crm_new("lead", FirstName="Ben", Email="ben@example.org")
    contacts, leads = both_objects(NAMES)
    both.connect(mapping_of(contacts), "names")
    both.connect(mapping_of(leads), "phones")
    both.sync("phones")
    both.sync("names")

    assert both.waiting("names") == 0
    assert both.contact("ben@example.org")["firstName"] == "Ben"
    both.assert_quiet("names")
    both.assert_quiet("phones")


def test_a_connection_that_joins_later_sees_everything_that_was_there(both: TwoSystems) -> None:
    """With the very fields that are read already."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.contact_new("ana@example.org", firstName="Ana")
    both.connect(mapping_of(), "names")
    both.sync("names")

    both.connect(mapping_of(), "phones")
    both.sync("phones")

    assert [link.crm_id for link in both.links("phones")] == [crm_id]
    both.assert_quiet("names")
    both.assert_quiet("phones")


def test_removing_one_leaves_the_other(both: TwoSystems) -> None:
    crm_id, contact_id = two(both)
    both.crm_edit("contact", crm_id, Phone="+34 1")
    both.remove("names")
    both.contact_edit(contact_id, **{"Job title": "Director"})

    both.sync("phones")

    assert both.contact("ana@example.org")["phone"] == "+34 1"
    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet("phones")
    both.remove("phones")
    assert both.rows("tenant") == both.rows("directory") == both.rows("link") == both.rows("feed") == []
    assert both.rows("consent") == both.rows("link_consent") == both.rows("consent_evidence") == []


def test_one_account_may_serve_two_orgs(both: TwoSystems) -> None:
    other_org = both.second_org()
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    other_org.person("Contact", "create", values={"LastName": "Berg", "Email": "ben@example.org"})
    both.connect(mapping_of(), "names")
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES)), "phones", org="second")

    settle(both)

    assert sorted(row["email"] for row in both.contacts()) == ["ana@example.org", "ben@example.org"]
    settle(both)
    both.assert_quiet("names")
    both.assert_quiet("phones")
    assert {row["Email"] for row in both.crm_all()} == {"ana@example.org"}


def test_an_opt_out_in_one_org_reaches_the_other(both: TwoSystems) -> None:
    """Through the contact that both share; the second run finds it opted out, though it read nothing new."""
    other_org = both.second_org()
    crm_id = both.crm_new(Email="ana@example.org")
    other_org.person("Contact", "create", values={"LastName": "Ruiz", "Email": "ana@example.org"})
    both.contact_new("ana@example.org", lastName="Ruiz", lists={"Newsletter": 1})
    both.connect(mapping_of(), "names")
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES)), "phones", org="second")
    settle(both)
    both.crm_edit("contact", crm_id, HasOptedOutOfEmail=True)

    both.sync("names")
    assert both.sync("phones").counts == {"crm opt_out": 1}

    assert both.contact("ana@example.org")["lists"] == {"1": "2"}
    (row,) = other_org.dump()["Contact"]
    assert row["HasOptedOutOfEmail"] is True
    both.assert_quiet("names")
    both.assert_quiet("phones")
