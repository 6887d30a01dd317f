"""Rows of a Dataverse environment: creating, reading, changing, deleting, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

NOBODY = "00000000-0000-0000-0000-00000000dead"
WHOLE = {"Prefer": "return=representation"}
ALL_NOTES = 'odata.include-annotations="*"'


def made(environment: DataverseEnvironment, table: str, body: dict[str, Any]) -> str:
    answer = environment.call("POST", f"/{table}", body)
    assert answer.status_code == 204, answer.text
    return key_of(answer.headers["odata-entityid"])


def key_of(address: str) -> str:
    found = re.search(r"\(([0-9a-f-]{36})\)$", address)
    assert found, address
    return found[1]


def test_a_creation_answers_with_the_address_alone(environment: DataverseEnvironment) -> None:
    answer = environment.call("POST", "/contacts", {"firstname": "Ana", "lastname": "Ruiz"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"] == answer.headers["odata-entityid"]
    row = environment.get(f"/contacts({key_of(answer.headers['odata-entityid'])})")
    me = environment.get("/WhoAmI")["UserId"]
    assert (row["fullname"], row["statecode"], row["statuscode"]) == ("Ana Ruiz", 0, 1)
    assert row["createdon"] == row["modifiedon"] == "2026-03-02T12:00:00Z"
    assert {row["_createdby_value"], row["_ownerid_value"], row["_owninguser_value"]} == {me}
    assert row["donotbulkemail"] is False
    assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'


def test_a_creation_shows_the_row_if_asked(environment: DataverseEnvironment) -> None:
    path = "/contacts?$select=fullname"
    answer = environment.call("POST", path, {"lastname": "Ruiz"}, headers=WHOLE)
    assert answer.status_code == 201
    assert "odata-entityid" not in answer.headers
    assert answer.headers["preference-applied"] == "return=representation"
    row = answer.json()
    assert row.keys() == {"@odata.context", "@odata.etag", "fullname", "contactid"}
    assert row["@odata.context"].endswith("$metadata#contacts(fullname)/$entity")
    assert answer.headers["etag"] == row["@odata.etag"]


def test_a_status_reason_of_null_is_the_usual_one(environment: DataverseEnvironment) -> None:
    """Clients that send every property send it so."""
    key = made(environment, "contacts", {"lastname": "Ruiz", "statuscode": None, "statecode": None})
    assert environment.get(f"/contacts({key})")["statuscode"] == 1


def test_the_caller_may_choose_the_key_once(environment: DataverseEnvironment) -> None:
    key = "c0000000-0000-0000-0000-00000000000a"
    assert made(environment, "contacts", {"contactid": key, "lastname": "Ruiz"}) == key
    refusal = environment.refusal("POST", "/contacts", {"contactid": key, "lastname": "Ruiz"}, status=412)
    assert refusal[0] == "0x80040237"


def test_an_update_changes_what_was_sent_and_the_version(environment: DataverseEnvironment) -> None:
    key = made(environment, "contacts", {"firstname": "Ana", "lastname": "Ruiz", "jobtitle": "CTO"})
    before = environment.get(f"/contacts({key})")
    environment.clock.advance(60)
    answer = environment.call(
        "PATCH", f"/contacts({key})", {"lastname": "Chen", "jobtitle": None}, headers={"If-Match": "*"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    after = environment.get(f"/contacts({key})")
    assert (after["fullname"], after["jobtitle"], after["createdon"]) == (
        "Ana Chen",
        None,
        before["createdon"],
    )
    assert after["modifiedon"] == "2026-03-02T12:01:00Z"
    assert after["versionnumber"] > before["versionnumber"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_old_version_is_not_written_over(environment: DataverseEnvironment, method: str) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz"})
    old = environment.get(f"/contacts({key})")["@odata.etag"]
    environment.call("PATCH", f"/contacts({key})", {"jobtitle": "CTO"})
    body = {"jobtitle": "CEO"} if method == "PATCH" else None
    refusal = environment.refusal(method, f"/contacts({key})", body, status=412, headers={"If-Match": old})
    text = "The version of the existing record doesn't match the RowVersion property provided."
    assert refusal == ("0x80060882", text)
    new = environment.get(f"/contacts({key})")["@odata.etag"]
    assert environment.call(method, f"/contacts({key})", body, headers={"If-Match": new}).status_code == 204


def test_an_update_without_condition_makes_what_is_not_there(environment: DataverseEnvironment) -> None:
    path = f"/contacts({NOBODY})"
    assert (
        environment.refusal("PATCH", path, {"lastname": "Ruiz"}, status=404, headers={"If-Match": "*"})[0]
        == "0x80040217"
    )
    answer = environment.call("PATCH", path, {"lastname": "Ruiz"})
    assert (answer.status_code, key_of(answer.headers["odata-entityid"])) == (204, NOBODY)
    once = environment.refusal(
        "PATCH", path, {"lastname": "Chen"}, status=412, headers={"If-None-Match": "*"}
    )
    assert once == ("0x80040237", "A record with matching key values already exists.")
    again = environment.call("PATCH", path, {"lastname": "Chen"}, headers={**WHOLE, "If-None-Match": "null"})
    assert (again.status_code, again.json()["lastname"]) == (200, "Chen")


def test_reading_what_is_known_already(environment: DataverseEnvironment) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz"})
    tag = environment.get(f"/contacts({key})")["@odata.etag"]
    answer = environment.call("GET", f"/contacts({key})", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert environment.call("GET", f"/contacts({key})", headers={"If-None-Match": "null"}).status_code == 200


def test_a_deleted_row_is_gone(environment: DataverseEnvironment) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz"})
    assert environment.call("DELETE", f"/contacts({key})").status_code == 204
    for method in ("GET", "DELETE"):
        code, text = environment.refusal(method, f"/contacts({key})", status=404)
        assert (code, text) == ("0x80040217", f"Entity 'contact' With Id = {key} Does Not Exist")


def test_an_account_takes_its_contacts_along_and_leads_let_go(environment: DataverseEnvironment) -> None:
    account = made(environment, "accounts", {"name": "Contoso"})
    bind = f"/accounts({account})"
    contact = made(environment, "contacts", {"lastname": "Ruiz", "parentcustomerid_account@odata.bind": bind})
    lead = made(environment, "leads", {"lastname": "Ruiz", "parentaccountid@odata.bind": bind})
    environment.call("DELETE", f"/accounts({account})")
    assert environment.call("GET", f"/contacts({contact})").status_code == 404
    assert environment.get(f"/leads({lead})")["_parentaccountid_value"] is None


def test_a_polymorphic_lookup_points_one_way_at_a_time(environment: DataverseEnvironment) -> None:
    account = made(environment, "accounts", {"name": "Contoso"})
    other = made(environment, "contacts", {"lastname": "Chen"})
    key = made(
        environment,
        "contacts",
        {"lastname": "Ruiz", "parentcustomerid_account@odata.bind": f"/accounts({account})"},
    )
    path = f"/contacts({key})?$select=_parentcustomerid_value"
    note = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
    assert environment.get(path, Prefer=ALL_NOTES)[note] == "account"
    bind = {
        "parentcustomerid_contact@odata.bind": f"{environment.ready['url']}/api/data/v9.2/contacts({other})"
    }
    environment.call("PATCH", f"/contacts({key})", bind)
    found = environment.get(path, Prefer=ALL_NOTES)
    assert (found["_parentcustomerid_value"], found[note]) == (other, "contact")
    environment.call("PATCH", f"/contacts({key})", {"parentcustomerid_contact": None})
    assert environment.get(path)["_parentcustomerid_value"] is None


def test_annotations_say_what_people_see(environment: DataverseEnvironment) -> None:
    account = made(environment, "accounts", {"name": "Contoso"})
    body = {
        "lastname": "Ruiz", "parentcustomerid_account@odata.bind": f"accounts({account})", "gendercode": 2,
        "birthdate": "1990-02-03", "creditlimit": 1234.5, "new_interests": "100000001,100000000",
        "new_lastmeeting": "2026-05-04T13:11:12+02:00", "numberofchildren": 1200, "donotemail": True,
    }  # fmt: skip
    row = environment.get(f"/contacts({made(environment, 'contacts', body)})", Prefer=ALL_NOTES)
    shown = {name: row.get(f"{name}@OData.Community.Display.V1.FormattedValue") for name in row}
    wanted = {
        "_parentcustomerid_value": "Contoso", "gendercode": "Female", "birthdate": "2/3/1990",
        "creditlimit": "€1,234.50", "new_interests": "Email; Phone", "new_lastmeeting": "5/4/2026 11:11 AM",
        "numberofchildren": "1,200", "donotemail": "Do Not Allow", "statecode": "Active",
    }  # fmt: skip
    assert shown.items() >= wanted.items()
    assert row["new_lastmeeting"] == "2026-05-04T11:11:12Z"
    assert row["new_interests"] == "100000000,100000001"
    assert row["creditlimit"] == row["creditlimit_base"] == 1234.5
    navigation = "_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"
    assert row[navigation] == "parentcustomerid_account"


def test_money_has_four_digits_after_the_point(environment: DataverseEnvironment) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz", "creditlimit": 5_000_000})
    assert b'"creditlimit":5000000.0000' in environment.call("GET", f"/contacts({key})").content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"emailaddress1": "x" * 101}, "0x80044331"),
        ({"gendercode": 99}, "0x8004431A"),
        ({"new_interests": "1"}, "0x8004431A"),
        ({"numberofchildren": 2**31}, "0x8004432F"),
        ({"new_score": 10**12}, "0x80044330"),
        ({"numberofchildren": "2"}, "0x80048d19"),
        ({"donotemail": "yes"}, "0x80048d19"),
        ({"lastname": 17}, "0x80048d19"),
        ({"birthdate": "1990-02-03T00:00:00Z"}, "0x80048d19"),
        ({"birthdate": "1990-02-31"}, "0x80048d19"),
        ({"nonsense": 1}, "0x80048d19"),
        ({"LastName": "Ruiz"}, "0x80048d19"),
        ({"_parentcustomerid_value": NOBODY}, "0x80048d19"),
        ({"parentcustomerid@odata.bind": f"/accounts({NOBODY})"}, "0x80048d19"),
        ({"ParentCustomerId_account@odata.bind": f"/accounts({NOBODY})"}, "0x80048d19"),
        ({"new_referredby@odata.bind": f"/contacts({NOBODY})"}, "0x80048d19"),
        ({"statecode": None}, "0x80040203"),
        ({"statecode": 1, "statuscode": 1}, "0x80048408"),
        ({"statuscode": 2}, "0x80048408"),
        ({"ownerid@odata.bind": None}, "0x80040203"),
    ],
)
def test_values_that_are_refused(environment: DataverseEnvironment, body: dict[str, Any], code: str) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz"})
    before = environment.get(f"/contacts({key})")
    assert environment.refusal("PATCH", f"/contacts({key})", body)[0] == code
    assert environment.get(f"/contacts({key})") == before


def test_a_lookup_points_only_to_what_is_there(environment: DataverseEnvironment) -> None:
    body = {"lastname": "Ruiz", "parentcustomerid_account@odata.bind": f"/accounts({NOBODY})"}
    assert environment.refusal("POST", "/contacts", body, status=404)[0] == "0x80040217"


def test_what_nobody_may_write_is_passed_over(environment: DataverseEnvironment) -> None:
    key = made(
        environment,
        "contacts",
        {"lastname": "Ruiz", "fullname": "Nobody", "createdon": "2001-01-01T00:00:00Z"},
    )
    row = environment.get(f"/contacts({key})")
    assert (row["fullname"], row["createdon"]) == ("Ruiz", "2026-03-02T12:00:00Z")


def test_a_state_brings_its_status_reason(environment: DataverseEnvironment) -> None:
    key = made(environment, "contacts", {"lastname": "Ruiz"})
    environment.call("PATCH", f"/contacts({key})", {"statecode": 1})
    row = environment.get(f"/contacts({key})?$select=statecode,statuscode")
    assert (row["statecode"], row["statuscode"]) == (1, 2)


def test_a_closed_lead_is_changed_only_by_reactivating_it(environment: DataverseEnvironment) -> None:
    key = made(environment, "leads", {"lastname": "Ruiz", "statecode": 2, "statuscode": 5})
    assert environment.refusal("PATCH", f"/leads({key})", {"jobtitle": "CTO"})[0] == "0x80040519"
    answer = environment.call("PATCH", f"/leads({key})", {"statecode": 0, "jobtitle": "CTO"})
    assert answer.status_code == 204
    assert environment.get(f"/leads({key})")["statuscode"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PATCH", "/contacts", 405, "0x8006088b"),
        ("DELETE", "/contacts", 405, "0x8006088b"),
        ("GET", "/nonsenses", 404, "0x8006088a"),
        ("GET", f"/contacts('{NOBODY}')", 400, "0x80060888"),
        ("GET", f"/systemusers(systemuserid={NOBODY})", 400, "0x80060888"),
        ("GET", f"/contacts({NOBODY})?$filter=lastname eq 'x'", 400, "0x80060888"),
        ("POST", "/contacts", 415, "0x80060888"),
    ],
)
def test_what_there_is_not(
    environment: DataverseEnvironment, method: str, path: str, status: int, code: str
) -> None:
    assert environment.refusal(method, path, status=status)[0] == code


def test_people_write_as_themselves(environment: DataverseEnvironment) -> None:
    order = {
        "object": "lead",
        "op": "create",
        "user": "bruno.costa@org.example",
        "values": {"lastname": "Ruiz"},
    }
    row = environment.control("POST", "person", order)
    (user,) = [u for u in environment.controlled.dump()["systemuser"] if u["lastname"] == "Costa"]
    assert environment.get(f"/leads({row['leadid']})")["_modifiedby_value"] == user["systemuserid"]
    wrong = {"object": "lead", "op": "edit", "id": row["leadid"], "values": {"leadqualitycode": 9}}
    assert "valid range" in environment.control("POST", "person", wrong, status=400)["message"]


def test_a_reset_brings_back_the_first_rows(environment: DataverseEnvironment) -> None:
    before = environment.controlled.dump()
    made(environment, "contacts", {"lastname": "Ruiz", "creditlimit": 1})
    kept = environment.controlled.saved()
    after = environment.controlled.dump()
    environment.control("POST", "reset")
    assert environment.controlled.dump() == before
    environment.controlled.restore(kept)
    assert environment.controlled.dump() == after


def test_users_and_teams_have_the_key_of_principals(environment: DataverseEnvironment) -> None:
    user = environment.get("/systemusers?$top=1")["value"][0]
    assert user["ownerid"] == user["systemuserid"]
    found = environment.get(f"/systemusers?$select=ownerid&$filter=ownerid eq {user['ownerid']}")["value"]
    assert [row["ownerid"] for row in found] == [user["ownerid"]]
    assert "ownerid" not in environment.get("/teams?$select=name")["value"][0]
    key = environment.get("/contacts?$select=contactid&$top=1")["value"][0]["contactid"]
    owner = environment.get(f"/contacts({key})?$select=_ownerid_value&$expand=ownerid($select=ownerid)")
    assert owner["ownerid"]["ownerid"] == owner["_ownerid_value"]
