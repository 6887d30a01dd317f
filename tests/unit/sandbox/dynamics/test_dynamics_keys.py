"""Alternate keys of a Dataverse environment: defining them, addressing rows by them, upserts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CONTACT = "/EntityDefinitions(LogicalName='contact')"
WHOLE = {"Prefer": "return=representation"}
FOUND = "/contacts(new_legacykey='4711')"


def key(environment: DataverseEnvironment, *columns: str, name: str = "acx_Key", table: str = CONTACT) -> str:
    """Define a key and wait until its index is built; the address of the definition."""
    answer = environment.call("POST", f"{table}/Keys", {"SchemaName": name, "KeyAttributes": list(columns)})
    assert answer.status_code == 204, answer.text
    environment.clock.advance(1)
    return answer.headers["odata-entityid"]


@pytest.fixture
def keyed(opening: Any) -> DataverseEnvironment:
    """No rows, and a key on `new_legacykey`."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    key(environment, "new_legacykey")
    return environment


def rows(environment: DataverseEnvironment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = environment.get("/contacts?$select=lastname,new_legacykey")["value"]
    return found


def test_a_key_is_usable_once_its_index_is_built(environment: DataverseEnvironment) -> None:
    path = f"{CONTACT}/Keys?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus"
    body = {"SchemaName": "acx_Key", "KeyAttributes": ["new_legacykey"]}
    assert environment.call("POST", f"{CONTACT}/Keys", body).status_code == 204
    seen = []
    for _ in range(3):
        (found,) = environment.get(path)["value"]
        seen.append(found["EntityKeyIndexStatus"])
        if seen[-1] != "Active":
            assert environment.refusal("GET", "/contacts(new_legacykey='K-000000')")[0] == "0x80060890"
        environment.clock.advance(0.2)
    assert seen == ["Pending", "InProgress", "Active"]
    assert environment.get("/contacts(new_legacykey='k-000000')")["new_legacykey"] == "K-000000"


def test_a_row_by_its_key(keyed: DataverseEnvironment) -> None:
    missing = keyed.refusal("GET", FOUND, status=404)
    assert missing[0] == "0x80060891"
    keyed.call("POST", "/contacts", {"lastname": "Ruiz", "new_legacykey": "4711"})
    assert keyed.get(FOUND)["lastname"] == "Ruiz"
    assert keyed.call("DELETE", FOUND).status_code == 204
    assert keyed.refusal("DELETE", FOUND, status=404)[0] == "0x80060891"


@pytest.mark.parametrize(
    "path",
    [
        "/contacts(emailaddress1='a@example.org')",
        "/contacts(new_legacykey='1',lastname='Ruiz')",
        "/contacts(nobody='1')",
        "/contacts(New_LegacyKey='1')",
        "/contacts(new_legacykey=1)",
        "/contacts('1')",
        "/contacts(new_legacykey=)",
    ],
)
def test_what_is_no_key_of_the_table(keyed: DataverseEnvironment, path: str) -> None:
    text = "The key in the request URI is not valid for resource 'contacts'."
    assert keyed.refusal("GET", path) == ("0x80060888", text)


def test_signs_that_break_addresses(keyed: DataverseEnvironment) -> None:
    keyed.call("POST", "/contacts", {"new_legacykey": "a+b"})
    assert "dangerous" in keyed.refusal("GET", "/contacts(new_legacykey='a%2Bb')")[1]


def test_an_upsert_by_key_makes_then_changes(keyed: DataverseEnvironment) -> None:
    made = keyed.call("PATCH", FOUND, {"lastname": "Ruiz"})
    assert (made.status_code, made.headers["odata-entityid"].endswith(FOUND)) == (204, True)
    again = keyed.call("PATCH", FOUND, {"lastname": "Chen", "new_legacykey": "other"})
    assert (again.status_code, again.headers["odata-entityid"].endswith(FOUND)) == (204, True)
    (row,) = rows(keyed)
    assert (row["lastname"], row["new_legacykey"]) == ("Chen", "4711")


def test_an_upsert_tells_what_it_did_only_with_the_row(keyed: DataverseEnvironment) -> None:
    answers = [keyed.call("PATCH", f"{FOUND}?$select=contactid", {}, headers=WHOLE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["contactid"] == answers[1].json()["contactid"]


def test_conditions_of_an_upsert(keyed: DataverseEnvironment) -> None:
    only_update = keyed.refusal("PATCH", FOUND, {}, status=404, headers={"If-Match": "*"})
    assert only_update[0] == "0x80060891"
    assert rows(keyed) == []
    only_create = {"If-None-Match": "*"}
    assert keyed.call("PATCH", FOUND, {}, headers=only_create).status_code == 204
    assert keyed.refusal("PATCH", FOUND, {}, status=412, headers=only_create)[0] == "0x80040237"


def test_the_body_counts_when_a_row_is_made(keyed: DataverseEnvironment) -> None:
    assert keyed.call("PATCH", FOUND, {"new_legacykey": "4712"}).status_code == 204
    assert [row["new_legacykey"] for row in rows(keyed)] == ["4712"]


def test_no_two_rows_have_the_same_values(keyed: DataverseEnvironment) -> None:
    keyed.call("POST", "/contacts", {"lastname": "One", "new_legacykey": "k1"})
    other = keyed.call("POST", "/contacts", {"lastname": "Two", "new_legacykey": "k2"})
    path = other.headers["odata-entityid"].partition("/v9.2")[2]
    assert keyed.refusal("POST", "/contacts", {"new_legacykey": "K1"}, status=412)[0] == "0x80060892"
    assert keyed.refusal("PATCH", path, {"new_legacykey": "k1"}, status=412)[0] == "0x80060892"
    for _ in range(2):
        assert keyed.call("POST", "/contacts", {"lastname": "None"}).status_code == 204
    assert keyed.call("PATCH", path, {"new_legacykey": None}).status_code == 204
    assert keyed.call("POST", "/contacts", {"new_legacykey": "k2"}).status_code == 204


def test_a_key_of_several_columns_and_a_lookup(environment: DataverseEnvironment) -> None:
    key(environment, "firstname", "emailaddress1", "new_referredby")
    friend = environment.call("POST", "/contacts", {"lastname": "Friend"}).headers["odata-entityid"]
    guid = friend[-37:-1]
    body = {"firstname": "Joe", "emailaddress1": "joe@x.test", "new_ReferredBy@odata.bind": friend}
    environment.call("POST", "/contacts", body)
    named = f"firstname='joe',_new_referredby_value={guid},emailaddress1='joe@x.test'"
    assert environment.get(f"/contacts({named})")["emailaddress1"] == "joe@x.test"
    assert (
        environment.refusal("GET", "/contacts(firstname='joe',emailaddress1='joe@x.test')")[0] == "0x80060888"
    )


def test_lookups_are_bound_by_keys_too(environment: DataverseEnvironment) -> None:
    key(environment, "accountnumber", table="/EntityDefinitions(LogicalName='account')")
    environment.call("POST", "/accounts", {"name": "Contoso", "accountnumber": "17"})
    bind = {"lastname": "Ruiz", "parentcustomerid_account@odata.bind": "/accounts(accountnumber='17')"}
    assert environment.call("POST", "/contacts", bind).status_code == 204
    nobody = {**bind, "parentcustomerid_account@odata.bind": "/accounts(accountnumber='18')"}
    assert environment.refusal("POST", "/contacts", nobody, status=404)[0] == "0x80060891"


def test_a_key_fails_over_rows_that_are_the_same(environment: DataverseEnvironment) -> None:
    twins = [environment.call("POST", "/contacts", {"jobtitle": "twin"}) for _ in range(2)]
    key(environment, "jobtitle")
    (found,) = environment.get(f"{CONTACT}/Keys")["value"]
    assert found["EntityKeyIndexStatus"] == "Failed"
    assert environment.refusal("GET", "/contacts(jobtitle='twin')")[0] == "0x80060890"
    path = twins[0].headers["odata-entityid"].partition("/v9.2")[2]
    for row in environment.get("/contacts?$select=jobtitle&$filter=jobtitle ne 'twin'")["value"]:
        environment.call("PATCH", f"/contacts({row['contactid']})", {"jobtitle": None})
    environment.call("DELETE", path)
    again = {"EntityLogicalName": "contact", "EntityKeyLogicalName": "acx_key"}
    assert environment.call("POST", "/ReactivateEntityKey", again).status_code == 204
    environment.clock.advance(1)
    assert environment.get("/contacts(jobtitle='twin')")["jobtitle"] == "twin"


@pytest.mark.parametrize(
    "columns",
    [[], ["nobody"], ["description"], ["fullname", "fullname"], ["new_interests"], ["websiteurl"] * 17],
)
def test_columns_that_no_key_can_have(environment: DataverseEnvironment, columns: list[str]) -> None:
    body = {"SchemaName": "acx_Key", "KeyAttributes": columns}
    assert environment.refusal("POST", f"{CONTACT}/Keys", body)[0] == "0x80040203"


def test_a_key_has_at_most_900_bytes(environment: DataverseEnvironment) -> None:
    body = {"SchemaName": "acx_Key", "KeyAttributes": ["websiteurl", "ftpsiteurl", "department"]}
    assert "900" in environment.refusal("POST", f"{CONTACT}/Keys", body)[1]


def test_a_column_of_a_key_cannot_be_deleted(keyed: DataverseEnvironment) -> None:
    path = f"{CONTACT}/Attributes(LogicalName='new_legacykey')"
    assert keyed.refusal("DELETE", path)[0] == "0x8004f01f"
    assert keyed.call("DELETE", f"{CONTACT}/Keys(LogicalName='acx_key')").status_code == 204
    assert keyed.call("DELETE", path).status_code == 204


def test_a_refused_change_set_leaves_keys_as_they_were(keyed: DataverseEnvironment) -> None:
    """The index forgets rows that were taken back."""
    inner = [
        'POST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"new_legacykey":"k1"}',
        "DELETE /api/data/v9.2/contacts(new_legacykey='none') HTTP/1.1\r\n\r\n",
    ]
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: "
    parts = "".join(f"--c\r\n{head}{n}\r\n\r\n{each}\r\n" for n, each in enumerate(inner))
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{parts}--c--\r\n--b--\r\n"
    answer = keyed.http.post(
        "/api/data/v9.2/$batch", content=body, headers={"Content-Type": "multipart/mixed; boundary=b"}
    )
    assert answer.status_code == 404, answer.text
    assert keyed.refusal("GET", "/contacts(new_legacykey='k1')", status=404)[0] == "0x80060891"
    assert keyed.call("POST", "/contacts", {"new_legacykey": "k1"}).status_code == 204
