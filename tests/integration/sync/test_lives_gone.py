"""Contacts that are deleted, merged or anonymized in ActiveCampaign, and the tombstones that only a person lifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, ObjectMapping, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
ANA, BEA = "ana@example.org", "bea@example.org"


def resting(both: TwoSystems) -> list[tuple[str, str]]:
    from crosswalk.store import connections, tombstones

    return [(each.side, each.email) for each in tombstones.resting(connections.get("demo"))]


def lift(both: TwoSystems, *emails: str) -> tuple[int, int]:
    from crosswalk.store import connections, tombstones

    lifted = tombstones.lift(connections.get("demo"), emails, both.clock.now())
    return lifted.tombstones, lifted.records


def test_an_anonymized_contact_empties_nothing_and_is_not_made_again(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, Phone="+34 1")
    both.connect()
    both.sync()
    both.contact_anonymize(both.contact(ANA)["id"])
    both.sync()
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()

    row = both.crm("contact", crm_id)
    assert (row["FirstName"], row["Phone"], row["Email"]) == ("Anna", "+34 1", ANA)
    assert both.contacts(ANA) == []
    assert [link.closed_reason for link in both.links()] == ["deleted_activecampaign"]
    assert both.assert_quiet().excused == {"tombstone": 1}
    assert resting(both) == [("crm", ANA)]

    assert lift(both, ANA) == (1, 1)
    both.sync()
    assert both.contact(ANA)["firstName"] == "Anna"
    assert resting(both) == []
    assert [link.crm_id for link in both.links(state="open")] == [crm_id]
    both.assert_quiet()


def test_a_merged_contact_s_record_finds_the_one_that_has_its_address_now(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, Phone="+34 1")
    both.connect()
    both.sync()
    loser = both.contact(ANA)["id"]
    winner = both.contact_new("other@example.org", firstName="Ana")
    both.sync()
    both.contact_merge(winner, loser)
    both.contact_edit(winner, email=ANA)
    both.wait(60)
    both.crm_edit("contact", crm_id, Phone="+34 2")

    both.sync()
    both.sync()

    assert [(link.crm_id, link.activecampaign_id) for link in both.links(state="open")] == [(crm_id, winner)]
    assert both.contact(ANA)["phone"] == "+34 2"
    both.assert_quiet()


def test_a_merge_of_two_linked_contacts_leaves_both_crm_records(both: TwoSystems) -> None:
    """The address of the one that went is nobody's: its record rests until a person says otherwise."""
    first, second = both.crm_new(FirstName="Ana", Email=ANA), both.crm_new(FirstName="Bea", Email=BEA)
    both.connect()
    both.sync()
    both.contact_merge(both.contact(ANA)["id"], both.contact(BEA)["id"])
    both.wait(60)
    both.crm_edit("contact", second, Phone="+34 2")

    both.sync()

    assert [row["email"] for row in both.contacts()] == [ANA]
    assert [link.crm_id for link in both.links(state="open")] == [first]
    assert both.crm("contact", second)["Phone"] == "+34 2"
    assert resting(both) == [("crm", BEA)]
    both.assert_quiet()


def test_a_contact_whose_record_was_deleted_becomes_one_again_when_a_person_says_so(both: TwoSystems) -> None:
    crm_id = both.crm_new("lead", FirstName="Ana", Email=ANA)
    item = ObjectMapping(object="lead", fields=NAMES, creation_defaults={"Company": "none"})
    both.connect(mapping_of(item, settings=Settings(creation=CreationRule.ALL)))
    both.sync()
    both.crm_delete("lead", crm_id)
    both.sync()
    both.contact_edit(both.contact(ANA)["id"], firstName="Anna")
    both.sync()
    assert both.crm_all("lead") == []
    assert resting(both) == [("activecampaign", ANA)]

    assert lift(both, ANA) == (1, 1)
    both.sync()

    assert [row["FirstName"] for row in both.crm_all("lead")] == ["Anna"]
    assert resting(both) == []
    closed = both.explain(Side.ACTIVECAMPAIGN, both.contact(ANA)["id"]).links[-1]
    assert closed.closed_reason == "deleted_crm, lifted"
    both.assert_quiet()


def test_several_records_of_a_deleted_contact_all_rest(both: TwoSystems) -> None:
    both.crm_new("lead", FirstName="Lead", Email=ANA)
    both.crm_new(FirstName="Contact", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    contact = both.contact(ANA)["id"]
    both.contact_delete(contact)
    both.verify()  # finds it gone
    both.sync()

    assert {link.closed_reason for link in both.links()} == {"deleted_activecampaign"}
    assert both.assert_quiet().excused == {"tombstone": 2}
