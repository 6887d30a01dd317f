"""Records that are merged, deleted and restored in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
ANA, BEA = "ana@example.org", "bea@example.org"


def test_the_loser_s_link_joins_the_winner_s_and_its_contact_stays(both: TwoSystems) -> None:
    winner = both.crm_new(FirstName="Ana", Email=ANA)
    loser = both.crm_new(FirstName="Bea", Email=BEA)
    both.connect(mapping_of(*both_objects(), settings=Settings(creation=CreationRule.ALL)))
    both.sync()
    both.contact_edit(both.contact(ANA)["id"], phone="+34 1")
    both.crm_merge("contact", winner, loser, FirstName="Bea")

    both.sync()

    (kept,) = both.links(state="open")
    (closed,) = both.links(state="closed")
    assert (kept.crm_id, closed.crm_id) == (winner, loser)
    assert (closed.closed_reason, closed.joined_id) == ("merged", kept.id)
    assert both.crm("contact", winner)["Phone"] == "+34 1"
    assert both.contact(ANA)["firstName"] == "Bea"
    assert len(both.contacts()) == 2  # nothing is deleted in ActiveCampaign
    both.contact_edit(both.contact(BEA)["id"], phone="+34 2")
    both.assert_quiet()  # and nothing is made again in the CRM
    written = {row["record_id"] for row in both.explain(Side.CRM, winner).links[0].journal}
    assert {winner, both.contact(BEA)["id"]} <= written


@pytest.mark.parametrize("sweep_all", [False, True], ids=["by the feed", "by the sweep"])
def test_a_loser_that_shows_long_after_its_winner_gives_way(salesforce: TwoSystems, sweep_all: bool) -> None:
    """Until then it is a record like any other.

    With its old stamp it is behind the feed by now: the sweep finds that it is gone, and the CRM tells no more of it.
    """
    both = salesforce
    winner = both.crm_new(FirstName="Ana", Email=ANA)
    loser = both.crm_new(FirstName="Bea", Email=BEA)
    both.connect(mapping_of(*both_objects(), settings=Settings(creation=CreationRule.ALL)))
    both.sync()
    both.wait(60)
    store = both.systems["salesforce"].system.org.store  # type: ignore[attr-defined]
    before = dict(store["Contact"].rows[loser])
    both.crm_merge("contact", winner, loser, FirstName="Bea")
    merged = dict(store["Contact"].rows[loser])
    store.put("Contact", before)
    both.sync()
    both.wait(1800)
    both.sync()
    assert [link.crm_id for link in both.links(state="open")] == [winner, loser]
    assert both.contact(ANA)["firstName"] == "Bea"

    if not sweep_all:
        both.crm_edit("contact", winner, Phone="+34 1")
        merged["SystemModstamp"] = store["Contact"].rows[winner]["SystemModstamp"]
    store.put("Contact", merged)
    both.sync(sweep_all=sweep_all)

    (kept,) = both.links(state="open")
    (closed,) = both.links(state="closed")
    assert (kept.crm_id, closed.crm_id) == (winner, loser)
    became = ("deleted_crm", None) if sweep_all else ("merged", kept.id)
    assert (closed.closed_reason, closed.joined_id) == became
    both.contact_edit(both.contact(BEA)["id"], phone="+34 2")
    both.assert_quiet()  # the loser's contact is nobody's: nothing is made again, nothing written
    assert len(both.contacts()) == 2


@pytest.mark.parametrize("loser_leads", [True, False])
def test_of_two_that_shared_a_contact_the_winner_goes_on(both: TwoSystems, loser_leads: bool) -> None:
    first = both.crm_new(FirstName="First", Email=ANA)
    both.wait(2)
    second = both.crm_new(FirstName="Second", Email=ANA)
    both.connect()
    both.sync()
    winner, loser = (second, first) if loser_leads else (first, second)
    both.crm_merge("contact", winner, loser)

    both.sync()

    assert [(link.crm_id, link.is_primary) for link in both.links(state="open")] == [(winner, True)]
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.sync()
    assert both.crm("contact", winner)["Phone"] == "+34 2"
    assert both.contact(ANA)["firstName"] == both.crm("contact", winner)["FirstName"]
    both.assert_quiet()


def test_a_winner_without_link_takes_the_loser_s_with_all_that_it_knows(both: TwoSystems) -> None:
    winner = both.crm_new(FirstName="Ana")
    loser = both.crm_new(FirstName="Ana", Email=ANA, Phone="+34 1")
    both.connect()
    both.sync()
    (link,) = both.links()
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.crm_merge("contact", winner, loser, Email=ANA, Phone="+34 1")

    both.sync()

    (moved,) = both.links()
    assert (moved.id, moved.crm_id, moved.state) == (link.id, winner, "open")
    assert both.crm("contact", winner)["Phone"] == "+34 2" == both.contact(ANA)["phone"]
    both.assert_quiet()


def test_a_chain_of_merges_and_a_conversion_is_followed_to_its_end(both: TwoSystems) -> None:
    first, second, third = (both.crm_new("lead", FirstName=f"L{n}", Email=ANA) for n in range(3))
    both.connect(mapping_of(*both_objects()))
    both.sync()
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.crm_merge("lead", second, first)
    both.crm_merge("lead", third, second)
    contact = both.crm_convert(third)

    both.sync()

    assert [(link.object, link.crm_id) for link in both.links(state="open")] == [("contact", contact)]
    assert {link.closed_reason for link in both.links(state="closed")} == {"converted"}
    assert len(both.contacts()) == 1
    assert both.explain(Side.CRM, first).links[0].closed_reason == "converted"
    both.assert_quiet()


def test_a_record_that_is_merged_just_before_a_write_to_it_is_followed(both: TwoSystems) -> None:
    """It is gone when it is to be written; the feed tells a run later what it became."""
    winner = both.crm_new(FirstName="Ana")
    loser = both.crm_new(FirstName="Ana", Email=ANA, Phone="+34 1")
    both.connect(mapping_of(settings=Settings(creation=CreationRule.ALL, creation_object="contact")))
    both.sync()
    both.wait(120)
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    values = {"Email": ANA, "Phone": "+34 1", "FirstName": "Anna"}
    both.at_guard("contact", lambda: both.crm_merge("contact", winner, loser, **values))

    both.sync()
    both.sync()

    assert both.crm("contact", winner)["Phone"] == "+34 2" == both.contact(ANA)["phone"]
    assert both.contact(ANA)["firstName"] == "Anna"
    assert [(link.crm_id, link.activecampaign_id) for link in both.links(state="open")] == [
        (winner, both.contact(ANA)["id"])
    ]
    assert len(both.crm_all()) == 1
    both.assert_quiet()


@pytest.mark.parametrize("renamed", [False, True])
def test_a_restored_record_has_its_own_link_again(salesforce: TwoSystems, renamed: bool) -> None:
    """What the contact became meanwhile travels, as after a long pause; the CRM's tombstone hinders nothing."""
    crm_id = salesforce.crm_new("lead", FirstName="Ana", Email=ANA, Phone="+34 1")
    salesforce.connect(mapping_of(*both_objects(), settings=Settings(creation=CreationRule.ALL)))
    salesforce.sync()
    (link,) = salesforce.links()
    contact = salesforce.contact(ANA)["id"]
    salesforce.crm_delete("lead", crm_id)
    salesforce.sync()
    assert salesforce.rows("tombstone") != []
    salesforce.contact_edit(contact, phone="+34 2", **({"email": BEA} if renamed else {}))
    salesforce.sync()
    assert salesforce.crm_all("lead") == []

    salesforce.wait(600)
    salesforce.crm_undelete("lead", crm_id)
    salesforce.crm_edit("lead", crm_id, FirstName="Anna")
    salesforce.sync()

    (again,) = salesforce.links()
    assert (again.id, again.state, again.closed_reason) == (link.id, "open", None)
    now = salesforce.contact(BEA if renamed else ANA)
    assert (now["id"], now["firstName"], now["phone"]) == (contact, "Anna", "+34 2")
    lead = salesforce.crm("lead", crm_id)
    assert (lead["Phone"], lead["Email"]) == ("+34 2", now["email"])
    assert salesforce.rows("tombstone") == []
    salesforce.assert_quiet()


def test_a_record_restored_after_another_took_its_place_stands_back(salesforce: TwoSystems) -> None:
    old = salesforce.crm_new(FirstName="Old", Email=ANA)
    salesforce.connect()
    salesforce.sync()
    salesforce.crm_delete("contact", old)
    anew = salesforce.crm_new(FirstName="New", Email=ANA)
    salesforce.sync()
    salesforce.crm_undelete("contact", old)

    salesforce.sync()

    assert {link.crm_id: link.is_primary for link in salesforce.links(state="open")} == {
        old: False,
        anew: True,
    }
    assert salesforce.contact(ANA)["firstName"] == "New"
    salesforce.assert_quiet()
