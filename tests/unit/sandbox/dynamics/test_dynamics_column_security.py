"""Column security: profiles with permissions say who may read and write secured columns."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
ME = "crosswalk.application@org.example"
COLUMN = "/EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='pager')"
PRIVILEGES = ("prvCreateContact", "prvReadContact", "prvWriteContact", "prvReadUser", "prvReadEntity")


@pytest.fixture
def secured(environment: DataverseEnvironment) -> DataverseEnvironment:
    """An environment in which `pager` is secured, every contact has one, and the caller is no administrator."""
    definition = environment.get(f"{COLUMN}/{CRM}StringAttributeMetadata")
    sent = {"@odata.type": f"{CRM}StringAttributeMetadata", **definition, "IsSecured": True}
    assert environment.call("PUT", COLUMN, sent).status_code == 204
    for row in environment.get("/contacts?$select=contactid")["value"]:
        assert environment.call("PATCH", f"/contacts({row['contactid']})", {"pager": "77"}).status_code == 204
    return environment


def narrow(environment: DataverseEnvironment) -> None:
    environment.control("POST", "roles", {"name": "System Administrator", "users": []})
    held = dict.fromkeys((*PRIVILEGES, "prvReadAttribute"), "Global")
    environment.control("POST", "roles", {"name": "Narrow", "privileges": held, "users": [ME]})


def made(environment: DataverseEnvironment, set_name: str, **body: Any) -> str:
    answer = environment.call("POST", f"/{set_name}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"][-37:-1]


def profile(environment: DataverseEnvironment, **allowed: int) -> str:
    key = made(environment, "fieldsecurityprofiles", name="Pagers")
    bind = {"fieldsecurityprofileid@odata.bind": f"/fieldsecurityprofiles({key})"}
    named = {"entityname": "contact", "attributelogicalname": "pager"}
    made(environment, "fieldpermissions", **bind, **named, **allowed)
    return key


def own_id(environment: DataverseEnvironment) -> str:
    return str(environment.get("/WhoAmI")["UserId"])


def test_a_secured_column_is_for_administrators_alone(secured: DataverseEnvironment) -> None:
    assert secured.get(COLUMN)["IsSecured"] is True
    row = secured.get("/contacts?$select=pager&$top=1")["value"][0]
    assert row["pager"] == "77"
    narrow(secured)
    key = f"/contacts({row['contactid']})"
    assert secured.get(f"{key}?$select=pager")["pager"] is None
    assert secured.get("/contacts?$select=contactid&$filter=pager eq '77'")["value"] == []
    rule = "<condition attribute='pager' operator='eq' value='77'/>"
    fetch = f"<fetch><entity name='contact'><filter>{rule}</filter></entity></fetch>"
    assert secured.get(f"/contacts?fetchXml={fetch}")["value"] == []
    assert secured.refusal("GET", f"{key}/pager", status=403)[0] == "0x8004F504"
    assert secured.refusal("PATCH", key, {"pager": "1"}, status=403)[0] == "0x8004F507"
    assert secured.refusal("POST", "/contacts", {"pager": "1"}, status=403)[0] == "0x8004F507"
    assert secured.call("PATCH", key, {"jobtitle": "CTO"}).status_code == 204


def test_profiles_allow_one_thing_at_a_time(secured: DataverseEnvironment) -> None:
    reading = profile(secured, canread=4)
    me = own_id(secured)
    tie = f"/systemusers({me})/systemuserprofiles_association/$ref"
    assert secured.call("POST", tie, {"@odata.id": f"fieldsecurityprofiles({reading})"}).status_code == 204
    members = secured.get(
        f"/fieldsecurityprofiles({reading})/systemuserprofiles_association?$select=fullname"
    )
    assert [row["systemuserid"] for row in members["value"]] == [me]
    narrow(secured)
    row = secured.get("/contacts?$select=pager&$filter=pager eq '77'&$top=1")["value"][0]
    key = f"/contacts({row['contactid']})"
    assert secured.refusal("PATCH", key, {"pager": "1"}, status=403)[0] == "0x8004F507"
    assert secured.refusal("POST", "/contacts", {"pager": "1"}, status=403)[0] == "0x8004F507"


def test_a_profile_counts_through_a_team(secured: DataverseEnvironment) -> None:
    writing = profile(secured, canread=4, cancreate=4, canupdate=4)
    unit = secured.get("/businessunits?$top=1")["value"][0]["businessunitid"]
    team = made(secured, "teams", name="Pagers", **{"businessunitid@odata.bind": f"/businessunits({unit})"})
    member = {"@odata.id": f"systemusers({own_id(secured)})"}
    assert secured.call("POST", f"/teams({team})/teammembership_association/$ref", member).status_code == 204
    ref = {"@odata.id": f"fieldsecurityprofiles({writing})"}
    assert secured.call("POST", f"/teams({team})/teamprofiles_association/$ref", ref).status_code == 204
    narrow(secured)
    key = made(secured, "contacts", lastname="Vogel", pager="5")
    assert secured.call("PATCH", f"/contacts({key})", {"pager": "6"}).status_code == 204
    assert secured.get(f"/contacts({key})?$select=pager")["pager"] == "6"


def test_permissions_are_about_secured_columns_and_go_with_their_profile(
    secured: DataverseEnvironment,
) -> None:
    key = profile(secured, canread=4)
    bind = {"fieldsecurityprofileid@odata.bind": f"/fieldsecurityprofiles({key})"}
    for name, code in (("fax", "0x80040203"), ("nothing", "0x80041103")):
        body = {**bind, "entityname": "contact", "attributelogicalname": name}
        assert secured.refusal("POST", "/fieldpermissions", body)[0] == code
    wrong = {**bind, "entityname": "contact", "attributelogicalname": "pager", "canread": 1}
    assert secured.refusal("POST", "/fieldpermissions", wrong)[0] == "0x8004431A"
    assert len(secured.get("/fieldpermissions")["value"]) == 1
    assert secured.call("DELETE", f"/fieldsecurityprofiles({key})").status_code == 204
    assert secured.get("/fieldpermissions")["value"] == []
    narrow(secured)
    body = {"name": "Mine"}
    code, message = secured.refusal("POST", "/fieldsecurityprofiles", body, status=403)
    assert (code, "prvCreateFieldSecurityProfile" in message) == ("0x80040220", True)
