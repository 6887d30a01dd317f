"""Field-level security and object permissions, as an admin sets them and as API calls meet them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import SalesforceOrg

from crosswalk_sandbox.system import PersonError


def permit(org: SalesforceOrg, field: str, *, reads: bool = True, edits: bool = True) -> dict[str, Any]:
    values = {"Field": field, "PermissionsRead": reads, "PermissionsEdit": edits}
    return org.controlled.person("FieldPermissions", "edit", values=values)


def permit_object(org: SalesforceOrg, kind: str, **rights: bool) -> dict[str, Any]:
    return org.controlled.person("ObjectPermissions", "edit", values={"SobjectType": kind, **rights})


def fields(org: SalesforceOrg, kind: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in org.get(f"/sobjects/{kind}/describe")["fields"]}


def test_a_field_without_read_permission_is_not_there(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CTO")
    permit(org, "Lead.Title", reads=False)
    assert "Title" not in fields(org, "Lead")
    assert "Title" not in org.get(f"/sobjects/Lead/{lead}")
    assert org.record("Lead", lead)["Title"] == "CTO"
    permit(org, "Lead.Title")
    assert org.get(f"/sobjects/Lead/{lead}")["Title"] == "CTO"


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Title FROM Lead",
        "SELECT Id FROM Lead WHERE Title = 'CTO'",
        "SELECT Id FROM Lead ORDER BY Title",
        "SELECT COUNT(Id), Title FROM Lead GROUP BY Title",
        "SELECT toLabel(Title) FROM Lead",
        "SELECT Id FROM Lead WHERE Id IN (SELECT Title FROM Lead)",
    ],
)
def test_soql_knows_no_hidden_field(org: SalesforceOrg, soql: str) -> None:
    permit(org, "Lead.Title", reads=False)
    code, text = org.bad_query(soql)
    assert code == "INVALID_FIELD"
    assert "No such column 'Title' on entity 'Lead'" in text


def test_a_hidden_field_is_not_read_through_a_parent_or_a_child(org: SalesforceOrg) -> None:
    permit(org, "Account.Industry", reads=False)
    permit(org, "Contact.Title", reads=False)
    assert org.bad_query("SELECT Account.Industry FROM Contact")[0] == "INVALID_FIELD"
    assert org.bad_query("SELECT Id, (SELECT Title FROM Contacts) FROM Account")[0] == "INVALID_FIELD"


def test_all_fields_are_those_that_are_granted(org: SalesforceOrg) -> None:
    permit(org, "Lead.Title", reads=False)
    record = org.query("SELECT FIELDS(ALL) FROM Lead LIMIT 1")[0]
    assert "Title" not in record
    assert "Company" in record


def test_writing_a_hidden_field_is_refused_for_that_record_alone(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CTO")
    permit(org, "Lead.Title", reads=False)
    code, text = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "x"})
    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert text.startswith("Unable to create/update fields: Title. Please check the security settings")
    records = [
        {"attributes": {"type": "Lead"}, "id": lead, "Title": "x"},
        {"attributes": {"type": "Lead"}, "id": lead[:15], "Company": "Acme"},
    ]
    refused, _ = org.send("PATCH", "/composite/sobjects", {"records": records})
    assert refused["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refused["errors"][0]["fields"] == ["Title"]
    assert org.record("Lead", lead)["Title"] == "CTO"


def test_a_field_that_does_not_exist_is_another_error(org: SalesforceOrg) -> None:
    assert org.refusal("POST", "/sobjects/Lead", {"Titel": "x"})[0] == "INVALID_FIELD"


def test_a_hidden_key_finds_nothing(org: SalesforceOrg) -> None:
    permit(org, "Contact.Legacy_Key__c", reads=False)
    code, _ = org.refusal("GET", "/sobjects/Contact/Legacy_Key__c/K-1", status=404)
    assert code == "NOT_FOUND"


def test_a_hidden_reference_is_not_written_by_the_parents_key(org: SalesforceOrg) -> None:
    org.create("Account", Name="Acme", Legacy_Key__c="A-1")
    permit(org, "Contact.AccountId", reads=False)
    body = {"LastName": "Vogel", "Account": {"Legacy_Key__c": "A-1"}}
    assert org.refusal("POST", "/sobjects/Contact", body)[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_field_without_edit_permission_is_read_only(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CTO")
    permit(org, "Lead.Title", edits=False)
    found = fields(org, "Lead")["Title"]
    assert (found["createable"], found["updateable"]) == (False, False)
    code, _ = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "x"})
    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    org.controlled.person("Lead", "edit", record_id=lead, values={"Title": "Chief"})
    assert org.get(f"/sobjects/Lead/{lead}")["Title"] == "Chief"
    org.controlled.reset()
    assert fields(org, "Lead")["Title"]["updateable"]


def test_an_object_without_read_permission_is_not_there(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Vogel")
    permit_object(org, "Contact", PermissionsRead=False)
    assert "Contact" not in {each["name"] for each in org.get("/sobjects")["sobjects"]}
    assert org.refusal("GET", "/sobjects/Contact/describe", status=404)[0] == "NOT_FOUND"
    assert org.refusal("GET", f"/sobjects/Contact/{contact}", status=404)[0] == "NOT_FOUND"
    assert org.bad_query("SELECT Id FROM Contact")[0] == "INVALID_TYPE"
    assert org.bad_query("SELECT Id, (SELECT Id FROM Contacts) FROM Account")[0] == "INVALID_FIELD"
    permit_object(org, "Contact")
    assert org.get(f"/sobjects/Contact/{contact}")["LastName"] == "Vogel"


@pytest.mark.parametrize(
    ("right", "method", "path", "body", "flag"),
    [
        ("PermissionsCreate", "POST", "/sobjects/Lead", {"LastName": "x", "Company": "x"}, "createable"),
        ("PermissionsEdit", "PATCH", "/sobjects/Lead/{id}", {"Title": "x"}, "updateable"),
        ("PermissionsDelete", "DELETE", "/sobjects/Lead/{id}", None, "deletable"),
    ],
)
def test_a_right_that_is_withheld_is_told_and_kept(
    org: SalesforceOrg, right: str, method: str, path: str, body: dict[str, str] | None, flag: str
) -> None:
    lead = org.lead(Title="CTO")
    permit_object(org, "Lead", **{right: False})
    described = org.get("/sobjects/Lead/describe")
    assert [described[name] for name in ("createable", "updateable", "deletable")].count(False) == 1
    assert described[flag] is False
    code, _ = org.refusal(method, path.format(id=lead), body, status=403)
    assert code == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert (org.record("Lead", lead)["Title"], len(org.dump()["Lead"])) == ("CTO", 13)


def test_collections_obey_object_permissions_too(org: SalesforceOrg) -> None:
    lead, contact = org.lead(), org.create("Contact", LastName="Vogel")
    permit_object(org, "Lead", PermissionsDelete=False)
    permit_object(org, "Contact", PermissionsRead=False)
    results = org.send("DELETE", f"/composite/sobjects?ids={lead},{contact}")
    codes = {each["errors"][0]["statusCode"] for each in results}
    assert codes == {"INSUFFICIENT_ACCESS_OR_READONLY"}


def test_people_are_not_held_by_what_the_api_may_not(org: SalesforceOrg) -> None:
    permit_object(org, "Lead", PermissionsRead=False)
    made = org.controlled.person("Lead", "create", values={"LastName": "Vogel", "Company": "Acme"})
    assert org.controlled.person("Lead", "delete", record_id=made["Id"])["IsDeleted"] is True


def test_a_reset_grants_everything_again(org: SalesforceOrg) -> None:
    permit_object(org, "Lead", PermissionsRead=False)
    org.controlled.reset()
    assert org.get("/sobjects/Lead/describe")["createable"] is True


@pytest.mark.parametrize("values", [{}, {"SobjectType": "User"}, {"SobjectType": "Nonsense"}])
def test_permissions_are_for_objects_that_records_are_made_of(
    org: SalesforceOrg, values: dict[str, str]
) -> None:
    with pytest.raises(PersonError, match="ObjectPermissions takes SobjectType"):
        org.controlled.person("ObjectPermissions", "edit", values=values)
