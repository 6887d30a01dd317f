from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg

ALL_FIELD_KEYS = """
    aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula cascadeDelete caseSensitive
    compoundFieldName controllerName createable custom defaultValue defaultValueFormula defaultedOnCreate
    dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted externalId extraTypeInfo
    filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable highScaleNumber htmlFormatted idLookup
    inlineHelpText label length mask maskType name nameField namePointing nillable permissionable picklistValues
    polymorphicForeignKey precision queryByDistance referenceTargetField referenceTo relationshipName
    relationshipOrder restrictedDelete restrictedPicklist scale searchPrefilterable soapType sortable type unique
    updateable writeRequiresMasterRead
"""


def fields(org: SalesforceOrg, kind: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in org.get(f"/sobjects/{kind}/describe/")["fields"]}


def test_all_objects_are_listed_with_their_prefixes(org: SalesforceOrg) -> None:
    listed = org.get("/sobjects")
    assert (listed["encoding"], listed["maxBatchSize"]) == ("UTF-8", 200)
    prefixes = {each["name"]: each["keyPrefix"] for each in listed["sobjects"]}
    assert prefixes == {
        "Lead": "00Q", "Contact": "003", "Account": "001", "User": "005", "Group": "00G", "Organization": "00D",
        "Opportunity": "006", "OpportunityContactRole": "00K", "Task": "00T",
        "OpportunityStage": "01J", "LeadStatus": "01K", "RecordType": "012", "CronTrigger": "08e",
        "CronJobDetail": "08a",
    }  # fmt: skip
    lead = next(each for each in listed["sobjects"] if each["name"] == "Lead")
    assert org.get("/sobjects/Lead") == {"objectDescribe": lead, "recentItems": []}
    assert lead["urls"]["rowTemplate"] == "/services/data/v60.0/sobjects/Lead/{ID}"


def test_every_field_has_every_key_of_describe(org: SalesforceOrg) -> None:
    for kind in org.dump():
        for field in fields(org, kind).values():
            assert set(field) == set(ALL_FIELD_KEYS.split())


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Lead", "LastName", {"type": "string", "length": 80, "nillable": False, "createable": True,
                              "defaultedOnCreate": False, "compoundFieldName": "Name", "extraTypeInfo": "personname"}),
        ("Lead", "Email", {"type": "email", "length": 80, "byteLength": 240, "idLookup": True, "nillable": True}),
        ("Lead", "Status", {"nillable": False, "defaultedOnCreate": True, "defaultValue": "Open - Not Contacted"}),
        ("Lead", "HasOptedOutOfEmail", {"type": "boolean", "nillable": False, "defaultedOnCreate": True,
                                        "defaultValue": False, "soapType": "xsd:boolean"}),
        ("Lead", "Description", {"type": "textarea", "length": 32000, "filterable": False, "sortable": False}),
        ("Lead", "OwnerId", {"referenceTo": ["Group", "User"], "relationshipName": "Owner",
                             "polymorphicForeignKey": True, "soapType": "tns:ID"}),
        ("Lead", "Address", {"type": "address", "soapType": "urn:address", "updateable": False}),
        ("Lead", "Score__c", {"type": "double", "precision": 18, "scale": 2, "custom": True, "length": 0}),
        ("Lead", "NumberOfEmployees", {"type": "int", "digits": 8, "precision": 0}),
        ("Lead", "Full_Label__c", {"calculated": True, "createable": False, "updateable": False,
                                   "calculatedFormula": 'Name & " (" & Company & ")"'}),
        ("Opportunity", "StageName", {"nillable": False, "defaultedOnCreate": False, "restrictedPicklist": False}),
        ("Opportunity", "ContactId", {"createable": True, "updateable": False, "referenceTo": ["Contact"]}),
        ("Opportunity", "ExpectedRevenue", {"type": "currency", "precision": 18, "scale": 2, "createable": False}),
        ("Task", "WhoId", {"referenceTo": ["Contact", "Lead"], "relationshipName": "Who", "namePointing": True}),
        ("Task", "Subject", {"type": "combobox", "restrictedPicklist": False}),
        ("Contact", "Legacy_Key__c", {"externalId": True, "unique": True, "idLookup": True}),
        ("Contact", "Interests__c", {"type": "multipicklist", "restrictedPicklist": True, "sortable": False}),
        ("Contact", "AccountId", {"referenceTo": ["Account"], "relationshipName": "Account", "nillable": True}),
        ("Contact", "Phone", {"label": "Business Phone", "type": "phone", "length": 40}),
    ],
)  # fmt: skip
def test_fields_are_described_as_they_behave(
    org: SalesforceOrg, kind: str, name: str, expected: dict[str, object]
) -> None:
    found = fields(org, kind)[name]
    assert {key: found[key] for key in expected} == expected


