"""Related rows of a Dataverse environment: collections, references, single properties, deep insert."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

NAVIGATION = "contact_customer_accounts"


def path_of(answer: Any) -> str:
    found: str = answer.headers["odata-entityid"].partition("/v9.2")[2]
    return found


@pytest.fixture
def company(opening: Any) -> tuple[DataverseEnvironment, str]:
    """An account with three contacts, and another one with none; its path."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    contacts = [{"lastname": name, "numberofchildren": n} for n, name in enumerate(("Chen", "Abel", "Baer"))]
    body = {"name": "Contoso", "accountnumber": "1", NAVIGATION: contacts}
    made = environment.call("POST", "/accounts", body)
    assert made.status_code == 204, made.text
    environment.call("POST", "/accounts", {"name": "Lonely", "accountnumber": "2"})
    return environment, path_of(made)


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["lastname"] for row in rows]


def test_a_creation_with_rows_around_it(company: tuple[DataverseEnvironment, str]) -> None:
    environment, _ = company
    boss = {"lastname": "Boss", "parentcustomerid_account": {"name": "Boss Ltd", "telephone1": "1"}}
    made = environment.call("POST", "/accounts", {"name": "Fabrikam", "primarycontactid": boss})
    found = environment.get(f"{path_of(made)}?$expand=primarycontactid($expand=parentcustomerid_account)")
    assert found["primarycontactid"]["lastname"] == "Boss"
    assert found["primarycontactid"]["parentcustomerid_account"]["name"] == "Boss Ltd"


def test_a_creation_with_a_bad_row_makes_none(company: tuple[DataverseEnvironment, str]) -> None:
    environment, _ = company
    body = {"name": "Fabrikam", NAVIGATION: [{"lastname": "Good"}, {"lastname": "x" * 51}]}
    assert environment.refusal("POST", "/accounts", body)[0] == "0x80044331"
    assert environment.refusal("POST", "/accounts", {"name": "F", "nobody": [{}]})[0] == "0x80048d19"
    assert len(environment.get("/accounts")["value"]) == 2
    assert len(environment.get("/contacts")["value"]) == 3


def test_the_rows_of_a_collection(company: tuple[DataverseEnvironment, str]) -> None:
    environment, account = company
    query = "$select=lastname&$orderby=lastname&$filter=numberofchildren ge 1"
    assert names(environment.get(f"{account}/{NAVIGATION}?{query}")["value"]) == ["Abel", "Baer"]
    assert environment.call("GET", f"{account}/{NAVIGATION}/$count").text == "\ufeff3"
    page = environment.get(f"{account}/{NAVIGATION}?$orderby=lastname", Prefer="odata.maxpagesize=2")
    rest = environment.http.get(page["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=2"}).json()
    assert names(page["value"] + rest["value"]) == ["Abel", "Baer", "Chen"]


def test_an_expanded_collection_and_its_options(company: tuple[DataverseEnvironment, str]) -> None:
    environment, account = company
    inner = "$select=lastname;$filter=numberofchildren lt 2;$orderby=lastname desc;$top=1"
    found = environment.get(f"{account}?$select=name&$expand={NAVIGATION}({quote(inner)})")
    assert names(found[NAVIGATION]) == ["Chen"]
    assert f"{NAVIGATION}@odata.nextLink" not in found
    assert "numberofchildren" not in found[NAVIGATION][0]


def test_an_expansion_of_a_set_has_links_to_the_rest(company: tuple[DataverseEnvironment, str]) -> None:
    environment, _ = company
    inner = "$select=lastname;$orderby=lastname;$filter=lastname ne 'a;(b'"
    query = f"$select=name&$orderby=name&$expand={NAVIGATION}({quote(inner)})"
    contoso, lonely = environment.get(f"/accounts?{query}", Prefer="odata.maxpagesize=2")["value"]
    assert (names(contoso[NAVIGATION]), lonely[NAVIGATION]) == (["Abel", "Baer"], [])
    for row, left in ((contoso, ["Chen"]), (lonely, [])):
        rest = environment.http.get(row[f"{NAVIGATION}@odata.nextLink"])
        assert names(rest.json()["value"]) == left


