"""The schema of a Dataverse environment, as JSON and as CSDL."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
CAST = "Microsoft.Dynamics.CRM."
CONTACT = "/EntityDefinitions(LogicalName='contact')"


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["LogicalName"]: row for row in rows}


def test_a_table_by_name_by_id_and_by_filter(environment: DataverseEnvironment) -> None:
    asked = "$select=LogicalName,EntitySetName,PrimaryIdAttribute,ObjectTypeCode,DisplayName"
    found = environment.get(f"{CONTACT}?{asked}")
    assert found["@odata.context"].endswith("$metadata#EntityDefinitions/$entity")
    assert (found["EntitySetName"], found["PrimaryIdAttribute"], found["ObjectTypeCode"]) == (
        "contacts",
        "contactid",
        2,
    )
    assert found["DisplayName"]["UserLocalizedLabel"]["Label"] == "Contact"
    assert "SchemaName" not in found
    plain = {name: value for name, value in found.items() if name != "@odata.context"}
    by_id = environment.get(f"/EntityDefinitions({found['MetadataId']})?{asked}")
    assert by_id == found
    (filtered,) = environment.get(f"/EntityDefinitions?$filter=LogicalName eq 'contact'&{asked}")["value"]
    assert filtered == plain


def test_form_encoded_queries_are_understood(environment: DataverseEnvironment) -> None:
    raw = "/EntityDefinitions?%24select=LogicalName%2CEntitySetName&%24filter=LogicalName+eq+%27lead%27"
    (found,) = environment.get(raw)["value"]
    assert (found["LogicalName"], found["EntitySetName"]) == ("lead", "leads")


def test_attributes_have_in_common_what_a_field_mapper_needs(environment: DataverseEnvironment) -> None:
    found = by_name(environment.get(f"{CONTACT}/Attributes")["value"])
    mail = found["emailaddress1"]
    assert mail["@odata.type"] == "#Microsoft.Dynamics.CRM.StringAttributeMetadata"
    assert (mail["AttributeType"], mail["AttributeTypeName"]["Value"]) == ("String", "StringType")
    assert "MaxLength" not in mail
    assert not found["fullname"]["IsValidForUpdate"]
    assert found["owneridname"]["AttributeOf"] == "ownerid"
    assert not found["owneridname"]["IsValidODataAttribute"]
    assert found["ownerid"]["RequiredLevel"]["Value"] == "SystemRequired"
    interests = found["new_interests"]
    assert (interests["AttributeType"], interests["AttributeTypeName"]["Value"]) == (
        "Virtual",
        "MultiSelectPicklistType",
    )
    assert interests["SchemaName"] == "new_Interests"
    assert interests["IsCustomAttribute"]


@pytest.mark.parametrize(
    ("cast", "column", "facts"),
    [
        ("StringAttributeMetadata", "emailaddress1", {"MaxLength": 100, "FormatName": {"Value": "Email"}}),
        ("MemoAttributeMetadata", "description", {"MaxLength": 2000}),
        ("IntegerAttributeMetadata", "numberofchildren", {"MaxValue": 2147483647}),
        (
            "MoneyAttributeMetadata",
            "creditlimit",
            {"Precision": 2, "PrecisionSource": 2, "CalculationOf": None},
        ),
        ("MoneyAttributeMetadata", "creditlimit_base", {"CalculationOf": "creditlimit"}),
        ("DateTimeAttributeMetadata", "birthdate", {"DateTimeBehavior": {"Value": "DateOnly"}}),
        ("DateTimeAttributeMetadata", "createdon", {"DateTimeBehavior": {"Value": "UserLocal"}}),
        ("DateTimeAttributeMetadata", "new_besttime", {"DateTimeBehavior": {"Value": "TimeZoneIndependent"}}),
        ("LookupAttributeMetadata", "parentcustomerid", {"Targets": ["account", "contact"]}),
    ],
)
def test_a_cast_shows_only_that_type_and_what_it_has(
    environment: DataverseEnvironment, cast: str, column: str, facts: dict[str, Any]
) -> None:
    found = by_name(environment.get(f"{CONTACT}/Attributes/{CAST}{cast}")["value"])
    assert found[column].items() >= facts.items()
    assert ("jobtitle" in found) is (cast == "StringAttributeMetadata")
    alone = environment.get(f"{CONTACT}/Attributes(LogicalName='{column}')/{CAST}{cast}")
    assert alone.items() >= facts.items()


@pytest.mark.parametrize(
    ("cast", "column", "labels"),
    [
        ("Picklist", "leadqualitycode", {1: "Hot", 2: "Warm", 3: "Cold"}),
        ("State", "statecode", {0: "Open", 1: "Qualified", 2: "Disqualified"}),
        ("MultiSelectPicklist", "new_interests", {100_000_000: "Email", 100_000_001: "Phone"}),
    ],
)
def test_options_of_choices(
    environment: DataverseEnvironment, cast: str, column: str, labels: dict[int, str]
) -> None:
    path = f"/EntityDefinitions(LogicalName='lead')/Attributes/{CAST}{cast}AttributeMetadata"
    rows = environment.get(f"{path}?$select=LogicalName&$expand=OptionSet($select=Options)")["value"]
    (row,) = [row for row in rows if row["LogicalName"] == column]
    assert row.keys() == {"LogicalName", "MetadataId", "OptionSet"}
    found = {
        each["Value"]: each["Label"]["UserLocalizedLabel"]["Label"] for each in row["OptionSet"]["Options"]
    }
    assert found.items() >= labels.items()


def test_status_reasons_know_their_state(environment: DataverseEnvironment) -> None:
    path = (
        f"/EntityDefinitions(LogicalName='lead')/Attributes/{CAST}StatusAttributeMetadata?$expand=OptionSet"
    )
    (row,) = environment.get(path)["value"]
    assert {each["Value"]: each["State"] for each in row["OptionSet"]["Options"]} == {
        1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 2, 7: 2,
    }  # fmt: skip


def test_the_two_options_of_a_boolean(environment: DataverseEnvironment) -> None:
    path = (
        f"{CONTACT}/Attributes(LogicalName='donotbulkemail')/{CAST}BooleanAttributeMetadata?$expand=OptionSet"
    )
    options = environment.get(path)["OptionSet"]
    assert options["TrueOption"]["Label"]["UserLocalizedLabel"]["Label"] == "Do Not Allow"
    assert options["FalseOption"]["Value"] == 0


@pytest.mark.parametrize("literal", ["Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'", "'Picklist'"])
def test_attributes_are_filtered_by_type_and_flags(environment: DataverseEnvironment, literal: str) -> None:
    query = f"$filter=AttributeType eq {literal} and IsCustomAttribute eq true&$select=LogicalName"
    assert by_name(environment.get(f"{CONTACT}/Attributes?{query}")["value"]).keys() == {
        "new_region",
        "new_origin",
    }


def test_attributes_come_along_with_their_tables(environment: DataverseEnvironment) -> None:
    query = "$select=LogicalName&$expand=Attributes($select=LogicalName,AttributeType)"
    tables = by_name(environment.get(f"/EntityDefinitions?{query}")["value"])
    assert by_name(tables["lead"]["Attributes"])["subject"]["AttributeType"] == "String"
    assert "ManyToOneRelationships" not in tables["lead"]


def test_relationships_name_their_navigation_properties(environment: DataverseEnvironment) -> None:
    rows = environment.get(f"{CONTACT}/ManyToOneRelationships")["value"]
    led = {row["ReferencingEntityNavigationPropertyName"]: row["ReferencedEntity"] for row in rows}
    wanted = {
        "parentcustomerid_account": "account", "parentcustomerid_contact": "contact",
        "new_ReferredBy": "contact", "transactioncurrencyid": "transactioncurrency",
    }  # fmt: skip
    assert led.items() >= wanted.items()
    back = environment.get("/EntityDefinitions(LogicalName='account')/OneToManyRelationships")["value"]
    assert ("contact", "parentcustomerid") in {
        (r["ReferencingEntity"], r["ReferencingAttribute"]) for r in back
    }


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/EntityDefinitions(LogicalName='nonsense')", 404, "0x8004024a"),
        (f"{CONTACT}/Attributes(LogicalName='nonsense')", 404, "0x8004024a"),
        (f"{CONTACT}?$select=Nonsense", 400, "0x80060888"),
        (f"{CONTACT}/Attributes?$select=MaxLength", 400, "0x80060888"),
        (f"{CONTACT}/Attributes?$filter=LogicalName eq", 400, "0x80060888"),
        (f"{CONTACT}/Attributes?$top=1", 400, "0x80060888"),
        (f"{CONTACT}/Attributes/{CAST}EnumAttributeMetadata", 404, "0x8006088a"),
        (f"{CONTACT}/Nonsense", 404, "0x8006088a"),
    ],
)
def test_what_there_is_not(environment: DataverseEnvironment, path: str, status: int, code: str) -> None:
    assert environment.refusal("GET", path, status=status)[0] == code


def test_the_csdl_says_the_same_as_the_json(environment: DataverseEnvironment) -> None:
    answer = environment.call("GET", "/$metadata")
    assert answer.headers["content-type"].startswith("application/xml")
    (schema,) = ElementTree.fromstring(answer.content).iter(f"{EDM}Schema")
    assert (schema.get("Namespace"), schema.get("Alias")) == ("Microsoft.Dynamics.CRM", "mscrm")
    types = {each.get("Name"): each for each in schema.iter(f"{EDM}EntityType")}
    contact = types["contact"]
    properties = {each.get("Name"): each.get("Type") for each in contact.iter(f"{EDM}Property")}
    wanted = {
        "contactid": "Edm.Guid", "birthdate": "Edm.Date", "createdon": "Edm.DateTimeOffset",
        "creditlimit": "Edm.Decimal", "_parentcustomerid_value": "Edm.Guid", "new_interests": "Edm.String",
    }  # fmt: skip
    assert properties.items() >= wanted.items()
    assert "owneridname" not in properties
    leads_to = {each.get("Name"): each.get("Type") for each in contact.iter(f"{EDM}NavigationProperty")}
    assert leads_to["parentcustomerid_account"] == "mscrm.account"
    assert types["systemuser"].get("BaseType") == "mscrm.principal"
    sets = {each.get("Name") for each in schema.iter(f"{EDM}EntitySet")}
    assert sets == {row["name"] for row in environment.get("/")["value"]}


def test_change_tracking_shows_among_annotations(environment: DataverseEnvironment) -> None:
    assert b"ChangeTracking" not in environment.call("GET", "/$metadata").content
    annotated = environment.call("GET", "/$metadata?annotations=true").content
    assert annotated.count(b"Org.OData.Capabilities.V1.ChangeTracking") == 4


def test_single_properties_of_definitions(environment: DataverseEnvironment) -> None:
    account = "/EntityDefinitions(LogicalName='account')"
    assert environment.call("GET", f"{account}/ObjectTypeCode/$value").text == "1"
    assert environment.get(f"{account}/ObjectTypeCode")["value"] == 1
    assert environment.get(f"{account}/DisplayName")["UserLocalizedLabel"]["Label"] == "Account"
    name = f"{account}/Attributes(LogicalName='name')"
    assert environment.get(f"{name}/SchemaName")["value"] == "Name"
    cast = f"{name}/Microsoft.Dynamics.CRM.StringAttributeMetadata"
    assert environment.get(f"{cast}/MaxLength")["value"] == 160
    choice = "/EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='leadsourcecode')"
    options = f"{choice}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata/OptionSet"
    assert [each["Value"] for each in environment.get(f"{options}?$select=Options")["Options"]][:2] == [1, 2]
    assert len(environment.get(f"{options}/Options")["value"]) == 10
    for path in (f"{account}/Nothing", f"{name}/MaxLength", f"{account}/Attributes/SchemaName"):
        assert environment.refusal("GET", path, status=404)[0] == "0x8006088a"
