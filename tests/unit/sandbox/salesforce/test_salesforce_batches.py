from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_org import SalesforceOrg

PATH = "/composite/sobjects"


def record(kind: str, **values: object) -> dict[str, object]:
    return {"attributes": {"type": kind}, **values}


def send(
    org: SalesforceOrg, method: str, records: list[dict[str, object]], path: str = PATH, **more: object
) -> Any:
    return org.send(method, path, {"records": records, **more})


def codes(results: list[dict[str, Any]]) -> list[str]:
    """For each result its error's code, or "ok"."""
    return ["ok" if each["success"] else each["errors"][0]["statusCode"] for each in results]


def test_good_records_are_created_beside_bad_ones_in_order(org: SalesforceOrg) -> None:
    results = send(org, "POST", [
        record("Contact", LastName="Vogel", Email="r.vogel@acme.example"),
        record("Contact", FirstName="X"),
        record("contact", LastName="Weber", Email="no address"),
        record("Lead", LastName="Klein", Company="Acme"),
    ])  # fmt: skip
    assert codes(results) == ["ok", "REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS", "ok"]
    assert results[0] == {"id": results[0]["id"], "success": True, "errors": []}
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }
    assert org.record("Contact", results[0]["id"])["LastName"] == "Vogel"
    assert results[3]["id"].startswith("00Q")


def test_all_or_none_takes_everything_back(org: SalesforceOrg) -> None:
    before = org.dump()
    records = [record("Lead", LastName="A", Company="A"), record("Lead", LastName="B")]
    results = send(org, "POST", records, allOrNone=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.dump() == before


def test_updates_are_by_id_and_take_back_rolled_back_values(org: SalesforceOrg) -> None:
    first, second = org.lead(Email="old@acme.example"), org.lead()
    changes = [
        record("Lead", id=first, Email="new@acme.example"),
        record("Lead", Id=second[:15], Region__c="Mars"),
    ]
    results = send(org, "PATCH", changes, allOrNone=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    assert org.column("SELECT Id FROM Lead WHERE Email = 'old@acme.example'") == [first]
    results = send(org, "PATCH", changes)
    assert codes(results) == ["ok", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    assert org.column("SELECT Id FROM Lead WHERE Email = 'new@acme.example'") == [first]
    assert org.column("SELECT Id FROM Lead WHERE Email = 'old@acme.example'") == []


def test_wrong_ids_fail_alone(org: SalesforceOrg) -> None:
    lead, gone = org.lead(), org.lead()
    org.send("DELETE", f"/sobjects/Lead/{gone}", status=204)
    results = send(org, "PATCH", [
        record("Lead", Title="no id"),
        record("Lead", id="nonsense"),
        record("Lead", id="00Q5g00000zzzzz"),
        record("Lead", id="0035g0000000001"),
        record("Lead", id=gone),
        record("Lead", id=lead, Title="first"),
        record("Lead", id=lead[:15], Title="again"),
    ])  # fmt: skip
    assert codes(results) == [
        "MISSING_ARGUMENT", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "ENTITY_IS_DELETED",
        "ok", "DUPLICATE_VALUE",
    ]  # fmt: skip
    assert org.record("Lead", lead)["Title"] == "first"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "JSON_PARSER_ERROR"),
        ({"records": []}, "JSON_PARSER_ERROR"),
        ({"records": [1]}, "JSON_PARSER_ERROR"),
        ({"records": [record("Lead")], "allOrNon": True}, "JSON_PARSER_ERROR"),
        ({"records": [record("Lead")], "allOrNone": "true"}, "JSON_PARSER_ERROR"),
        ({"records": [{"LastName": "x"}]}, "INVALID_INPUT"),
        ({"records": [record("Leed")]}, "INVALID_TYPE"),
        ({"records": [record("Lead", Shoe__c=5)]}, "INVALID_FIELD"),
        ({"records": [record("Lead", Birthday__c="tomorrow")]}, "JSON_PARSER_ERROR"),
        ({"records": [record("Lead")] * 201}, "EXCEEDED_ID_LIMIT"),
        ({"records": [record("Lead"), record("Contact")] * 6}, "INVALID_INPUT"),
    ],
)
def test_what_is_not_well_formed_fails_as_a_whole(org: SalesforceOrg, body: object, code: str) -> None:
    before = org.dump()
    assert org.refusal("POST", PATH, body)[0] == code
    assert org.dump() == before