def test_options_of_collections_are_not_for_lookups(company: tuple[DataverseEnvironment, str]) -> None:
    environment, _ = company
    query = "$expand=parentcustomerid_account($filter=name eq 'x')"
    assert environment.refusal("GET", f"/contacts?{query}")[0] == "0x80060888"
    many = ",".join(["owninguser"] * 16)
    assert environment.refusal("GET", f"/contacts?$expand={many}")[0] == "0x80060888"


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        (f"{NAVIGATION}/any(c:c/lastname eq 'ABEL')", ["Contoso"]),
        (f"{NAVIGATION}/any(c:c/lastname eq 'Abel' and c/numberofchildren eq 0)", []),
        (f"{NAVIGATION}/any()", ["Contoso"]),
        (f"not {NAVIGATION}/any()", ["Lonely"]),
        (f"{NAVIGATION}/all(c:c/numberofchildren ge 0)", ["Contoso", "Lonely"]),
        (f"{NAVIGATION}/all(c:c/numberofchildren ge 1)", ["Lonely"]),
        (f"{NAVIGATION}/any(c:c/parentcustomerid_account/name eq 'Contoso') or name eq 'x'", ["Contoso"]),
    ],
)
def test_some_or_every_row_of_a_collection(
    company: tuple[DataverseEnvironment, str], filter_: str, found: list[str]
) -> None:
    rows = company[0].get(f"/accounts?$select=name&$orderby=name&$filter={quote(filter_)}")["value"]
    assert [row["name"] for row in rows] == found


@pytest.mark.parametrize(
    "filter_",
    [
        f"{NAVIGATION}/any(c:lastname eq 'Abel')",
        f"{NAVIGATION}/any(c:c/nobody eq 'Abel')",
        "primarycontactid/any(c:c/lastname eq 'Abel')",
        f"{NAVIGATION}/any(c/lastname eq 'Abel')",
    ],
)
def test_questions_about_collections_that_are_refused(
    company: tuple[DataverseEnvironment, str], filter_: str
) -> None:
    assert company[0].refusal("GET", f"/accounts?$filter={quote(filter_)}")[0] == "0x80060888"


def test_a_lookup_by_its_reference(company: tuple[DataverseEnvironment, str]) -> None:
    environment, account = company
    contact = path_of(environment.call("POST", "/contacts", {"lastname": "Ruiz"}))
    lookup = f"{account}/primarycontactid"
    assert environment.call("GET", lookup).status_code == 204
    body = {"@odata.id": f"{environment.ready['url']}/api/data/v9.2{contact}"}
    assert environment.call("PUT", f"{lookup}/$ref", body).status_code == 204
    assert environment.get(f"{lookup}?$select=lastname")["lastname"] == "Ruiz"
    assert environment.get(f"{lookup}/$ref")["@odata.id"].endswith(contact)
    assert environment.call("DELETE", f"{lookup}/$ref").status_code == 204
    assert environment.get(account)["_primarycontactid_value"] is None


def test_adding_to_a_collection_and_taking_out(company: tuple[DataverseEnvironment, str]) -> None:
    environment, account = company
    contact = path_of(environment.call("POST", "/contacts", {"lastname": "Ruiz"}))
    added = environment.call("POST", f"{account}/{NAVIGATION}/$ref", {"@odata.id": contact})
    assert added.status_code == 204, added.text
    references = [each["@odata.id"] for each in environment.get(f"{account}/{NAVIGATION}/$ref")["value"]]
    assert contact in {each.partition("/v9.2")[2] for each in references}
    guid = contact[-37:-1]
    taken = environment.call("DELETE", f"{account}/{NAVIGATION}({guid})/$ref")
    assert taken.status_code == 204, taken.text
    assert environment.get(contact)["_parentcustomerid_value"] is None
    again = environment.refusal("DELETE", f"{account}/{NAVIGATION}({guid})/$ref", status=404)
    assert again[0] == "0x80040217"
    environment.call("POST", f"{account}/{NAVIGATION}/$ref", {"@odata.id": contact})
    assert environment.call("DELETE", f"{account}/{NAVIGATION}/$ref?$id={contact}").status_code == 204
    lead = path_of(environment.call("POST", "/leads", {"lastname": "Ruiz"}))
    wrong = environment.refusal("POST", f"{account}/{NAVIGATION}/$ref", {"@odata.id": lead})
    assert wrong[0] == "0x80048d19"


