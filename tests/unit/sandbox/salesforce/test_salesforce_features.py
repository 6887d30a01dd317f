"""Record types and person accounts: what an org has more, or otherwise, when they are turned on."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import SalesforceOrg

from crosswalk_sandbox.system import PersonError

Row = dict[str, Any]
PARTNER = {
    "object": "Lead",
    "name": "Partner lead",
    "values": {"Region__c": ["Europe"], "Interests__c": ["Email", "Phone"], "Origin__c": ["partner"]},
}


def rules(org: SalesforceOrg, **given: Any) -> None:
    org.send_control("POST", "rules", given)


def described(org: SalesforceOrg, object_name: str) -> Row:
    """The fields of an object by name."""
    return {field["name"]: field for field in org.get(f"/sobjects/{object_name}/describe")["fields"]}


def type_id(org: SalesforceOrg, name: str) -> str:
    return str(org.column(f"SELECT Id FROM RecordType WHERE DeveloperName = '{name}'")[0])


# --- record types ---------------------------------------------------------------------------------------------


def test_an_org_without_record_types_has_no_field_for_them(org: SalesforceOrg) -> None:
    assert "RecordTypeId" not in described(org, "Lead")
    assert org.query("SELECT Id FROM RecordType") == []
    assert org.bad_query("SELECT RecordTypeId FROM Lead")[0] == "INVALID_FIELD"


def test_record_types_show_in_describe_and_in_queries(org: SalesforceOrg) -> None:
    rules(org, record_types=[PARTNER])
    found = org.query("SELECT DeveloperName, SobjectType, IsActive FROM RecordType")
    assert found == [{"DeveloperName": "Partner_lead", "SobjectType": "Lead", "IsActive": True}]
    field = described(org, "Lead")["RecordTypeId"]
    assert (field["type"], field["referenceTo"], field["nillable"], field["updateable"]) == (
        "reference",
        ["RecordType"],
        True,
        True,
    )
    partner, master = org.get("/sobjects/Lead/describe")["recordTypeInfos"]
    assert (partner["name"], partner["developerName"], partner["recordTypeId"]) == (
        "Partner lead",
        "Partner_lead",
        type_id(org, "Partner_lead"),
    )
    assert (partner["master"], partner["available"], partner["defaultRecordTypeMapping"]) == (
        False,
        True,
        False,
    )
    assert (master["master"], master["recordTypeId"]) == (True, "012000000000000AAA")
    assert "RecordTypeId" not in described(org, "Contact")


def test_a_record_has_the_type_that_was_sent_or_the_default(org: SalesforceOrg) -> None:
    before = org.lead()
    rules(org, record_types=[PARTNER, {"object": "Lead", "name": "Usual", "default": True}])
    partner = org.lead(RecordTypeId=type_id(org, "Partner_lead"))
    usual = org.lead()
    found = org.query("SELECT Id, RecordType.DeveloperName FROM Lead WHERE RecordTypeId != null")
    names = {row["Id"]: row["RecordType"]["DeveloperName"] for row in found}
    assert names == {partner: "Partner_lead", usual: "Usual"}
    assert org.record("Lead", before)["RecordTypeId"] is None


@pytest.mark.parametrize(
    "more", [{"active": False}, {"available": False}, {"object": "Contact", "values": {}}]
)
def test_a_type_that_the_user_does_not_have_is_refused(org: SalesforceOrg, more: Row) -> None:
    rules(org, record_types=[{**PARTNER, **more}, {"object": "Lead", "name": "Usual"}])
    record_type = type_id(org, "Partner_lead")
    body = {"LastName": "V", "Company": "A", "RecordTypeId": record_type}
    (error,) = org.send("POST", "/sobjects/Lead", body, status=400)
    assert (error["errorCode"], error["fields"]) == ("INVALID_CROSS_REFERENCE_KEY", ["RecordTypeId"])
    assert error["message"] == f"Record Type ID: this ID value isn't valid for the user: {record_type}"
    org.refusal("POST", "/sobjects/Lead", {**body, "RecordTypeId": "012000000000099AAA"})


def test_a_type_narrows_restricted_picklists(org: SalesforceOrg) -> None:
    rules(org, record_types=[PARTNER])
    lead = org.lead(RecordTypeId=type_id(org, "Partner_lead"), Region__c="Europe", Origin__c="anything")
    path = f"/sobjects/Lead/{lead}"
    refused = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert org.refusal("PATCH", path, {"Region__c": "Americas"})[0] == refused
    assert org.refusal("PATCH", path, {"Interests__c": "Email;Events"})[0] == refused
    org.send("PATCH", path, {"Region__c": None, "Interests__c": "Email;Phone"}, status=204)
    org.send("PATCH", f"/sobjects/Lead/{org.lead()}", {"Region__c": "Americas"}, status=204)
    values = {each["value"] for each in described(org, "Lead")["Region__c"]["picklistValues"]}
    assert values > {"Europe", "Americas"}


def test_the_values_of_a_type_can_be_asked_for(org: SalesforceOrg) -> None:
    rules(org, record_types=[PARTNER])
    path = "/ui-api/object-info/Lead/picklist-values/"
    fields = org.get(path + type_id(org, "Partner_lead"))["picklistFieldValues"]
    assert [each["value"] for each in fields["Region__c"]["values"]] == ["Europe"]
    assert len(fields["Industry"]["values"]) > 1
    assert fields["Status"]["defaultValue"]["value"] == "Open - Not Contacted"
    fields = org.get(path + "012000000000000AAA")["picklistFieldValues"]
    assert len(fields["Region__c"]["values"]) == 4
    org.send("GET", path + "012000000000099AAA", status=404)


def test_record_types_go_and_their_ids_stay_while_they_are_there(org: SalesforceOrg) -> None:
    rules(org, record_types=[PARTNER])
    first = type_id(org, "Partner_lead")
    lead = org.lead(RecordTypeId=first)
    stamp = org.record("Lead", lead)["SystemModstamp"]
    rules(org, record_types=[PARTNER, {"object": "Account", "name": "Shop"}])
    assert type_id(org, "Partner_lead") == first
    org.send_control("DELETE", "rules")
    row = org.record("Lead", lead)
    assert ("RecordTypeId" in row, row["SystemModstamp"]) == (False, stamp)
    assert org.query("SELECT Id FROM RecordType") == []


def test_describe_is_new_when_a_rule_turns_something_on_and_only_then(org: SalesforceOrg) -> None:
    since = {"If-Modified-Since": "Mon, 02 Mar 2026 13:00:00 GMT"}
    org.clock.advance(7200)
    rules(org, validations=[{"object": "Lead", "message": "no", "when": [{"field": "Title", "is": "blank"}]}])
    org.send("GET", "/sobjects/Lead/describe", status=304, headers=since)
    rules(org, record_types=[PARTNER])
    org.send("GET", "/sobjects/Lead/describe", headers=since)


@pytest.mark.parametrize(
    "wrong",
    [
        {"record_types": [{**PARTNER, "object": "Nonsense"}]},
        {"record_types": [{**PARTNER, "values": {"Nonsense": []}}]},
        {"record_types": [{"object": "Account", "name": "Person", "person": True}]},
        {"person_accounts": True, "record_types": [{"object": "Lead", "name": "Person", "person": True}]},
    ],
)
def test_types_that_make_no_sense_are_refused(org: SalesforceOrg, wrong: Row) -> None:
    org.send_control("POST", "rules", wrong, status=400)
    assert org.query("SELECT Id FROM RecordType") == []


# --- person accounts ------------------------------------------------------------------------------------------


@pytest.fixture
def people(org: SalesforceOrg) -> SalesforceOrg:
    """An org with person accounts."""
    rules(org, person_accounts=True)
    return org


def person(org: SalesforceOrg, **values: Any) -> str:
    return org.create("Account", RecordTypeId=type_id(org, "PersonAccount"), LastName="Vogel", **values)


def test_describe_shows_the_fields_of_person_accounts(people: SalesforceOrg) -> None:
    account, contact = described(people, "Account"), described(people, "Contact")
    assert (account["IsPersonAccount"]["type"], account["IsPersonAccount"]["updateable"]) == (
        "boolean",
        False,
    )
    assert (account["PersonEmail"]["type"], account["PersonEmail"]["idLookup"]) == ("email", True)
    assert (account["Nickname__pc"]["custom"], account["LastName"]["nillable"]) == (True, True)
    assert "IsPersonAccount" in contact
    assert described(people, "Lead")["Company"]["nillable"] is True
    assert people.column("SELECT IsPersonType FROM RecordType") == [True]
    assert people.page("SELECT Id FROM Contact WHERE IsPersonAccount = false")["totalSize"] == 12


def test_without_them_the_org_knows_none_of_it(org: SalesforceOrg) -> None:
    before = described(org, "Account")
    rules(org, person_accounts=True)
    rules(org, person_accounts=False)
    assert described(org, "Account") == before
    assert org.bad_query("SELECT Id FROM Contact WHERE IsPersonAccount = false")[0] == "INVALID_FIELD"
    assert "IsPersonAccount" not in org.dump()["Contact"][0]


def test_a_person_account_has_a_contact_that_shows_the_same(people: SalesforceOrg) -> None:
    account = person(
        people,
        FirstName="Rita",
        PersonEmail="r@example.org",
        Nickname__pc="Ri",
        Phone="1",
        PersonMailingCity="Oslo",
    )
    row = people.record("Account", account)
    assert (row["Name"], row["IsPersonAccount"]) == ("Rita Vogel", True)
    twin = people.record("Contact", row["PersonContactId"])
    names = ("Name", "Email", "Nickname__c", "Phone", "MailingCity", "AccountId", "IsPersonAccount")
    assert [twin[name] for name in names] == [
        "Rita Vogel", "r@example.org", "Ri", "1", "Oslo", account, True,
    ]  # fmt: skip
    people.clock.advance(60)
    people.send("PATCH", f"/sobjects/Account/{account}", {"PersonEmail": "s@example.org"}, status=204)
    twin = people.record("Contact", row["PersonContactId"])
    assert (twin["Email"], twin["SystemModstamp"]) == ("s@example.org", "2026-03-02T12:01:00.000+0000")
    found = people.get("/sobjects/Account/PersonEmail/s%40example.org")
    assert found["Id"] == account


def test_the_hidden_contact_is_not_written(people: SalesforceOrg) -> None:
    account = people.record("Account", person(people))
    path = f"/sobjects/Contact/{account['PersonContactId']}"
    assert people.refusal("PATCH", path, {"Title": "CTO"})[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert people.refusal("DELETE", path, status=403)[0] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_person_account_goes_and_comes_back_with_its_contact(people: SalesforceOrg) -> None:
    account = people.record("Account", person(people))
    people.send("DELETE", f"/sobjects/Account/{account['Id']}", status=204)
    assert people.record("Contact", account["PersonContactId"])["IsDeleted"] is True
    people.controlled.person("Account", "undelete", record_id=account["Id"])
    assert people.record("Contact", account["PersonContactId"])["IsDeleted"] is False


def test_names_of_people_and_of_companies_do_not_mix(people: SalesforceOrg) -> None:
    refused = "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert people.refusal("POST", "/sobjects/Account", {"Name": "A", "LastName": "V"})[0] == refused
    person_type = type_id(people, "PersonAccount")
    body = {"RecordTypeId": person_type, "LastName": "V", "Name": "A"}
    assert people.refusal("POST", "/sobjects/Account", body)[0] == refused
    missing = people.send("POST", "/sobjects/Account", {"RecordTypeId": person_type}, status=400)
    assert (missing[0]["errorCode"], missing[0]["fields"]) == ("REQUIRED_FIELD_MISSING", ["LastName"])
    company = people.create("Account", Name="Harbour")
    assert people.refusal("PATCH", f"/sobjects/Account/{company}", {"PersonTitle": "CTO"})[0] == refused
    assert people.refusal("PATCH", f"/sobjects/Account/{person(people)}", {"Name": "A"})[0] == refused


def test_a_lead_of_no_company_becomes_a_person_account(people: SalesforceOrg) -> None:
    lead = people.create("Lead", LastName="Vogel", Email="r@example.org", Phone="1", City="Oslo")
    after = people.controlled.person("Lead", "convert", record_id=lead)
    account = people.record("Account", after["ConvertedAccountId"])
    names = ("IsPersonAccount", "PersonEmail", "Phone", "PersonMailingCity")
    assert [account[name] for name in names] == [True, "r@example.org", "1", "Oslo"]
    assert after["ConvertedContactId"] == account["PersonContactId"]


def test_person_accounts_and_hidden_contacts_are_not_merged(people: SalesforceOrg) -> None:
    rows = [people.record("Account", person(people)) for _ in range(2)]
    for kind, name in (("Account", "Id"), ("Contact", "PersonContactId")):
        first, second = (row[name] for row in rows)
        with pytest.raises(PersonError, match="not merged"):
            people.controlled.person(kind, "merge", record_id=first, values={"recordToMergeIds": [second]})


def test_a_lead_of_no_company_is_stuck_when_person_accounts_are_off_again(people: SalesforceOrg) -> None:
    lead = people.create("Lead", LastName="Vogel")
    rules(people, person_accounts=False)
    with pytest.raises(PersonError, match=r"REQUIRED_FIELD_MISSING.*Name"):
        people.controlled.person("Lead", "convert", record_id=lead)


def test_without_person_accounts_a_lead_needs_a_company(org: SalesforceOrg) -> None:
    with pytest.raises(PersonError, match="Company"):
        org.controlled.person("Lead", "create", values={"LastName": "Vogel"})


# --- currencies -----------------------------------------------------------------------------------------------


def test_an_org_with_several_currencies_has_one_on_each_record(org: SalesforceOrg) -> None:
    assert org.bad_query("SELECT CurrencyIsoCode FROM Lead")[0] == "INVALID_FIELD"
    assert org.bad_query("SELECT IsoCode FROM CurrencyType")[0] == "INVALID_TYPE"
    before = org.lead()
    stamp = org.record("Lead", before)["SystemModstamp"]
    rules(org, currencies={"EUR": 1, "USD": 1.1})
    found = org.query("SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType ORDER BY IsoCode")
    assert found == [
        {"IsoCode": "EUR", "ConversionRate": 1.0, "IsCorporate": True},
        {"IsoCode": "USD", "ConversionRate": 1.1, "IsCorporate": False},
    ]
    row = org.record("Lead", before)
    assert (row["CurrencyIsoCode"], row["SystemModstamp"]) == ("EUR", stamp)
    assert org.record("Lead", org.lead())["CurrencyIsoCode"] == "EUR"
    assert org.record("Lead", org.lead(CurrencyIsoCode="USD"))["CurrencyIsoCode"] == "USD"
    refused = org.refusal("PATCH", f"/sobjects/Lead/{before}", {"CurrencyIsoCode": "SEK"})
    assert refused[0] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_currencies_go_again(org: SalesforceOrg) -> None:
    before = org.dump()
    rules(org, currencies={"EUR": 1})
    rules(org, currencies={})
    assert org.dump() == before
    org.controlled.reset()
    rules(org, currencies={"USD": 1, "EUR": 0.9})
    assert len(set(org.column("SELECT Id FROM CurrencyType"))) == 2


# --- countries and states -------------------------------------------------------------------------------------

COUNTRIES = {
    "Germany": {"code": "DE", "states": {"BE": "Berlin", "BY": "Bayern"}},
    "Norway": {"code": "NO"},
}


@pytest.mark.parametrize(
    "sent",
    [{"Country": "Germany", "State": "Berlin"}, {"CountryCode": "DE", "StateCode": "BE"}, {"Country": "DE"}],
)
def test_words_and_codes_of_an_address_agree(org: SalesforceOrg, sent: Row) -> None:
    rules(org, countries=COUNTRIES)
    row = org.record("Lead", org.lead(**sent))
    assert (row["Country"], row["CountryCode"]) == ("Germany", "DE")
    if "State" in sent or "StateCode" in sent:
        assert (row["State"], row["StateCode"]) == ("Berlin", "BE")


@pytest.mark.parametrize(
    ("sent", "field", "what"),
    [
        ({"MailingCountry": "Deutschland"}, "MailingCountry", "country"),
        ({"MailingCountry": "Norway", "MailingState": "Berlin"}, "MailingState", "state"),
        ({"MailingState": "Berlin"}, "MailingState", "state"),
    ],
)
def test_what_is_not_listed_is_refused(org: SalesforceOrg, sent: Row, field: str, what: str) -> None:
    rules(org, countries=COUNTRIES)
    (error,) = org.send("POST", "/sobjects/Contact", {"LastName": "V", **sent}, status=400)
    assert (error["errorCode"], error["fields"]) == ("FIELD_INTEGRITY_EXCEPTION", [field])
    assert error["message"].startswith(
        f"There's a problem with this {what}, even though it may appear correct."
    )


def test_another_country_needs_another_state_and_emptying_empties_the_code(org: SalesforceOrg) -> None:
    rules(org, countries=COUNTRIES)
    lead = org.lead(Country="Germany", State="Bayern")
    path = f"/sobjects/Lead/{lead}"
    assert org.refusal("PATCH", path, {"Country": "Norway"})[0] == "FIELD_INTEGRITY_EXCEPTION"
    org.send("PATCH", path, {"CountryCode": "NO", "State": None}, status=204)
    row = org.record("Lead", lead)
    assert [row[name] for name in ("Country", "CountryCode", "State", "StateCode")] == [
        "Norway",
        "NO",
        None,
        None,
    ]
    org.send("PATCH", path, {"CountryCode": None}, status=204)
    assert org.record("Lead", lead)["Country"] is None


def test_addresses_from_before_the_lists_stay_until_they_are_touched(org: SalesforceOrg) -> None:
    lead = org.lead(Country="Atlantis")
    rules(org, countries=COUNTRIES)
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CTO"}, status=204)
    assert org.record("Lead", lead)["Country"] == "Atlantis"
    field = described(org, "Contact")["MailingStateCode"]
    assert [each["value"] for each in field["picklistValues"]] == ["BE", "BY"]