def test_two_hundred_records_in_ten_chunks_are_one_call(org: SalesforceOrg) -> None:
    leads = [record("Lead", LastName=f"L{number}", Company="A") for number in range(20)]
    contacts = [record("Contact", LastName=f"C{number}") for number in range(20)]
    results = send(org, "POST", (leads + contacts) * 5)
    assert codes(results) == ["ok"] * 200
    (entry,) = org.controlled.log()
    assert (entry.route, entry.batch) == ("POST /composite/sobjects", 200)


def test_upsert_by_external_id(org: SalesforceOrg) -> None:
    path = f"{PATH}/Contact/Legacy_Key__c"
    known = org.create("Contact", LastName="Old", Legacy_Key__c="1")
    results = send(org, "PATCH", [
        record("Contact", Legacy_Key__c="1", LastName="New"),
        record("Contact", Legacy_Key__c="2", LastName="Fresh"),
        record("Contact", Legacy_Key__c="2", LastName="Again"),
        record("Contact", LastName="Keyless"),
    ], path)  # fmt: skip
    assert codes(results) == ["ok", "ok", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]
    assert results[0] == {"id": known, "success": True, "errors": [], "created": False}
    assert results[1]["created"] is True
    assert org.record("Contact", known)["LastName"] == "New"
    for number in (1, 2):
        org.create("Contact", LastName=f"Twin {number}", Email="twin@acme.example")
    several = send(
        org, "PATCH", [record("Contact", Email="twin@acme.example", LastName="x")], f"{PATH}/Contact/Email"
    )
    assert codes(several) == ["DUPLICATE_EXTERNAL_ID"]
    body = {"records": [record("Lead", Legacy_Key__c="1", LastName="x")]}
    assert org.refusal("PATCH", path, body)[0] == "INVALID_TYPE"


def test_deletes_go_by_ids_of_any_object(org: SalesforceOrg) -> None:
    lead, contact = org.lead(), org.create("Contact", LastName="V")
    results = org.send("DELETE", f"{PATH}?ids={lead},{contact[:15]},{lead},001000000000001,nonsense")
    assert codes(results) == ["ok", "ok", "DUPLICATE_VALUE", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert [each.get("id") for each in results[:2]] == [lead, contact]
    assert org.record("Lead", lead)["IsDeleted"]
    assert org.controlled.log()[-1].batch == 5


def test_deletes_of_all_or_none_take_everything_back(org: SalesforceOrg) -> None:
    lead = org.lead()
    results = org.send("DELETE", f"{PATH}?ids={lead},nonsense&allOrNone=true")
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"]
    assert not org.record("Lead", lead)["IsDeleted"]


def test_records_are_retrieved_in_order_with_null_for_missing_ones(org: SalesforceOrg) -> None:
    first, gone, last = org.lead(LastName="A"), org.lead(), org.lead(LastName="B")
    org.send("DELETE", f"/sobjects/Lead/{gone}", status=204)
    wanted = [last, gone, "00Q5g00000zzzzz", first[:15]]
    got = org.get(f"{PATH}/Lead?ids={','.join(wanted)}&fields=LastName,title")
    assert [each and (each["Id"], each["LastName"]) for each in got] == [
        (last, "B"),
        None,
        None,
        (first, "A"),
    ]
    assert list(got[0]) == ["attributes", "LastName", "Title", "Id"]
    assert org.send("POST", f"{PATH}/Lead", {"ids": wanted, "fields": ["LastName", "title"]}) == got
    assert [each.batch for each in org.controlled.log()[-2:]] == [4, 4]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{PATH}/Lead?fields=Id", "MISSING_ARGUMENT"),
        (f"{PATH}/Lead?ids=00Q5g00000zzzzz", "MISSING_ARGUMENT"),
        (f"{PATH}/Lead?ids=00Q5g00000zzzzz&fields=Shoe__c", "INVALID_FIELD"),
        (f"{PATH}/Lead?fields=Id&ids={','.join(['00Q5g00000zzzzz'] * 201)}", "EXCEEDED_ID_LIMIT"),
    ],
)
def test_a_retrieve_that_is_not_well_formed_is_refused(org: SalesforceOrg, path: str, code: str) -> None:
    assert org.refusal("GET", path)[0] == code


@pytest.mark.parametrize(
    "body", [{}, {"ids": ["00Q5g00000zzzzz"]}, {"ids": "x", "fields": ["Id"]}, {"ids": [], "fields": ["Id"]}]
)
def test_a_posted_retrieve_needs_ids_and_fields(org: SalesforceOrg, body: object) -> None:
    assert org.refusal("POST", f"{PATH}/Lead", body)[0] == "JSON_PARSER_ERROR"