def test_a_single_property(company: tuple[DataverseEnvironment, str]) -> None:
    environment, account = company
    found = environment.get(f"{account}/name")
    assert found["value"] == "Contoso"
    assert found["@odata.context"].endswith(f"$metadata#{account.removeprefix('/')}/name")
    assert environment.call("GET", f"{account}/name/$value").text == "Contoso"
    assert environment.call("GET", f"{account}/telephone1").status_code == 204
    assert environment.call("PUT", f"{account}/telephone1", {"value": "+1"}).status_code == 204
    assert environment.get(f"{account}/telephone1")["value"] == "+1"
    assert environment.call("DELETE", f"{account}/telephone1").status_code == 204
    assert environment.get(account)["telephone1"] is None
    assert environment.refusal("PUT", f"{account}/telephone1", {"telephone1": "1"})[0] == "0x80048d19"
    assert environment.refusal("GET", f"{account}/Telephone1", status=404)[0] == "0x8006088a"
    assert environment.refusal("PATCH", f"{account}/name", {"value": "x"}, status=405)[0] == "0x8006088b"


def test_pages_stay_right_while_rows_change(opening: Any) -> None:
    """What is deleted or made before the place of the reader neither hides nor repeats a row."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    paths = [
        path_of(
            environment.call("POST", "/contacts", {"lastname": f"P{n}", "jobtitle": (n % 2 and "x") or None})
        )
        for n in range(6)
    ]
    query = "$select=lastname,jobtitle&$orderby=jobtitle desc,lastname"
    page = environment.get(f"/contacts?{query}", Prefer="odata.maxpagesize=2")
    assert names(page["value"]) == ["P1", "P3"]
    environment.call("DELETE", paths[1])
    environment.call("POST", "/contacts", {"lastname": "P0", "jobtitle": "x"})
    prefer = {"Prefer": "odata.maxpagesize=2"}
    second = environment.http.get(page["@odata.nextLink"], headers=prefer).json()
    third = environment.http.get(second["@odata.nextLink"], headers=prefer).json()
    assert names(second["value"] + third["value"]) == ["P5", "P0", "P2", "P4"]


def test_the_roles_of_a_user_are_a_collection(company: tuple[DataverseEnvironment, str]) -> None:
    environment, _ = company
    user = environment.get("/WhoAmI")["UserId"]
    roles = "systemuserroles_association"
    found = environment.get(f"/systemusers({user})?$select=fullname&$expand={roles}($select=name)")
    assert [each["name"] for each in found[roles]] == ["System Administrator"]
    filter_ = quote(f"{roles}/any(r:r/name eq 'system administrator') and isdisabled eq false")
    users = environment.get(f"/systemusers?$select=fullname&$filter={filter_}")["value"]
    assert user in {each["systemuserid"] for each in users}


def test_a_property_of_the_row_behind_a_lookup(environment: DataverseEnvironment) -> None:
    key = environment.get("/contacts?$select=contactid&$top=1")["value"][0]["contactid"]
    row = environment.get(f"/contacts({key})?$select=fullname&$expand=owninguser($select=fullname)")
    assert environment.get(f"/contacts({key})/owninguser/fullname")["value"] == row["owninguser"]["fullname"]
    nobody = environment.call("GET", f"/contacts({key})/masterid/fullname")
    assert nobody.status_code == 204
