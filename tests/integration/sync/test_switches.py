"""Global synchronisation off: nothing but opt-outs goes to ActiveCampaign, nothing is lost. Initial synchronisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.mapping import CreationRule, FieldMapping, Policy, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
NAME = "demo"  # of the connection
ANA, EVA, KIM = "ana@example.org", "eva@example.org", "kim@example.org"
BOX, NEWS = "HasOptedOutOfEmail", "1"
INTO_ACTIVECAMPAIGN = ("PUT /contacts", "POST /contacts", "POST /import/bulk_import")
FIELDS = (*NAMES, FieldMapping(crm="Nickname__c", activecampaign="Nickname"))


def turn(both: TwoSystems, **switches: bool) -> None:
    from crosswalk.store import connections
    from crosswalk.store import switches as stored

    stored.turn(connections.get(NAME), **switches)
    both.reopen()


def linked(both: TwoSystems, **settings: Any) -> tuple[str, str]:
    """One settled pair, before the switch goes off."""
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, Nickname__c="Nana")
    both.connect(mapping_of(fields=FIELDS, settings=Settings(**settings)))
    both.sync()
    both.wait(60)
    return crm_id, both.contact(ANA)["id"]


def written(both: TwoSystems, marks: dict[str, int]) -> list[str]:
    """What went to ActiveCampaign."""
    return [route for route in both.routes_since(marks) if route.startswith(INTO_ACTIVECAMPAIGN)]


def paused(both: TwoSystems) -> list[tuple[str, str, str, str]]:
    return [(hold["kind"], hold["code"], hold["side"], hold["field"]) for hold in both.holds()]


PAUSED = ("paused", "CW-6020", "activecampaign", "")


def test_what_would_go_to_activecampaign_is_held_and_goes_when_the_switch_is_on_again(
    both: TwoSystems,
) -> None:
    crm_id, contact_id = linked(both)
    turn(both, global_sync=False)
    marks = both.marks()
    both.crm_edit("contact", crm_id, FirstName="Anna", Phone="+1 202 555 0101")
    both.contact_edit(contact_id, lastName="Lopez")
    both.crm_new(FirstName="Eva", Email=EVA)

    both.sync()
    both.sync()

    assert written(both, marks) == []
    assert both.crm("contact", crm_id)["LastName"] == "Lopez"  # the other direction goes on
    assert paused(both) == [PAUSED, PAUSED]  # one a link, however many fields
    assert both.rows("outbox") == both.rows("inbox") == []
    assert both.verify().unexcused == 0
    assert both.verify().excused["held"] == 3

    turn(both, global_sync=True)
    both.sync()

    assert (both.held(ANA, "firstName"), both.held(ANA, "phone")) == ("Anna", "+1 202 555 0101")
    assert both.contact(EVA)["firstName"] == "Eva"
    assert both.holds() == []
    assert both.assert_quiet().excused == {}


def test_an_idle_run_costs_no_call_more_while_something_is_paused(both: TwoSystems) -> None:
    crm_id, _contact_id = linked(both)
    idle = both.calls_of(both.sync)
    turn(both, global_sync=False)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    both.wait(60)

    assert both.calls_of(both.sync) == idle


def test_edits_on_both_sides_meanwhile_are_merged_when_the_switch_is_on_again(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, policy=Policy.NEWEST)
    turn(both, global_sync=False)
    both.crm_edit("contact", crm_id, FirstName="Older", Nickname__c="Nini")
    both.sync()
    both.wait(600)
    both.contact_edit(contact_id, firstName="Newer")
    both.sync()

    # the contact's edit is the newer one: it goes to the CRM, and only the nickname still waits
    assert both.crm("contact", crm_id)["FirstName"] == "Newer"
    assert both.held(ANA, "Nickname") == "Nana"
    assert paused(both) == [PAUSED]

    both.wait(600)
    both.contact_edit(contact_id, Nickname="Nono")
    both.crm_edit("contact", crm_id, Phone="+1 202 555 0101")
    both.sync()
    assert both.crm("contact", crm_id)["Nickname__c"] == "Nini"

    turn(both, global_sync=True)
    both.sync()

    assert both.held(ANA, "phone") == "+1 202 555 0101"
    nicknames = {both.held(ANA, "Nickname"), both.crm("contact", crm_id)["Nickname__c"]}
    assert len(nicknames) == 1
    assert both.assert_quiet().excused == {}


def test_what_is_decided_anew_meanwhile_is_decided_so_when_the_switch_is_on_again(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, policy=Policy.CRM)
    both.contact_set_values(contact_id, Nickname="Nono")  # nobody notices
    turn(both, global_sync=False)
    both.sync(plan=both.plan(applied={"contact": [both.name("Nickname__c")]}))
    assert both.held(ANA, "Nickname") == "Nono"
    assert paused(both) == [PAUSED]

    turn(both, global_sync=True)
    both.sync()

    assert both.held(ANA, "Nickname") == both.crm("contact", crm_id)["Nickname__c"] == "Nana"


def test_what_was_taken_back_meanwhile_leaves_nothing_to_send(both: TwoSystems) -> None:
    crm_id, _contact_id = linked(both)
    turn(both, global_sync=False)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    both.wait(60)
    both.crm_edit("contact", crm_id, FirstName="Ana")
    both.sync()
    assert both.holds() == []

    marks = both.marks()
    turn(both, global_sync=True)
    both.sync()
    assert written(both, marks) == []


def test_an_opt_out_goes_to_activecampaign_whatever_is_switched_off(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email=ANA)
    both.contact_new(ANA, lists={NEWS: 1})
    both.connect()
    both.sync()
    turn(both, global_sync=False)
    both.crm_edit("contact", crm_id, **{BOX: True})

    both.sync()

    assert both.contact(ANA)["lists"] == {NEWS: "2"}


def test_explain_says_what_a_field_waits_for(both: TwoSystems) -> None:
    crm_id, _contact_id = linked(both)
    turn(both, global_sync=False)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    for _before_and_after_the_run in range(2):
        (link,) = both.explain(Side.CRM, crm_id).links
        (field,) = [each for each in link.fields if each.activecampaign_field == "firstName"]
        assert "CW-6020" in (field.hold or "")
        assert f"crosswalk connection global {NAME} on" in (field.hold or "")
        both.sync()
    assert any("CW-6020" in each for each in link.holds)


def test_without_it_from_the_start_what_exists_is_carried_when_it_is_on_for_the_first_time(
    both: TwoSystems,
) -> None:
    both.crm_new(FirstName="Ana", Email=ANA)
    crm_id = both.crm_new(FirstName="Eva", Email=EVA)
    both.contact_new(EVA, phone="+1 202 555 0102")
    both.connect()
    turn(both, global_sync=False)
    marks = both.marks()
    assert both.plan().counts.get("create activecampaign contact", 0) == 0
    both.sync()
    both.sync()

    assert written(both, marks) == []
    assert both.crm("contact", crm_id)["Phone"] == "+1 202 555 0102"  # the other direction goes on
    assert both.contacts(ANA) == []
    assert both.verify().unexcused == 0

    turn(both, global_sync=True)
    both.sync()

    assert both.contact(ANA)["firstName"] == "Ana"
    assert both.contact(EVA)["firstName"] == "Eva"
    assert both.assert_quiet().excused == {}


def test_without_initial_synchronisation_only_what_is_edited_takes_part_until_it_is_asked_for(
    both: TwoSystems,
) -> None:
    both.crm_new(FirstName="Ana", Email=ANA)
    eva = both.crm_new(FirstName="Eva", Email=EVA)
    both.contact_new(ANA, phone="+1 202 555 0102")
    both.connect()
    turn(both, initial_sync=False)
    both.sync()
    assert both.links() == []
    assert both.verify().unexcused == 0

    both.wait(60)
    both.crm_edit("contact", eva, FirstName="Evi")
    both.crm_new(FirstName="Kim", Email=KIM)
    both.sync()
    assert (both.contact(EVA)["firstName"], both.contact(KIM)["firstName"]) == ("Evi", "Kim")
    assert both.contact(ANA)["firstName"] == ""

    turn(both, initial_sync=True)
    both.sync()
    assert both.contact(ANA)["firstName"] == "Ana"
    assert both.assert_quiet().excused == {}
    calls = both.calls_of(both.sync)[both.vendor]

    turn(both, initial_sync=False)
    turn(both, initial_sync=True)  # it happens once
    assert both.calls_of(both.sync)[both.vendor] == calls


def test_contacts_become_crm_records_while_nothing_goes_the_other_way(both: TwoSystems) -> None:
    linked(both, creation=CreationRule.ALL, creation_object="contact")
    turn(both, global_sync=False)
    both.contact_new(KIM, firstName="Kim", lastName="Ho")

    both.sync()

    assert [row["FirstName"] for row in both.crm_all() if row["Email"] == KIM] == ["Kim"]
    turn(both, global_sync=True)
    both.sync()
    assert both.assert_quiet().excused == {}


def test_equal_distances_begin_when_the_first_sync_is_finished(both: TwoSystems) -> None:
    from datetime import timedelta

    from crosswalk.core.schedule import Every, Schedule
    from crosswalk.jobs.running import run_connection
    from crosswalk.store import connections, schedules

    both.connect()
    connection = connections.get(NAME)
    schedules.save(connection, Schedule(times=Every(minutes=120)), both.clock.now())
    waits = run_connection(connection.id, both.vault, both.clock, both.opener)
    assert "approve the first sync" in waits
    both.wait(1800)

    both.sync()

    kept = schedules.of(connection)
    assert kept is not None
    assert kept.next_at <= both.clock.now() < kept.next_at + timedelta(seconds=2)
    both.sync()
    assert schedules.of(connection) == kept  # only the first one begins it
    schedules.remove(connection)
    assert "removed" in run_connection(connection.id, both.vault, both.clock, both.opener)
