"""Changing the schema of a Dataverse environment: columns, lookups, option sets; and what shows them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
CONTACT = "/EntityDefinitions(LogicalName='contact')"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def label(text: str, language: int = 1033) -> dict[str, Any]:
    one = {"@odata.type": f"{CRM}LocalizedLabel", "Label": text, "LanguageCode": language}
    return {"@odata.type": f"{CRM}Label", "LocalizedLabels": [one]}


def options(*labels: str) -> dict[str, Any]:
    named = [{"Value": None, "Label": label(text)} for text in labels]
    return {"Options": named, "IsGlobal": False, "OptionSetType": "Picklist"}


YES_NO = {
    "TrueOption": {"Value": 1, "Label": label("Yes")},
    "FalseOption": {"Value": 0, "Label": label("No")},
    "OptionSetType": "Boolean",
}
# type, what it has besides, a value that fits, one that does not, and the code of its refusal
TYPES: tuple[tuple[str, dict[str, Any], Any, Any, str], ...] = (
    ("String", {"MaxLength": 5, "FormatName": {"Value": "Email"}}, "a@b.c", "a@b.cd", "0x80044331"),
    ("Memo", {"MaxLength": 3, "Format": "TextArea"}, "a\nb", "a\nbc", "0x80044331"),
    ("Integer", {"MinValue": 1, "MaxValue": 9}, 9, 10, "0x8004432F"),
    ("BigInt", {}, 9_007_199_254_740_993, 2**63, "0x8004432F"),
    ("Decimal", {"MinValue": 0, "MaxValue": 1, "Precision": 3}, 0.125, -0.5, "0x80044330"),
    ("Double", {"MinValue": 0, "MaxValue": 1, "Precision": 2}, 0.25, 1.5, "0x80044330"),
    ("Money", {"MaxValue": 10, "Precision": 2, "PrecisionSource": 0}, 9.5, 10.5, "0x80044330"),
    ("DateTime", {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}, "2026-03-02",
     "2026-03-02T10:00:00Z", "0x80048d19"),
    ("DateTime", {"Format": "DateAndTime"}, "2026-03-02T10:00:00Z", "tomorrow", "0x80048d19"),
    ("Boolean", {"OptionSet": YES_NO, "DefaultValue": False}, True, "yes", "0x80048d19"),
    ("Picklist", {"OptionSet": options("Red", "Blue")}, 100_000_001, 100_000_002, "0x8004431A"),
    ("MultiSelectPicklist", {"OptionSet": options("Red", "Blue")}, "100000000,100000001", "7", "0x8004431A"),
)  # fmt: skip


def definition(type_: str, schema_name: str = "acx_Field", **facts: Any) -> dict[str, Any]:
    named = {"SchemaName": schema_name, "DisplayName": label("AC field")}
    return {"@odata.type": f"{CRM}{type_}AttributeMetadata", **named, **facts}


def column(environment: DataverseEnvironment, body: dict[str, Any], table: str = CONTACT) -> str:
    answer = environment.call("POST", f"{table}/Attributes", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"]


@pytest.mark.parametrize(("type_", "facts", "good", "bad", "code"), TYPES)
def test_a_new_column_is_there_for_everything(
    environment: DataverseEnvironment, type_: str, facts: dict[str, Any], good: Any, bad: Any, code: str
) -> None:
    address = column(environment, definition(type_, **facts))
    assert address.partition("/v9.2")[2].startswith(f"{CONTACT}/Attributes(")
    found = environment.get(f"{CONTACT}/Attributes(LogicalName='acx_field')")
    assert (found["SchemaName"], found["IsCustomAttribute"]) == ("acx_Field", True)
    assert found["DisplayName"]["UserLocalizedLabel"]["Label"] == "AC field"
    properties = ElementTree.fromstring(environment.call("GET", "/$metadata").content).iter(f"{EDM}Property")
    assert "acx_field" in {each.get("Name") for each in properties}
    made = environment.call(
        "POST", "/contacts", {"acx_field": good}, headers={"Prefer": "return=representation"}
    )
    assert (made.status_code, made.json()["acx_field"]) == (201, good)
    key = made.json()["contactid"]
    assert environment.refusal("PATCH", f"/contacts({key})", {"acx_field": bad})[0] == code
    (row,) = environment.get("/contacts?$select=acx_field&$filter=acx_field ne null")["value"]
    assert row["acx_field"] == good


def test_a_definition_shows_what_it_was_made_with(environment: DataverseEnvironment) -> None:
    column(environment, definition("Integer", MinValue=1, MaxValue=9))
    cast = f"{CONTACT}/Attributes(LogicalName='acx_field')/{CRM}IntegerAttributeMetadata"
    found = environment.get(f"{cast}?$select=MinValue,MaxValue")
    assert (found["MinValue"], found["MaxValue"]) == (1, 9)
    column(environment, definition("Picklist", "acx_Colour", OptionSet=options("Red", "Blue")))
    cast = f"{CONTACT}/Attributes(LogicalName='acx_colour')/{CRM}PicklistAttributeMetadata"
    (one, two) = environment.get(f"{cast}?$expand=OptionSet($select=Options)")["OptionSet"]["Options"]
    assert [each["Label"]["UserLocalizedLabel"]["Label"] for each in (one, two)] == ["Red", "Blue"]


def test_an_amount_comes_with_its_base(environment: DataverseEnvironment) -> None:
    column(environment, definition("Money", "acx_Spent"))
    environment.call("POST", "/contacts", {"acx_spent": 2.5})
    (row,) = environment.get("/contacts?$select=acx_spent,acx_spent_base&$filter=acx_spent gt 2")["value"]
    assert (row["acx_spent"], row["acx_spent_base"]) == (2.5, 2.5)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"SchemaName": "new_Nickname"}, "0x80047013"),
        ({"SchemaName": "Unprefixed"}, "0x80040203"),
        ({"SchemaName": "mscrm_Field"}, "0x80040203"),
        ({"SchemaName": None}, "0x80040203"),
        ({"@odata.type": None}, "0x80048d19"),
        ({"@odata.type": f"{CRM}LookupAttributeMetadata"}, "0x80048d19"),
        ({"MaxLength": 4001}, "0x80040203"),
        ({"MaxLength": "5"}, "0x80040203"),
        ({"FormatName": {"Value": "Colour"}}, "0x80040203"),
        ({"RequiredLevel": {"Value": "SystemRequired"}}, "0x80040203"),
        ({"DisplayName": label("Feld", 1031)}, "0x80044243"),
        ({"DisplayName": "AC field"}, "0x80048d19"),
        ({"RequiredLevel": "None"}, "0x80048d19"),
        ({"FormatName": "Text"}, "0x80048d19"),
    ],
)
def test_a_definition_that_cannot_be(
    environment: DataverseEnvironment, changed: dict[str, Any], code: str
) -> None:
    body = {**definition("String"), **changed}
    assert environment.refusal("POST", f"{CONTACT}/Attributes", body)[0] == code
    assert environment.call("GET", f"{CONTACT}/Attributes(LogicalName='acx_field')").status_code == 404


def test_a_definition_is_replaced_as_a_whole(environment: DataverseEnvironment) -> None:
    column(environment, definition("String", MaxLength=5))
    path = f"{CONTACT}/Attributes(LogicalName='acx_field')"
    longer = definition("String", MaxLength=50, DisplayName=label("Renamed"))
    assert environment.call("PUT", path, longer, headers={"MSCRM.MergeLabels": "true"}).status_code == 204
    found = environment.get(f"{path}/{CRM}StringAttributeMetadata")
    assert (found["MaxLength"], found["DisplayName"]["UserLocalizedLabel"]["Label"]) == (50, "Renamed")
    assert environment.refusal("PATCH", path, longer, status=405)[0] == "0x8006088b"
    cast = f"{path}/{CRM}StringAttributeMetadata"
    read = {name: value for name, value in environment.get(cast).items() if not name.startswith("@")}
    assert environment.call("PUT", cast, {**read, "MaxLength": 60}).status_code == 204
    assert environment.get(cast)["MaxLength"] == 60
    assert environment.refusal("PUT", f"{path}/{CRM}MemoAttributeMetadata", read)[0] == "0x80048d19"
    assert environment.refusal("PUT", path, definition("Memo"))[0] == "0x80048d19"


def test_a_deleted_column_takes_its_values_along(environment: DataverseEnvironment) -> None:
    column(environment, definition("String"))
    environment.call("POST", "/contacts", {"acx_field": "kept"})
    path = f"{CONTACT}/Attributes(LogicalName='acx_field')"
    assert environment.call("DELETE", path).status_code == 204
    assert environment.refusal("GET", "/contacts?$select=acx_field")[0] == "0x80060888"
    column(environment, definition("String"))
    assert environment.get("/contacts?$select=acx_field&$filter=acx_field ne null")["value"] == []
    system = f"{CONTACT}/Attributes(LogicalName='lastname')"
    assert environment.refusal("DELETE", system)[0] == "0x80040203"


def test_components_land_in_a_solution_that_is_there(environment: DataverseEnvironment) -> None:
    headers = {"MSCRM.SolutionUniqueName": "ACXSync"}
    body = definition("String")
    refusal = environment.refusal("POST", f"{CONTACT}/Attributes", body, status=404, headers=headers)
    assert "ACXSync" in refusal[1]
    publisher = environment.call(
        "POST",
        "/publishers",
        {
            "uniquename": "acxsync",
            "friendlyname": "AC Sync",
            "customizationprefix": "acx",
            "customizationoptionvalueprefix": 71000,
        },
    )
    own = {"uniquename": "ACXSync", "friendlyname": "AC Sync", "version": "1.0.0.0"}
    bind = {"publisherid@odata.bind": publisher.headers["odata-entityid"]}
    assert environment.call("POST", "/solutions", {**own, **bind}).status_code == 204
    assert environment.call("POST", f"{CONTACT}/Attributes", body, headers=headers).status_code == 204


def test_a_lookup_comes_with_its_relationship(environment: DataverseEnvironment) -> None:
    body = {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": "acx_account_contact_Partner",
        "ReferencedEntity": "account",
        "ReferencedAttribute": "accountid",
        "ReferencingEntity": "contact",
        "Lookup": definition("Lookup", "acx_Partner"),
    }
    assert environment.call("POST", "/RelationshipDefinitions", body).status_code == 204
    account = environment.call("POST", "/accounts", {"name": "Contoso"}).headers["odata-entityid"]
    assert environment.call("POST", "/contacts", {"acx_Partner@odata.bind": account}).status_code == 204
    (row,) = environment.get("/contacts?$select=_acx_partner_value&$filter=acx_Partner/name eq 'contoso'")[
        "value"
    ]
    assert account.endswith(f"({row['_acx_partner_value']})")
    assert environment.refusal("POST", "/RelationshipDefinitions", body)[0] == "0x80047007"
    named = "/RelationshipDefinitions(SchemaName='acx_account_contact_Partner')"
    assert environment.get(named)["ReferencingAttribute"] == "acx_partner"
    assert environment.call("DELETE", named).status_code == 204
    assert environment.refusal("GET", "/contacts?$select=_acx_partner_value")[0] == "0x80060888"


def test_a_customer_lookup_leads_to_accounts_and_contacts(environment: DataverseEnvironment) -> None:
    body = {
        "Lookup": definition("ComplexLookup", "acx_Customer"),
        "OneToManyRelationships": [
            {"SchemaName": f"acx_lead_{each}", "ReferencedEntity": each, "ReferencingEntity": "lead"}
            for each in ("account", "contact")
        ],
    }
    assert len(environment.call("POST", "/CreateCustomerRelationships", body).json()["RelationshipIds"]) == 2
    contact = environment.call("POST", "/contacts", {"lastname": "Ruiz"}).headers["odata-entityid"]
    lead = environment.call(
        "POST", "/leads", {"lastname": "Chen", "acx_Customer_contact@odata.bind": contact}
    )
    assert lead.status_code == 204, lead.text


def test_a_global_option_set_serves_several_columns(environment: DataverseEnvironment) -> None:
    body = {"@odata.type": f"{CRM}OptionSetMetadata", "Name": "acx_colours", **options("Red", "Blue")}
    assert environment.call("POST", "/GlobalOptionSetDefinitions", body).status_code == 204
    found = environment.get("/GlobalOptionSetDefinitions(Name='acx_colours')")
    bind = {"GlobalOptionSet@odata.bind": f"/GlobalOptionSetDefinitions({found['MetadataId']})"}
    column(environment, definition("Picklist", **bind))
    cast = f"{CONTACT}/Attributes(LogicalName='acx_field')/{CRM}PicklistAttributeMetadata"
    shown = environment.get(f"{cast}?$expand=OptionSet,GlobalOptionSet")
    assert shown["OptionSet"]["Name"] == shown["GlobalOptionSet"]["Name"] == "acx_colours"
    gone = environment.refusal("DELETE", "/GlobalOptionSetDefinitions(Name='acx_colours')")
    assert gone[0] == "0x8004f01f"
    assert (
        environment.refusal("GET", "/GlobalOptionSetDefinitions(Name='acx_none')", status=404)[0]
        == "0x8004024a"
    )


def test_customizations_are_published(environment: DataverseEnvironment) -> None:
    xml = "<importexportxml><entities><entity>contact</entity></entities></importexportxml>"
    assert environment.call("POST", "/PublishXml", {"ParameterXml": xml}).status_code == 204
    assert environment.call("POST", "/PublishAllXml").status_code == 204
    assert environment.refusal("POST", "/PublishXml", {"ParameterXml": "contact"})[0] == "0x80040203"
    assert environment.refusal("GET", "/PublishAllXml", status=405)[0] == "0x8006088b"


def test_change_tracking_can_be_turned_on_and_not_off(environment: DataverseEnvironment) -> None:
    path = "/EntityDefinitions(LogicalName='team')"
    assert environment.refusal("GET", "/teams", headers={"Prefer": "odata.track-changes"})[0] == "0x80072491"
    assert environment.call("PUT", path, {"ChangeTrackingEnabled": True}).status_code == 204
    assert "@odata.deltaLink" in environment.get("/teams", Prefer="odata.track-changes")
    assert environment.refusal("PUT", path, {"ChangeTrackingEnabled": False})[0] == "0x80040203"


def test_the_version_of_the_schema_changes_with_it(environment: DataverseEnvironment) -> None:
    def version() -> str:
        note = "@Microsoft.Dynamics.CRM.globalmetadataversion"
        found = environment.get("/contacts?$top=1", Prefer='odata.include-annotations="*"')[note]
        return str(found)

    before = version()
    environment.call("POST", "/contacts", {"lastname": "Ruiz"})
    assert version() == before
    column(environment, definition("String"))
    assert version() != before


def test_a_schema_outlives_the_process_and_ends_with_a_reset(environment: DataverseEnvironment) -> None:
    column(environment, definition("Decimal", MinValue=0, MaxValue=1))
    system = environment.controlled.system
    saved = system.save()
    environment.control("POST", "reset")
    assert environment.refusal("GET", "/contacts?$select=acx_field")[0] == "0x80060888"
    system.restore(saved)
    filter_ = quote("acx_field gt 1")
    assert environment.get(f"/contacts?$select=acx_field&$filter={filter_}")["value"] == []
    assert environment.refusal("POST", "/contacts", {"acx_field": 2})[0] == "0x80044330"


COLOUR = {"EntityLogicalName": "contact", "AttributeLogicalName": "acx_colour"}


def labels_of(environment: DataverseEnvironment, name: str) -> dict[int, str]:
    path = f"{CONTACT}/Attributes(LogicalName='{name}')/{CRM}PicklistAttributeMetadata?$expand=OptionSet"
    found = environment.get(path)["OptionSet"]["Options"]
    return {each["Value"]: each["Label"]["UserLocalizedLabel"]["Label"] for each in found}


def test_options_of_a_column_are_added_renamed_and_taken_away(environment: DataverseEnvironment) -> None:
    column(environment, definition("Picklist", "acx_Colour", OptionSet=options("Red", "Blue")))
    added = environment.call("POST", "/InsertOptionValue", {**COLOUR, "Label": label("Green")})
    assert added.json()["NewOptionValue"] == 100_000_002
    with_green = environment.call("POST", "/contacts", {"lastname": "A", "acx_colour": 100_000_002})
    assert with_green.status_code == 204

    body = {**COLOUR, "Value": 100_000_000, "Label": label("Ruby"), "MergeLabels": False}
    assert environment.call("POST", "/UpdateOptionValue", body).status_code == 204
    gone = {**COLOUR, "Value": 100_000_001}
    assert environment.call("POST", "/DeleteOptionValue", gone).status_code == 204
    assert labels_of(environment, "acx_colour") == {100_000_000: "Ruby", 100_000_002: "Green"}
    assert environment.refusal("POST", "/DeleteOptionValue", gone)[0] == "0x80040203"
    blue = {"lastname": "B", "acx_colour": 100_000_001}
    assert environment.refusal("POST", "/contacts", blue)[0] == "0x8004431A"


def test_an_option_of_a_global_option_set_is_added_to_all_its_columns(
    environment: DataverseEnvironment,
) -> None:
    shared = {
        "@odata.type": f"{CRM}OptionSetMetadata", "Name": "acx_sizes", "DisplayName": label("Sizes"),
        **options("S", "M"), "IsGlobal": True,
    }  # fmt: skip
    made = environment.call("POST", "/GlobalOptionSetDefinitions", shared)
    assert made.status_code == 204, made.text
    bound = {"GlobalOptionSet@odata.bind": "/GlobalOptionSetDefinitions(Name='acx_sizes')"}
    column(environment, definition("Picklist", "acx_Size", **bound))
    body = {"OptionSetName": "acx_sizes", "Value": 7, "Label": label("L")}
    assert environment.call("POST", "/InsertOptionValue", body).json()["NewOptionValue"] == 7
    assert labels_of(environment, "acx_size")[7] == "L"
    assert environment.refusal("POST", "/InsertOptionValue", body)[0] == "0x80040203"
    own = {"EntityLogicalName": "contact", "AttributeLogicalName": "acx_size", "Label": label("XL")}
    assert "acx_sizes" in environment.refusal("POST", "/InsertOptionValue", own)[1]


def table_of(schema_name: str, complex_: str = "", **facts: Any) -> dict[str, Any]:
    """A table with a name and a number; `complex_` types are those of CreateEntities."""
    name = {"SchemaName": "acx_Title", "DisplayName": label("Title"), "MaxLength": 200, "IsPrimaryName": True}
    size = {"SchemaName": "acx_Size", "DisplayName": label("Size"), "MinValue": 0, "MaxValue": 9}
    return {
        "@odata.type": f"{CRM}{complex_}EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label("Shoe"),
        "DisplayCollectionName": label("Shoes"),
        "OwnershipType": "UserOwned",
        "Attributes": [
            {"@odata.type": f"{CRM}{complex_}StringAttributeMetadata", **name},
            {"@odata.type": f"{CRM}{complex_}IntegerAttributeMetadata", **size},
        ],
        **facts,
    }


def make_tables(environment: DataverseEnvironment, way: str) -> None:
    if way == "EntityDefinitions":
        answer = environment.call("POST", "/EntityDefinitions", table_of("acx_Shoe"))
        assert answer.status_code == 204, answer.text
        assert answer.headers["odata-entityid"].endswith(")")
    else:
        body = {"Entities": [table_of("acx_Shoe", "Complex")]}
        answer = environment.call("POST", "/CreateEntities?SolutionUniqueName=Default", body)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("way", ["EntityDefinitions", "CreateEntities"])
def test_a_table_is_made_filled_and_taken_away(environment: DataverseEnvironment, way: str) -> None:
    make_tables(environment, way)
    path = "/EntityDefinitions(LogicalName='acx_shoe')"
    made = environment.get(path)
    assert (made["EntitySetName"], made["PrimaryNameAttribute"]) == ("acx_shoes", "acx_title")
    assert made["IsCustomEntity"] is True
    row = environment.call("POST", "/acx_shoes", {"acx_title": "Boot", "acx_size": 9}).headers[
        "odata-entityid"
    ]
    (shown,) = environment.get("/acx_shoes?$filter=acx_size gt 8")["value"]
    assert (shown["acx_title"], shown["statecode"], shown["statuscode"]) == ("Boot", 0, 1)
    assert shown["_ownerid_value"]
    address = row.partition("/api/data/v9.2")[2]
    assert environment.call("PATCH", address, {"statecode": 1}).status_code == 204
    assert environment.get(address)["statuscode"] == 2
    assert environment.refusal("POST", "/acx_shoes", {"acx_size": 10})[0] == "0x8004432F"

    assert environment.call("DELETE", path).status_code == 204
    assert environment.refusal("GET", "/acx_shoes", status=404)[0] == "0x8006088a"


def test_an_own_table_outlives_a_restart_and_ends_with_a_reset(
    environment: DataverseEnvironment, opening: Any
) -> None:
    make_tables(environment, "EntityDefinitions")
    environment.call("POST", "/acx_shoes", {"acx_title": "Boot"})
    later = opening()
    later.controlled.restore(environment.controlled.saved())
    assert [row["acx_title"] for row in later.get("/acx_shoes")["value"]] == ["Boot"]
    later.control("POST", "reset")
    assert later.call("GET", "/acx_shoes").status_code == 404


@pytest.mark.parametrize(
    "facts",
    [{"Attributes": []}, {"SchemaName": "Shoe"}, {"OwnershipType": "Nobodys"}, {"SchemaName": "acx_Shoe"}],
)
def test_a_table_that_cannot_be_is_refused(environment: DataverseEnvironment, facts: dict[str, Any]) -> None:
    make_tables(environment, "EntityDefinitions")
    environment.refusal("POST", "/EntityDefinitions", {**table_of("acx_Other"), **facts})


def test_tables_that_others_need_stay(environment: DataverseEnvironment) -> None:
    assert "system entity" in environment.refusal("DELETE", "/EntityDefinitions(LogicalName='lead')")[1]
    make_tables(environment, "EntityDefinitions")
    lookup = {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata", "SchemaName": "acx_shoe_contact",
        "ReferencedEntity": "acx_shoe", "ReferencingEntity": "contact",
        "Lookup": {"SchemaName": "acx_ShoeId", "DisplayName": label("Shoe")},
    }  # fmt: skip
    assert environment.call("POST", "/RelationshipDefinitions", lookup).status_code == 204
    code, _ = environment.refusal("DELETE", "/EntityDefinitions(LogicalName='acx_shoe')")
    assert code == "0x8004f01f"
