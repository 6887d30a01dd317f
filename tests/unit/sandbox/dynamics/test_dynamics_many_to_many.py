"""Many-to-many relationships that metadata calls make: ties between rows, and what queries see of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
NAME = "acx_Contact_Lead"
NOBODY = "00000000-0000-0000-0000-00000000dead"


def definition(**changed: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}ManyToManyRelationshipMetadata",
        "SchemaName": NAME,
        "IntersectEntityName": "acx_contact_lead",
        "Entity1LogicalName": "contact",
        "Entity2LogicalName": "lead",
        **changed,
    }


@pytest.fixture
def tied(environment: DataverseEnvironment) -> DataverseEnvironment:
    """An environment in which contacts and leads can be tied."""
    answer = environment.call("POST", "/RelationshipDefinitions", definition())
    assert answer.status_code == 204, answer.text
    assert "/RelationshipDefinitions(" in answer.headers["odata-entityid"]
    return environment


def keys(environment: DataverseEnvironment, table: str) -> list[str]:
    return [str(row[f"{table}id"]) for row in environment.controlled.dump()[table]]


def tie(environment: DataverseEnvironment, contact: str, lead: str) -> None:
    other = {"@odata.id": f"{environment.ready['url']}/api/data/v9.2/leads({lead})"}
    answer = environment.call("POST", f"/contacts({contact})/{NAME}/$ref", other)
    assert answer.status_code == 204, answer.text


def test_rows_are_tied_and_untied_from_both_sides(tied: DataverseEnvironment) -> None:
    contact, (one, two, *_) = keys(tied, "contact")[0], keys(tied, "lead")
    tie(tied, contact, one)
    tie(tied, contact, two)
    found = tied.get(f"/contacts({contact})/{NAME}?$select=leadid&$filter=leadid eq {one}")["value"]
    assert [row["leadid"] for row in found] == [one]
    assert [row["contactid"] for row in tied.get(f"/leads({two})/{NAME}")["value"]] == [contact]
    references = tied.get(f"/contacts({contact})/{NAME}/$ref")["value"]
    assert sorted(each["@odata.id"][-37:-1] for each in references) == sorted((one, two))
    assert tied.call("DELETE", f"/contacts({contact})/{NAME}({one})/$ref").status_code == 204
    assert tied.call("DELETE", f"/leads({two})/{NAME}/$ref?$id=contacts({contact})").status_code == 204
    assert tied.call("GET", f"/contacts({contact})/{NAME}/$count").text.endswith("0")


def test_queries_go_through_a_tie(tied: DataverseEnvironment) -> None:
    contact, lead = keys(tied, "contact")[0], keys(tied, "lead")[0]
    tie(tied, contact, lead)
    row = tied.get(f"/contacts({contact})?$select=contactid&$expand={NAME}($select=leadid)")
    assert [each["leadid"] for each in row[NAME]] == [lead]
    found = tied.get(f"/contacts?$select=contactid&$filter={NAME}/any(l:l/leadid eq {lead})")["value"]
    assert [each["contactid"] for each in found] == [contact]
    fetch = (
        "<fetch><entity name='contact'><attribute name='contactid'/><link-entity name='acx_contact_lead' "
        f"from='contactid' to='contactid'><filter><condition attribute='leadid' operator='eq' value='{lead}'/>"
        "</filter></link-entity></entity></fetch>"
    )
    assert [each["contactid"] for each in tied.get(f"/contacts?fetchXml={fetch}")["value"]] == [contact]
    (pair,) = tied.get("/acx_contact_leadset")["value"]
    assert (pair["contactid"], pair["leadid"]) == (contact, lead)


def test_what_cannot_be_tied(tied: DataverseEnvironment) -> None:
    contact, lead = keys(tied, "contact")[0], keys(tied, "lead")[0]
    tie(tied, contact, lead)
    at = f"/contacts({contact})/{NAME}/$ref"
    assert tied.refusal("POST", at, {"@odata.id": f"leads({lead})"}, status=412)[0] == "0x80040237"
    assert tied.refusal("POST", at, {"@odata.id": f"leads({NOBODY})"}, status=404)[0] == "0x80040217"
    assert tied.refusal("POST", at, {"@odata.id": f"contacts({contact})"})[0] == "0x80048d19"
    assert tied.refusal("POST", at, {})[0] == "0x80048d19"
    assert tied.refusal("POST", "/acx_contact_leadset", {}, status=405)[0] == "0x8006088b"


def test_new_rows_come_with_their_ties(tied: DataverseEnvironment) -> None:
    lead = keys(tied, "lead")[0]
    for body in ({NAME: [{"lastname": "Inner"}]}, {f"{NAME}@odata.bind": [f"/leads({lead})"]}):
        made = tied.call("POST", "/contacts", {"lastname": "Outer", **body})
        assert made.status_code == 204, made.text
        key = made.headers["odata-entityid"][-37:-1]
        (row,) = tied.get(f"/contacts({key})/{NAME}?$select=lastname")["value"]
        assert row["lastname"] == "Inner" or row["leadid"] == lead
    before = tied.controlled.dump()
    bad = {"lastname": "Outer", f"{NAME}@odata.bind": [f"/leads({lead})", f"/leads({NOBODY})"]}
    assert tied.refusal("POST", "/contacts", bad, status=404)[0] == "0x80040217"
    assert tied.controlled.dump() == before


def test_a_row_that_goes_takes_its_ties_along(tied: DataverseEnvironment) -> None:
    contact, lead = keys(tied, "contact")[0], keys(tied, "lead")[0]
    tie(tied, contact, lead)
    assert tied.call("DELETE", f"/leads({lead})").status_code == 204
    assert tied.get("/acx_contact_leadset")["value"] == []


def test_the_relationship_is_read_like_others(tied: DataverseEnvironment) -> None:
    wanted = {"IntersectEntityName": "acx_contact_lead", "Entity1IntersectAttribute": "contactid"}
    found = tied.get(f"/RelationshipDefinitions(SchemaName='{NAME}')")
    assert found.items() >= wanted.items()
    names = "/EntityDefinitions(LogicalName='lead')/ManyToManyRelationships?$select=SchemaName"
    assert [each["SchemaName"] for each in tied.get(names)["value"]] == [NAME]
    assert tied.get("/EntityDefinitions(LogicalName='acx_contact_lead')")["IsIntersect"] is True
    partner = f'<NavigationProperty Name="{NAME}" Type="Collection(mscrm.lead)" Partner="{NAME}" />'
    assert partner in tied.call("GET", "/$metadata").text
    standard = tied.get("/RelationshipDefinitions(SchemaName='teammembership_association')")
    assert standard["Entity2LogicalName"] == "systemuser"


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({}, "0x80047007", 400),
        ({"SchemaName": "contact_customer_accounts"}, "0x80047007", 400),
        ({"SchemaName": "acx_Other"}, "0x80047013", 400),
        ({"SchemaName": "Unprefixed"}, "0x80040203", 400),
        ({"SchemaName": "acx_Other", "Entity2LogicalName": "nothing"}, "0x8004024a", 404),
        ({"SchemaName": "acx_Other", "Entity2LogicalName": "teamroles"}, "0x80040203", 400),
        (
            {"SchemaName": "acx_O", "IntersectEntityName": "acx_o", "Entity1NavigationPropertyName": NAME},
            "0x80040203",
            400,
        ),
    ],
)
def test_a_relationship_that_cannot_be(
    tied: DataverseEnvironment, changed: dict[str, Any], code: str, status: int
) -> None:
    body = definition(**changed)
    assert tied.refusal("POST", "/RelationshipDefinitions", body, status=status)[0] == code


def test_a_relationship_within_one_table_has_two_ways(environment: DataverseEnvironment) -> None:
    body = definition(SchemaName="acx_Twins", IntersectEntityName="acx_twins", Entity2LogicalName="contact")
    assert environment.call("POST", "/RelationshipDefinitions", body).status_code == 204
    one, two, *_ = keys(environment, "contact")
    there = environment.call("POST", f"/contacts({one})/acx_Twins/$ref", {"@odata.id": f"contacts({two})"})
    assert there.status_code == 204
    back = environment.get(f"/contacts({two})/acx_Twins_referenced?$select=contactid")["value"]
    assert [row["contactid"] for row in back] == [one]
    assert environment.get(f"/contacts({two})/acx_Twins")["value"] == []


def test_a_relationship_that_is_taken_away_leaves_nothing(tied: DataverseEnvironment) -> None:
    contact = keys(tied, "contact")[0]
    address = f"/RelationshipDefinitions(SchemaName='{NAME}')"
    assert tied.call("DELETE", address).status_code == 204
    assert tied.refusal("GET", f"/contacts({contact})/{NAME}", status=404)[0] == "0x8006088a"
    assert tied.refusal("GET", "/acx_contact_leadset", status=404)[0] == "0x8006088a"
    system = "/RelationshipDefinitions(SchemaName='teamroles_association')"
    assert tied.refusal("DELETE", system)[0] == "0x80040203"


def test_ties_are_kept_in_a_state_file(tied: DataverseEnvironment) -> None:
    contact, lead = keys(tied, "contact")[0], keys(tied, "lead")[0]
    tie(tied, contact, lead)
    system = tied.controlled.system
    saved = system.save()
    tied.control("POST", "reset")
    system.restore(saved)
    assert [row["leadid"] for row in tied.get(f"/contacts({contact})/{NAME}")["value"]] == [lead]


def test_a_tie_needs_append_here_and_append_to_there(tied: DataverseEnvironment) -> None:
    contact, lead = keys(tied, "contact")[0], keys(tied, "lead")[0]
    tied.control("POST", "roles", {"name": "System Administrator", "users": []})
    held = ["prvReadContact", "prvReadLead", "prvReadUser"]
    for missing in ("prvAppendContact", "prvAppendToLead", None):
        role = {"name": "Narrow", "privileges": dict.fromkeys(held, "Global")}
        tied.control("POST", "roles", {**role, "users": ["crosswalk.application@org.example"]})
        if missing is None:
            tie(tied, contact, lead)
            return
        at, other = f"/contacts({contact})/{NAME}/$ref", {"@odata.id": f"leads({lead})"}
        code, message = tied.refusal("POST", at, other, status=403)
        assert (code, missing in message) == ("0x80040220", True)
        held.append(missing)
