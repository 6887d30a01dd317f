"""Dynamics 365 and ActiveCampaign through the whole pipeline, both ways."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.helpers.mappings import DYNAMICS_NAMES, both_objects, mapping_of

from crosswalk.core.mapping import Brake, Brakes, CreationRule, Settings

if TYPE_CHECKING:
    import httpx2
    from tests.helpers.with_dynamics import WithDynamics


def test_both_systems_are_equal_after_a_life_on_both_sides(dynamics: WithDynamics) -> None:
    ana = dynamics.crm_new(emailaddress1="Ana@Example.org", firstname="Ana", telephone1="+34 600 000 001")
    bo = dynamics.crm_new("lead", emailaddress1="bo@example.org", firstname="Bo", subject="Fair")
    gone = dynamics.crm_new(emailaddress1="gone@example.org")
    dynamics.crm_new(firstname="Nobody")  # without an address
    dynamics.contact_new("ana@example.org", lastName="Ruiz")
    settings = Settings(creation=CreationRule.TAGGED, creation_tag="to crm", creation_object="lead")
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES), settings=settings))

    dynamics.sync()
    assert dynamics.held("ana@example.org", "firstName") == "Ana"
    assert dynamics.held("bo@example.org", "firstName") == "Bo"
    assert len(dynamics.contacts()) == 3
    dynamics.assert_quiet()

    dynamics.crm_edit("contact", ana, telephone1="+34 600 000 002")
    dynamics.contact_edit(dynamics.contact("bo@example.org")["id"], firstName="Bodil")
    dynamics.crm_new(emailaddress1="new@example.org", firstname="New")
    made = dynamics.contact_new("lead@example.org", firstName="Lea", lastName="Diaz")
    dynamics.contact_tag(made, "to crm")
    dynamics.crm_delete("contact", gone)
    result = dynamics.sync()
    assert result.counts == {
        "activecampaign update": 1,
        "activecampaign create": 1,
        "crm update": 1,
        "crm create": 1,
    }
    assert dynamics.held("ana@example.org", "phone") == "+34 600 000 002"
    assert dynamics.crm("lead", bo)["firstname"] == "Bodil"
    assert dynamics.held("new@example.org", "firstName") == "New"
    assert dynamics.crm_found("lead@example.org", "lead")["lastname"] == "Diaz"
    assert [link.closed_reason for link in dynamics.links(crm_id=gone)] == ["deleted_crm"]
    assert dynamics.contacts("gone@example.org") != []
    dynamics.assert_quiet()

    contact = dynamics.crm_convert(bo)
    dynamics.sync()
    (link,) = dynamics.links(crm_id=contact)
    assert link.object == "contact"
    assert link.state == "open"
    dynamics.contact_edit(dynamics.contact("bo@example.org")["id"], lastName="Berg")
    dynamics.sync()
    assert dynamics.crm("contact", contact)["lastname"] == "Berg"
    found = dynamics.assert_quiet()
    assert found.compared > 0


def test_a_lost_position_leads_to_a_complete_compare(dynamics: WithDynamics) -> None:
    gone = dynamics.crm_new(emailaddress1="gone@example.org")
    kept = dynamics.crm_new(emailaddress1="kept@example.org", firstname="Kit")
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES), settings=Settings(sweep_share=0)))
    dynamics.sync()
    dynamics.crm_delete("contact", gone)
    dynamics.crm_edit("contact", kept, firstname="Kitty")
    dynamics.wait(8 * 86_400)  # a position lasts a week
    dynamics.sync()
    assert dynamics.held("kept@example.org", "firstName") == "Kitty"
    assert [link.closed_reason for link in dynamics.links(crm_id=gone)] == ["deleted_crm"]
    assert dynamics.contacts("gone@example.org") != []
    dynamics.assert_quiet()


def test_an_idle_run_asks_each_table_once(dynamics: WithDynamics) -> None:
    dynamics.crm_new(emailaddress1="ana@example.org")
    dynamics.connect()
    dynamics.sync()
    dynamics.sync()
    assert dynamics.calls_of(dynamics.sync)["dynamics"] == 2


def test_a_sweep_goes_by_the_time_of_creation(dynamics: WithDynamics) -> None:
    gone = [dynamics.crm_new(emailaddress1=f"gone{number}@example.org") for number in range(3)]
    dynamics.crm_new(emailaddress1="kept@example.org")
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES)))
    dynamics.sync()
    for each in gone:
        dynamics.crm_lose("contact", each)
    dynamics.sync()
    assert [link.state for link in dynamics.links()] == ["open"] * 4
    dynamics.sync(sweep_all=True)
    assert sorted(link.crm_id or "" for link in dynamics.links(state="closed")) == sorted(gone)


def test_either_box_is_an_opt_out_and_we_tick_the_one_for_mass_mail(dynamics: WithDynamics) -> None:
    left = dynamics.crm_new(emailaddress1="left@example.org")
    asked = dynamics.crm_new(emailaddress1="asked@example.org")
    dynamics.contact_new("left@example.org", lastName="Ruiz", lists={"1": 2})
    dynamics.contact_new("asked@example.org", lastName="Ruiz", lists={"1": 1})
    dynamics.connect()
    dynamics.sync()
    assert dynamics.crm("contact", left)["donotbulkemail"] is True
    assert dynamics.crm("contact", left)["donotemail"] is False
    assert dynamics.contact("asked@example.org")["lists"] == {"1": "1"}
    dynamics.crm_edit("contact", asked, donotemail=True)
    dynamics.sync()
    assert dynamics.contact("asked@example.org")["lists"] == {"1": "2"}
    dynamics.assert_quiet()


def test_an_opt_out_that_a_plug_in_refuses_is_held_and_tried_more_and_more_rarely(
    dynamics: WithDynamics,
) -> None:
    crm_id = dynamics.crm_new(emailaddress1="left@example.org")
    dynamics.contact_new("left@example.org", lastName="Ruiz", lists={"1": 2})
    environment = dynamics.systems["dynamics"].system
    refusal = {"object": "contact", "message": "Ask legal first.", "by": "api"}
    environment.set_rules({"refusals": [refusal]})  # type: ignore[attr-defined]
    dynamics.connect()
    tried: list[int] = []
    began = dynamics.clock.now()

    def hear(route: str, request: httpx2.Request) -> None:
        if route.endswith("$batch") and b"PATCH" in request.content:
            tried.append((dynamics.clock.now() - began) // timedelta(hours=1))

    dynamics.wire.before.append(hear)
    for _ in range(9):
        dynamics.sync()
        dynamics.wait(3600)
    assert (tried[:3], len(tried)) == ([0, 1, 3], 4)
    (hold,) = dynamics.held_now()
    assert (hold.kind, hold.side, hold.reason) == ("consent", "crm", "Ask legal first.")

    environment.set_rules(None)  # type: ignore[attr-defined]
    dynamics.retry()
    dynamics.sync()

    assert dynamics.crm("contact", crm_id)["donotbulkemail"] is True
    assert dynamics.held_now() == []
    dynamics.assert_quiet()


def test_who_subscribes_again_has_both_boxes_unchecked_where_an_admin_wants_it(
    dynamics: WithDynamics,
) -> None:
    asked = dynamics.crm_new(emailaddress1="asked@example.org", donotemail=True, donotbulkemail=True)
    contact = dynamics.contact_new("asked@example.org", lastName="Ruiz", lists={"1": 2})
    settings = Settings(uncheck_opt_out=True)
    dynamics.wire.may_uncheck = True
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES), settings=settings))
    dynamics.sync()
    dynamics.contact_edit(contact, lists={"1": 1})
    dynamics.wait(400)  # after which a change of lists is looked for
    dynamics.sync()
    found = dynamics.crm("contact", asked)
    assert (found["donotemail"], found["donotbulkemail"]) == (False, False)
    dynamics.sync()
    assert dynamics.contact("asked@example.org")["lists"] == {"1": "1"}


def test_a_reactivated_lead_leaves_the_link_with_its_contact(dynamics: WithDynamics) -> None:
    lead = dynamics.crm_new("lead", emailaddress1="bo@example.org", firstname="Bo", subject="Fair")
    dynamics.connect()
    dynamics.sync()
    contact = dynamics.crm_convert(lead)
    dynamics.sync()
    dynamics.crm_act("lead", "reactivate", lead)
    dynamics.sync()
    dynamics.contact_edit(dynamics.contact("bo@example.org")["id"], firstName="Bodil")
    dynamics.sync()
    assert dynamics.crm("contact", contact)["firstname"] == "Bodil"
    assert dynamics.crm("lead", lead)["firstname"] == "Bo"
    dynamics.assert_quiet()


def test_a_lead_that_is_qualified_without_a_contact_loses_its_link(dynamics: WithDynamics) -> None:
    lead = dynamics.crm_new("lead", emailaddress1="bo@example.org", subject="Fair")
    dynamics.connect()
    dynamics.sync()
    dynamics.crm_act("lead", "qualify", lead, CreateContact=False)
    dynamics.sync()
    (link,) = dynamics.links(crm_id=lead)
    assert link.state == "closed"
    assert dynamics.contacts("bo@example.org") != []
    dynamics.assert_quiet()


def test_a_deactivated_contact_is_synced_like_any_other(dynamics: WithDynamics) -> None:
    ana = dynamics.crm_new(emailaddress1="ana@example.org", firstname="Ana")
    dynamics.connect()
    dynamics.sync()
    dynamics.crm_act("contact", "deactivate", ana)
    dynamics.contact_edit(dynamics.contact("ana@example.org")["id"], firstName="Anna")
    dynamics.sync()
    assert dynamics.crm("contact", ana)["firstname"] == "Anna"
    dynamics.assert_quiet()


def test_many_changes_take_few_calls(dynamics: WithDynamics) -> None:
    for number in range(120):
        dynamics.crm_new(emailaddress1=f"a{number}@example.org")
    brake = Brake(number=1000, percent=100)
    settings = Settings(brakes=Brakes(changes=brake, deletes=brake, emptied=brake))
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES), settings=settings))
    dynamics.sync()
    dynamics.sync()
    phones = {
        row["id"]: {"phone": f"+34 600 000 {number:03d}"} for number, row in enumerate(dynamics.contacts())
    }
    dynamics.contacts_edit_all(phones)
    calls = dynamics.calls_of(dynamics.sync)
    assert calls["dynamics"] == 2 + 1 + 2  # the feeds, what is to be written, the writes
    assert {row["telephone1"] for row in dynamics.crm_all()} == {each["phone"] for each in phones.values()}


def test_what_was_held_while_a_column_was_hidden_travels_when_it_is_shown_again(
    dynamics: WithDynamics,
) -> None:
    ana = dynamics.crm_new(emailaddress1="ana@example.org", telephone1="+34 600 000 001")
    dynamics.connect()
    dynamics.sync()
    dynamics.crm_rules(secured={"contact.telephone1": "none"})
    dynamics.reopen()
    dynamics.crm_edit("contact", ana, firstname="Ana", telephone1="+34 600 000 002")
    dynamics.sync()
    assert dynamics.held("ana@example.org", "firstName") == "Ana"
    assert dynamics.held("ana@example.org", "phone") == "+34 600 000 001"
    dynamics.sync()
    assert [hold["kind"] for hold in dynamics.holds()] == ["unreadable"]
    dynamics.crm_rules(secured={})
    dynamics.reopen()
    dynamics.sync()
    assert dynamics.held("ana@example.org", "phone") == "+34 600 000 002"
    assert dynamics.holds() == []
    dynamics.assert_quiet()
