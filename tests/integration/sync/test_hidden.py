"""Dataverse shows a column as empty from the moment on that somebody hides it, also in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import DYNAMICS_NAMES, mapping_of

from crosswalk.core.mapping import FieldMapping, Policy, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.with_dynamics import WithDynamics

ANA = "ana@example.org"
PHONE = "+34 600 000 001"
CONTACTS = "GET /api/data/v9.2/contacts"
PARTNER = FieldMapping(crm="new_partner", activecampaign="Partner")


@pytest.fixture
def ana(dynamics: WithDynamics) -> str:
    """Linked and settled, with a phone and a box that is ticked."""
    found = dynamics.crm_new(emailaddress1=ANA, firstname="Ana", telephone1=PHONE, new_partner=True)
    dynamics.connect(mapping_of(fields=(*DYNAMICS_NAMES, PARTNER)))
    dynamics.sync()
    dynamics.sync()
    dynamics.reopen()
    return found


def hide(dynamics: WithDynamics, *columns: str) -> Callable[[], None]:
    """What an admin does who takes programs the right to see columns; none: who gives it back."""
    return lambda: dynamics.crm_rules(secured={f"contact.{name}": "none" for name in columns})


def test_a_column_that_is_hidden_in_mid_run_empties_nothing(dynamics: WithDynamics, ana: str) -> None:
    dynamics.crm_edit("contact", ana, firstname="Anna")
    dynamics.wire.once(CONTACTS, hide(dynamics, "telephone1", "new_partner"))
    dynamics.sync()
    assert dynamics.held(ANA, "firstName") == "Anna"
    assert dynamics.held(ANA, "phone") == PHONE
    assert dynamics.held(ANA, "Partner") not in (None, "")
    assert {hold["kind"] for hold in dynamics.holds()} == {"unreadable"}

    dynamics.reopen()
    dynamics.sync()
    assert dynamics.held(ANA, "phone") == PHONE
    dynamics.crm_edit("contact", ana, telephone1="+34 600 000 002")
    hide(dynamics)()
    dynamics.reopen()
    dynamics.sync()
    assert dynamics.held(ANA, "phone") == "+34 600 000 002"
    assert dynamics.holds() == []
    dynamics.assert_quiet()


def test_what_was_read_as_empty_before_the_connection_was_opened_is_read_again(
    dynamics: WithDynamics, ana: str
) -> None:
    dynamics.crm_edit("contact", ana, firstname="Anna")
    dynamics.wire.once(CONTACTS, hide(dynamics, "telephone1"))
    dynamics.plan()  # what it read stays in the inbox
    hide(dynamics)()
    dynamics.reopen()
    dynamics.sync()
    assert dynamics.held(ANA, "firstName") == "Anna"
    assert dynamics.held(ANA, "phone") == PHONE
    assert dynamics.holds() == []
    dynamics.assert_quiet()


def test_a_column_that_is_hidden_just_before_a_write_is_no_conflict(dynamics: WithDynamics, ana: str) -> None:
    fields = (*DYNAMICS_NAMES, PARTNER)
    dynamics.set_mapping(mapping_of(fields=fields, settings=Settings(policy=Policy.CRM)))
    dynamics.contact_edit(dynamics.contact(ANA)["id"], phone="+34 600 000 009")
    dynamics.wire.once_where(
        lambda route, request: route == CONTACTS and b"filter" in request.url.query,
        hide(dynamics, "telephone1"),
    )
    dynamics.sync()
    assert dynamics.held(ANA, "phone") == "+34 600 000 009"
    assert dynamics.crm("contact", ana)["telephone1"] == PHONE
    hide(dynamics)()
    dynamics.reopen()
    dynamics.sync()
    assert dynamics.held(ANA, "phone") == "+34 600 000 009"
    assert dynamics.crm("contact", ana)["telephone1"] == "+34 600 000 009"
    dynamics.assert_quiet()


def test_what_somebody_emptied_travels_for_one_more_look_at_the_columns(
    dynamics: WithDynamics, ana: str
) -> None:
    others = [dynamics.crm_new(emailaddress1=f"a{n}@example.org", telephone1=f"+34 7{n}") for n in range(3)]
    dynamics.sync()
    dynamics.sync()
    assert dynamics.calls_of(dynamics.sync)["dynamics"] == 1
    dynamics.crm_edit("contact", ana, telephone1="+34 600 000 002")
    assert dynamics.calls_of(dynamics.sync)["dynamics"] == 1
    dynamics.sync()
    look = dynamics.calls_of(lambda: dynamics.context().systems[Side.CRM].describe("contact"))["dynamics"]
    for each in (ana, *others):
        dynamics.crm_edit("contact", each, telephone1=None, new_partner=False)
    assert dynamics.calls_of(dynamics.sync)["dynamics"] == 1 + look
    assert [row["phone"] for row in dynamics.contacts()] == [""] * 4
    dynamics.assert_quiet()


def test_a_hidden_column_is_not_settled_as_empty_by_a_rule(dynamics: WithDynamics) -> None:
    """Else its value would be news when it is shown again, and win over what the contact has got meanwhile."""
    pair = FieldMapping(crm="telephone1", activecampaign="phone", blanks=False)
    dynamics.crm_new(emailaddress1=ANA, telephone1=PHONE)
    dynamics.connect(mapping_of(fields=(DYNAMICS_NAMES[0], DYNAMICS_NAMES[1], DYNAMICS_NAMES[2], pair)))
    dynamics.sync()
    dynamics.sync()
    dynamics.reopen()
    dynamics.crm_edit("contact", dynamics.crm_found(ANA)["contactid"], firstname="Anna")
    dynamics.wire.once(CONTACTS, hide(dynamics, "telephone1"))
    dynamics.sync()
    hide(dynamics)()
    dynamics.contact_edit(dynamics.contact(ANA)["id"], phone="+34 600 000 009")
    dynamics.reopen()
    dynamics.sync()
    assert dynamics.crm_found(ANA)["telephone1"] == "+34 600 000 009"
    dynamics.assert_quiet()
