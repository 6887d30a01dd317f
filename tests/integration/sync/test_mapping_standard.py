"""Standard pairs switched off, their fields paired with others, and switched on again; with either CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crosswalk.core.failures import UserError

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.sync.mapping_standard import StandardPairs

NAMES = {
    "salesforce": {"email": "Email", "first": "FirstName", "last": "LastName", "phone": "Phone"},
    "dynamics": {
        "email": "emailaddress1",
        "first": "firstname",
        "last": "lastname",
        "phone": "telephone1",
    },
}


@pytest.fixture(params=list(NAMES))
def world(request: pytest.FixtureRequest) -> tuple[TwoSystems, dict[str, str]]:
    systems: TwoSystems = request.getfixturevalue("both" if request.param == "salesforce" else "dynamics")
    return systems.connect(), NAMES[request.param]


def standard_of(both: TwoSystems) -> StandardPairs:
    from crosswalk.sync.mapping_edit import MappingEditor
    from crosswalk.sync.mapping_standard import StandardPairs

    return StandardPairs(MappingEditor("demo", both.vault, both.clock, both.opener), "contact")


def pair(both: TwoSystems, crm: str, contact: str) -> None:
    from crosswalk.sync.mapping_edit import MappingEditor, Rules

    MappingEditor("demo", both.vault, both.clock, both.opener).add("contact", crm, contact, Rules())


def states(pairs: StandardPairs) -> dict[str, str]:
    return {each.crm: each.state.value for each in pairs.all()}


def contact_of(both: TwoSystems) -> dict[str, Any]:
    (contact,) = both.systems["activecampaign"].dump()["contact"]
    return contact


def test_a_field_that_is_switched_off_goes_elsewhere_and_comes_back(
    world: tuple[TwoSystems, dict[str, str]],
) -> None:
    both, names = world
    both.crm_new("contact", **{names["email"]: "ana@example.org", names["last"]: "Ruiz"})
    pairs = standard_of(both)
    assert states(pairs)[names["last"]] == "on"

    pairs.off(names["last"])
    assert states(pairs)[names["last"]] == "off"
    pair(both, names["last"], "%NICKNAME%")
    assert states(pairs)[names["last"]] == "elsewhere"
    both.reopen()
    both.sync(plan=both.plan())
    contact = contact_of(both)
    assert (contact["lastName"], contact["fields"]["NICKNAME"]) == ("", "Ruiz")

    (gone,) = pairs.on(names["last"])
    assert gone.crm == names["last"]
    assert states(pairs)[names["last"]] == "on"
    both.reopen()
    both.sync(plan=both.plan())
    contact = contact_of(both)
    assert (contact["lastName"], contact["fields"]["NICKNAME"]) == ("Ruiz", "Ruiz")


def test_what_took_the_place_of_either_field_is_undone(world: tuple[TwoSystems, dict[str, str]]) -> None:
    both, names = world
    pairs = standard_of(both)
    pairs.off(names["first"])
    pairs.off(names["phone"])
    pair(both, names["first"], "%NICKNAME%")
    pair(both, names["phone"], "firstName")

    gone = pairs.on(names["first"])

    assert {each.crm for each in gone} == {names["first"], names["phone"]}
    assert (states(pairs)[names["first"]], states(pairs)[names["phone"]]) == ("on", "off")


def test_a_pair_that_is_on_keeps_its_rules(world: tuple[TwoSystems, dict[str, str]]) -> None:
    from crosswalk.sync.mapping_edit import MappingEditor, Rules

    both, names = world
    editor = MappingEditor("demo", both.vault, both.clock, both.opener)
    changed = editor.change("contact", names["phone"], Rules(blanks=False))

    assert standard_of(both).on(names["phone"]) == []

    assert any(changed in item.fields for item in editor.mapping().objects)


@pytest.mark.parametrize("what", ["email", "account"])
def test_the_email_and_the_account_are_not_switched(
    world: tuple[TwoSystems, dict[str, str]], what: str
) -> None:
    both, names = world
    account = {"Email": "AccountId", "emailaddress1": "parentcustomerid"}[names["email"]]
    with pytest.raises(UserError) as refused:
        standard_of(both).off(names["email"] if what == "email" else account)
    assert "must be mapped" in str(refused.value) or names["phone"] in (refused.value.cure or "")