def test_picklists_list_their_values(org: SalesforceOrg) -> None:
    found = fields(org, "Lead")
    assert [each["value"] for each in found["Rating"]["picklistValues"]] == ["Hot", "Warm", "Cold"]
    status = found["Status"]["picklistValues"][0]
    assert status == {
        "active": True, "defaultValue": True, "label": "Open - Not Contacted", "validFor": None,
        "value": "Open - Not Contacted",
    }  # fmt: skip


def test_relationships_to_children_are_named(org: SalesforceOrg) -> None:
    children = org.get("/sobjects/Account/describe")["childRelationships"]
    contacts = next(each for each in children if each["relationshipName"] == "Contacts")
    assert (contacts["childSObject"], contacts["field"], contacts["cascadeDelete"]) == (
        "Contact",
        "AccountId",
        True,
    )


def test_there_are_no_record_types_but_the_master(org: SalesforceOrg) -> None:
    (master,) = org.get("/sobjects/Lead/describe")["recordTypeInfos"]
    assert (master["recordTypeId"], master["master"]) == ("012000000000000AAA", True)


def test_what_required_means_holds_on_create(org: SalesforceOrg) -> None:
    for kind in ("Lead", "Contact", "Account"):
        required = [
            each["name"]
            for each in fields(org, kind).values()
            if each["createable"] and not each["nillable"] and not each["defaultedOnCreate"]
        ]
        (error,) = org.send("POST", f"/sobjects/{kind}", {}, status=400)
        assert error["fields"] == required


def test_describe_is_not_repeated_when_nothing_changed(org: SalesforceOrg) -> None:
    noon, later = "Mon, 02 Mar 2026 12:00:00 GMT", "Mon, 02 Mar 2026 12:00:01 GMT"
    path = "/sobjects/Lead/describe"
    answer = org.call("GET", path, headers={"If-Modified-Since": noon})
    assert (answer.status_code, answer.content) == (304, b"")
    org.clock.advance(60)
    org.controlled.person(
        "FieldPermissions", "edit", values={"Field": "Lead.Title", "PermissionsRead": False}
    )
    assert org.call("GET", path, headers={"If-Modified-Since": later}).status_code == 200


STATUS = "ActiveCampaign_Sync_Status__c"


def test_the_package_adds_the_sync_status_to_people(opening: Opening) -> None:
    org = opening(package=True)
    for kind in ("Lead", "Contact"):
        status = fields(org, kind)[STATUS]
        assert (status["type"], status["restrictedPicklist"], status["nillable"]) == ("picklist", True, True)
        values = [each["value"] for each in status["picklistValues"]]
        assert values == ["waiting", "synced", "skipped", "error"]
    assert STATUS not in fields(org, "Account")


def test_records_are_flagged_by_the_sync_status(opening: Opening) -> None:
    org = opening(package=True)
    lead = org.lead()
    org.controlled.person("Lead", "edit", record_id=lead, values={STATUS: "waiting"})
    assert org.column(f"SELECT Id FROM Lead WHERE {STATUS} = 'waiting'") == [lead]
    org.send("PATCH", f"/sobjects/Lead/{lead}", {STATUS: "synced"}, status=204)
    assert org.record("Lead", lead)[STATUS] == "synced"
    code, _ = org.refusal("PATCH", f"/sobjects/Lead/{lead}", {STATUS: "later"})
    assert code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_without_the_package_there_is_no_sync_status(org: SalesforceOrg) -> None:
    assert STATUS not in fields(org, "Lead")
    assert org.bad_query(f"SELECT {STATUS} FROM Lead")[0] == "INVALID_FIELD"
