"""Writes to Dynamics 365 that meet a person, a closed lead or a lost answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from tests.helpers.dataverse import batch_answer, part
from tests.helpers.mappings import DYNAMICS_NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, Settings

if TYPE_CHECKING:
    from tests.helpers.with_dynamics import WithDynamics

ANA = "ana@example.org"
BATCH = "POST /api/data/v9.2/$batch"


def linked(dynamics: WithDynamics, object: str = "contact") -> tuple[str, str]:
    """One linked pair; the ids of both records."""
    crm_id = dynamics.crm_new(object, emailaddress1=ANA, firstname="Ana")
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    dynamics.connect(mapping_of(*both_objects(DYNAMICS_NAMES), settings=settings))
    dynamics.sync()
    dynamics.sync()
    return crm_id, str(dynamics.contact(ANA)["id"])


def test_a_persons_edit_after_the_last_reading_is_not_overwritten(dynamics: WithDynamics) -> None:
    crm_id, contact_id = linked(dynamics)
    dynamics.contact_edit(contact_id, phone="+34 600 000 010")
    dynamics.wait(30)
    seen: list[bytes] = []

    def edit(route: str, request: httpx2.Request) -> None:
        if route == BATCH and b"PATCH" in request.content:
            if not seen:
                dynamics.crm_edit("contact", crm_id, telephone1="+34 600 000 020")
            seen.append(request.content)

    dynamics.wire.before.append(edit)
    dynamics.sync()
    assert dynamics.crm("contact", crm_id)["telephone1"] == "+34 600 000 020"
    assert len(seen) == 1
    dynamics.sync()
    assert dynamics.held(ANA, "phone") == "+34 600 000 020"
    dynamics.assert_quiet()


def test_a_create_whose_answer_is_lost_is_repeated_and_makes_one_record(dynamics: WithDynamics) -> None:
    linked(dynamics)
    dynamics.contact_new("new@example.org", firstName="New", lastName="Diaz")
    lose(dynamics, times=1)
    assert dynamics.sync().counts == {"crm create": 1}
    made = dynamics.crm_found("new@example.org")
    assert made["lastname"] == "Diaz"
    assert made["contactid"] in {link.crm_id for link in dynamics.links()}
    dynamics.assert_quiet()


def test_a_create_in_doubt_is_looked_for_before_anything_is_sent_again(dynamics: WithDynamics) -> None:
    linked(dynamics)
    dynamics.contact_new("new@example.org", firstName="New", lastName="Diaz")
    lose(dynamics, times=5)  # as often as it is tried
    assert dynamics.sync().counts == {"crm create": 1}
    assert dynamics.crm_found("new@example.org")["lastname"] == "Diaz"
    dynamics.assert_quiet()


def lose(dynamics: WithDynamics, *, times: int) -> None:
    """Break the connection behind the effect of the next creates."""
    lost: list[str] = []

    def drop(route: str, request: httpx2.Request) -> None:
        if route == BATCH and b"POST /api" in request.content and len(lost) < times:
            lost.append(route)
            raise httpx2.RemoteProtocolError("disconnected without an answer")

    dynamics.wire.after.append(drop)


def test_a_lead_that_was_closed_keeps_what_it_holds_until_it_is_opened_again(dynamics: WithDynamics) -> None:
    crm_id, contact_id = linked(dynamics, "lead")
    dynamics.crm_act("lead", "disqualify", crm_id)
    dynamics.sync()
    dynamics.contact_edit(contact_id, phone="+34 600 000 011")
    dynamics.sync()
    (hold,) = dynamics.holds()
    assert "Reactivate the lead" in hold["cure"]
    assert dynamics.sync().counts == {}
    dynamics.crm_act("lead", "reactivate", crm_id)
    dynamics.retry()
    dynamics.sync()
    assert dynamics.crm("lead", crm_id)["telephone1"] == "+34 600 000 011"
    dynamics.assert_quiet()


def test_a_deleted_record_is_not_made_again_by_an_update(dynamics: WithDynamics) -> None:
    crm_id, contact_id = linked(dynamics)
    dynamics.contact_edit(contact_id, phone="+34 600 000 012")
    dynamics.wait(30)
    dynamics.wire.once("$batch", lambda: dynamics.crm_delete("contact", crm_id))
    dynamics.sync()
    assert dynamics.crm_all() == []
    assert [link.closed_reason for link in dynamics.links(crm_id=crm_id)] == ["deleted_crm"]
    dynamics.assert_quiet()


def test_a_value_that_another_record_has_is_held_and_not_tried_again(dynamics: WithDynamics) -> None:
    linked(dynamics)
    dynamics.contact_new("new@example.org", firstName="New", lastName="Diaz")
    taken = {
        "error": {"code": "0x80060892", "message": "A record that has the attribute values exists already."}
    }
    tried: list[bytes] = []

    def refuse(route: str, request: httpx2.Request) -> httpx2.Response | None:
        if route != BATCH or b"POST /api" not in request.content:
            return None
        tried.append(request.content)
        return batch_answer(part(412, taken))

    dynamics.wire.before.append(refuse)
    dynamics.sync()
    dynamics.sync()
    assert len(tried) == 1
    (hold,) = dynamics.holds()
    assert "already holds this value" in hold["cure"]


def test_a_lead_that_is_qualified_just_before_a_write_passes_it_on(dynamics: WithDynamics) -> None:
    lead, contact_id = linked(dynamics, "lead")
    (link,) = dynamics.links()
    dynamics.contact_edit(contact_id, phone="+34 600 000 013")
    dynamics.wire.once("GET /api/3/contacts", lambda: dynamics.crm_convert(lead), after=True)
    dynamics.sync()
    dynamics.sync()
    (contact,) = dynamics.crm_all("contact")
    assert contact["telephone1"] == "+34 600 000 013"
    assert [(each.id, each.crm_id) for each in dynamics.links()] == [(link.id, contact["contactid"])]
    dynamics.assert_quiet()
