"""Types of fields beside the usual ones: times, numbers given automatically, places, rich and encrypted texts."""

from __future__ import annotations

import pytest
from tests.helpers.sandbox_org import SalesforceOrg


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("18:30:00.000Z", "18:30:00.000Z"),
        ("18:30", "18:30:00.000Z"),
        ("07:05:09Z", "07:05:09.000Z"),
        ("", None),
    ],
)
def test_a_time_of_day_is_kept_to_the_second(org: SalesforceOrg, sent: str, stored: str | None) -> None:
    assert org.record("Lead", org.lead(Best_Time__c=sent))["Best_Time__c"] == stored


@pytest.mark.parametrize("sent", ["24:00", "half past six", 1830, "18:30:00+01:00"])
def test_what_is_no_time_of_day_is_refused(org: SalesforceOrg, sent: object) -> None:
    body = {"LastName": "Vogel", "Company": "Acme", "Best_Time__c": sent}
    assert org.refusal("POST", "/sobjects/Lead", body)[0] == "JSON_PARSER_ERROR"


def test_records_are_numbered_in_the_order_of_their_creation(org: SalesforceOrg) -> None:
    first, second = org.lead(), org.lead()
    numbers = org.column(f"SELECT Record_Number__c FROM Lead WHERE Id IN ('{first}', '{second}') ORDER BY Id")
    assert int(numbers[1].removeprefix("R-")) == int(numbers[0].removeprefix("R-")) + 1
    code, _ = org.refusal("PATCH", f"/sobjects/Lead/{first}", {"Record_Number__c": "R-1"})
    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_place_is_put_together_from_its_parts_and_cannot_be_written(org: SalesforceOrg) -> None:
    lead = org.lead(Place__Latitude__s=48.2, Place__Longitude__s=16.37)
    assert org.column(f"SELECT Place__c FROM Lead WHERE Id = '{lead}'") == [
        {"latitude": 48.2, "longitude": 16.37}
    ]
    assert org.record("Lead", org.lead(Place__Latitude__s=48.2))["Place__c"] is None
    code, _ = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Place__c": "48.2, 16.37"})
    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_they_are_described_as_what_they_are(org: SalesforceOrg) -> None:
    fields = {each["name"]: each for each in org.get("/sobjects/Contact/describe")["fields"]}
    time, about, place = fields["Best_Time__c"], fields["About__c"], fields["Place__c"]
    assert (time["type"], time["soapType"]) == ("time", "xsd:time")
    assert (about["htmlFormatted"], about["extraTypeInfo"], about["filterable"]) == (
        True,
        "richtextarea",
        False,
    )
    assert (place["type"], place["soapType"], place["createable"]) == ("location", "urn:location", False)
    assert fields["Place__Latitude__s"]["compoundFieldName"] == "Place__c"
    number = fields["Record_Number__c"]
    assert (number["autoNumber"], number["createable"], number["nillable"]) == (True, False, False)
    tax = fields["Tax_Number__c"]
    assert (tax["type"], tax["filterable"]) == ("encryptedstring", False)
    assert fields["Referred_By__c"]["referenceTo"] == ["Contact"]


def test_a_lookup_leads_to_its_record(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Ruiz")
    lead = org.lead(Referred_By__c=contact)
    (found,) = org.query(f"SELECT Referred_By__r.LastName FROM Lead WHERE Id = '{lead}'")
    assert found["Referred_By__r"]["LastName"] == "Ruiz"
