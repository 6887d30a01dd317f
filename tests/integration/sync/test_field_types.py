"""Fields of different types, synced: what is typed on one side is meant, kept or held as docs/field-types.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import FieldMapping, UpdateRule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"


def linked(
    both: TwoSystems, crm: str, contact: str, to_crm: UpdateRule = UpdateRule.ALWAYS, **values: object
) -> tuple[str, str]:
    """A synced record with one more pair of fields; its ids."""
    crm_id = both.crm_new(FirstName="Ana", Email=ANA, **values)
    pair = FieldMapping(crm=crm, activecampaign=contact, to_crm=to_crm)
    both.connect(mapping_of(fields=(*NAMES, pair)))
    both.sync()
    both.wait(10)
    return crm_id, both.contact(ANA)["id"]


def test_an_amount_is_meant_as_it_is_typed_and_keeps_its_spelling(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, "Annual_Budget__c", "Nickname", Annual_Budget__c=99)
    assert both.held(ANA, "Nickname") == "99.00"
    both.contact_edit(contact_id, Nickname="1.234,56 €")
    both.sync()
    assert both.crm("contact", crm_id)["Annual_Budget__c"] == 1234.56
    assert both.held(ANA, "Nickname") == "1.234,56 €"
    both.assert_quiet()

    both.crm_edit("contact", crm_id, Annual_Budget__c=2000.5)
    both.sync()
    assert both.held(ANA, "Nickname") == "2000.50"
    both.assert_quiet()


def test_an_amount_that_may_be_two_numbers_is_held_until_somebody_says_which(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, "Annual_Budget__c", "Nickname", Annual_Budget__c=99)
    both.contact_edit(contact_id, Nickname="1,234")
    both.sync()
    assert both.crm("contact", crm_id)["Annual_Budget__c"] == 99
    (hold,) = both.holds()
    assert "two different numbers" in hold["reason"]
    assert both.assert_quiet().excused == {"held": 1}

    both.contact_edit(contact_id, Nickname="1,234.00")
    both.sync()
    assert both.crm("contact", crm_id)["Annual_Budget__c"] == 1234
    assert both.holds() == []


def test_yes_in_a_text_is_true_and_nothing_is_neither(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, "Partner__c", "Nickname")
    assert both.held(ANA, "Nickname") == "false"
    both.contact_edit(contact_id, Nickname="YES")
    both.sync()
    assert both.crm("contact", crm_id)["Partner__c"] is True
    assert both.held(ANA, "Nickname") == "YES"
    both.contact_edit(contact_id, Nickname="")
    both.sync()
    assert both.crm("contact", crm_id)["Partner__c"] is True
    assert [hold["field"] for hold in both.holds()] == ["Partner__c"]


def test_a_formula_travels_out_and_nothing_travels_into_it(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, "Full_Label__c", "Notes", UpdateRule.NEVER)
    assert both.held(ANA, "Notes") == "Ana Ruiz ()"
    both.contact_edit(contact_id, Notes="mine")
    both.sync()
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    assert both.held(ANA, "Notes") == "Anna Ruiz ()"
    both.assert_quiet()


def test_a_pair_that_would_write_a_formula_is_refused_when_it_is_made(both: TwoSystems) -> None:
    with pytest.raises(UserError, match="Full Label is a formula"):
        linked(both, "Full_Label__c", "Notes")


def test_a_lookup_travels_as_an_id_and_only_an_id_travels_back(both: TwoSystems) -> None:
    friend = both.crm_new(LastName="Friend")
    crm_id, contact_id = linked(both, "Referred_By__c", "Nickname", Referred_By__c=friend)
    assert both.held(ANA, "Nickname") == friend
    both.contact_edit(contact_id, Nickname="my friend")
    both.sync()
    (hold,) = both.holds()
    assert "not the id of a record" in hold["reason"]
    both.contact_edit(contact_id, Nickname=crm_id)
    both.sync()
    assert both.crm("contact", crm_id)["Referred_By__c"] == crm_id
    assert both.holds() == []


def test_a_masked_value_never_travels(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, "Tax_Number__c", "Nickname", Tax_Number__c="*****1234")
    assert both.held(ANA, "Nickname") == ""
    both.contact_edit(contact_id, Nickname="DE 1")
    both.sync()
    assert both.crm("contact", crm_id)["Tax_Number__c"] == "*****1234"
    assert [(hold["kind"], hold["field"]) for hold in both.holds()] == [("unreadable", "Tax_Number__c")]


def test_a_date_is_never_shifted_and_a_moment_is_the_same_moment(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email=ANA, Birthday__c="2000-01-01", Last_Meeting__c="2026-01-01T03:30:00.000+0000")
    pairs = [("Birthday__c", "Birthday"), ("Last_Meeting__c", "Last meeting")]
    fields = (*NAMES, *(FieldMapping(crm=crm, activecampaign=contact) for crm, contact in pairs))
    both.connect(mapping_of(fields=fields))
    both.sync()
    assert both.held(ANA, "Birthday") == "2000-01-01"
    assert both.held(ANA, "Last meeting") == "2025-12-31T21:30:00-06:00"
    both.contact_edit(
        both.contact(ANA)["id"], Birthday="1999-12-31", **{"Last meeting": "2026-01-01T00:00:00+09:00"}
    )
    both.sync()
    crm = both.crm("contact", crm_id)
    assert (crm["Birthday__c"], crm["Last_Meeting__c"]) == ("1999-12-31", "2025-12-31T15:00:00.000+0000")
    both.assert_quiet()
