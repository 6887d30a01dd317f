"""Composite, batch, tree and graph requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.helpers.sandbox_org import DATA, Opening, SalesforceOrg

ROLLED_BACK = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


def part(method: str, path: str, name: str, body: object = None, **more: object) -> dict[str, object]:
    found = {"method": method, "url": DATA + path, "referenceId": name, **more}
    return found if body is None else {**found, "body": body}


def new(kind: str, name: str, **body: object) -> dict[str, object]:
    return part("POST", f"/sobjects/{kind}", name, body)


def composite(org: SalesforceOrg, *parts: dict[str, object], **more: object) -> list[dict[str, Any]]:
    answer = org.send("POST", "/composite", {"compositeRequest": list(parts), **more})
    found: list[dict[str, Any]] = answer["compositeResponse"]
    return found


def statuses(results: list[dict[str, Any]]) -> list[int]:
    return [each["httpStatusCode"] for each in results]


def test_later_parts_use_what_earlier_ones_answer(org: SalesforceOrg) -> None:
    account, contact, read, found = composite(
        org,
        new("Account", "acc", Name="Acme"),
        new("Contact", "con", LastName="Vogel", AccountId="@{acc.id}", Title="of @{acc.id}", Score__c=1.5),
        part("GET", "/sobjects/Contact/@{con.id}?fields=Title,AccountId", "read"),
        part("GET", "/query?q=SELECT+Id+FROM+Contact+WHERE+AccountId='@{acc.id}'", "found"),
    )
    assert account == {
        "body": {"id": account["body"]["id"], "success": True, "errors": []},
        "httpHeaders": {"Location": f"{DATA}/sobjects/Account/{account['body']['id']}"},
        "httpStatusCode": 201,
        "referenceId": "acc",
    }
    assert read["body"]["AccountId"] == account["body"]["id"]
    assert read["body"]["Title"] == f"of {account['body']['id']}"
    assert [each["Id"] for each in found["body"]["records"]] == [contact["body"]["id"]]


def test_parts_of_lists_can_be_referred_to(org: SalesforceOrg) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("Acme", "Bolt")]
    results = composite(
        org,
        part("POST", "/composite/sobjects", "both", {"records": records}),
        part("GET", "/query?q=SELECT+Id,Name+FROM+Account+WHERE+Id='@{both[1].id}'", "second"),
        new("Contact", "con", LastName="@{second.records[0].Name}", AccountId="@{second.records[0].Id}"),
    )
    assert statuses(results) == [200, 200, 201]
    made = org.record("Contact", results[2]["body"]["id"])
    assert (made["LastName"], made["AccountId"]) == ("Bolt", results[0]["body"][1]["id"])


def test_without_all_or_none_a_failure_stops_only_what_refers_to_it(org: SalesforceOrg) -> None:
    failed, halted, good, empty = composite(
        org,
        new("Account", "acc"),
        new("Contact", "con", LastName="Vogel", AccountId="@{acc.id}"),
        new("Lead", "lead", LastName="Weber", Company="Acme"),
        part("DELETE", "/sobjects/Lead/@{lead.id}", "gone"),
    )
    assert failed["httpStatusCode"] == 400
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    (error,) = halted["body"]
    assert error == {
        "message": "Invalid reference specified. No value for acc.id found in acc.",
        "errorCode": "PROCESSING_HALTED",
    }
    assert (good["httpStatusCode"], empty["httpStatusCode"], empty["body"]) == (201, 204, None)


def test_all_or_none_takes_everything_back(org: SalesforceOrg) -> None:
    before = org.dump()
    results = composite(
        org,
        new("Account", "acc", Name="Acme"),
        new("Contact", "con", FirstName="Rita", AccountId="@{acc.id}"),
        new("Lead", "lead", LastName="Weber", Company="Acme"),
        allOrNone=True,
    )
    assert statuses(results) == [400, 400, 400]
    assert results[0]["body"] == results[2]["body"] == [ROLLED_BACK]
    assert results[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.dump() == before


def test_a_composite_is_one_call_of_at_most_25_parts_5_of_them_queries(opening: Opening) -> None:
    org = opening(limits="real")
    assert statuses(composite(org, *(new("Account", f"a{n}", Name="A") for n in range(25)))) == [201] * 25
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    (refused,) = composite(org, *(new("Account", f"a{n}", Name="A") for n in range(26)))
    assert (refused["httpStatusCode"], refused["referenceId"]) == (400, None)
    assert refused["body"][0]["errorCode"] == "LIMIT_EXCEEDED"
    queries = [part("GET", "/query?q=SELECT+Id+FROM+User", f"q{n}") for n in range(6)]
    assert statuses(composite(org, *queries[:5])) == [200] * 5
    (refused,) = composite(org, *queries)
    assert refused["body"][0]["errorCode"] == "LIMIT_EXCEEDED"


def test_parts_have_headers_of_their_own(org: SalesforceOrg) -> None:
    lead = {"LastName": "Vogel", "Company": "Acme"}
    kept = part("POST", "/sobjects/Lead", "kept", lead, httpHeaders={"Sforce-Auto-Assign": "FALSE"})
    results = composite(org, kept, part("POST", "/sobjects/Lead", "moved", lead))
    owners = [org.record("Lead", each["body"]["id"])["OwnerId"] for each in results]
    assert owners[0] == org.ready["user_id"]
    assert owners[1].startswith("00G")


@pytest.mark.parametrize(
    "path", ["/composite", "/composite/tree/Lead", "/jobs/ingest", "../../elsewhere", "/composite/graph"]
)
def test_some_resources_are_no_parts(org: SalesforceOrg, path: str) -> None:
    (result,) = composite(org, part("POST", path, "it", {}))
    assert result["httpStatusCode"] in (400, 404)
    assert result["body"][0]["errorCode"] in ("INVALID_INPUT", "NOT_FOUND")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [{"method": "GET", "url": f"{DATA}/limits"}],
        [{"method": "GET", "referenceId": "a"}],
        [part("GET", "/limits", "a", extra=1)],
        [part("GET", "/limits", "a b")],
        [part("GET", "/limits", "a"), part("GET", "/limits", "a")],
        [part("GET", "/limits", "a", httpHeaders={"Authorization": "Bearer x"})],
        ["no object"],
    ],
)
def test_a_composite_that_is_not_well_formed_fails_as_a_whole(org: SalesforceOrg, parts: list[Any]) -> None:
    code, _ = org.refusal("POST", "/composite", {"compositeRequest": parts})
    assert code in ("JSON_PARSER_ERROR", "INVALID_INPUT")


def test_the_resources_below_composite_are_named(org: SalesforceOrg) -> None:
    assert org.get("/composite")["graph"] == f"{DATA}/composite/graph"


def batch(org: SalesforceOrg, *parts: Mapping[str, object], **more: object) -> Any:
    return org.send("POST", "/composite/batch", {"batchRequests": list(parts), **more})


def test_a_batch_runs_independent_calls(org: SalesforceOrg) -> None:
    lead = org.lead()
    answer = batch(
        org,
        {"method": "PATCH", "url": f"v60.0/sobjects/Lead/{lead}", "richInput": {"Title": "CEO"}},
        {"method": "GET", "url": f"v60.0/sobjects/Lead/{lead}?fields=Title"},
        {"method": "GET", "url": "v60.0/sobjects/Lead/00Q5g00000zzzzz"},
        {"method": "GET", "url": "/services/data/v60.0/limits"},
    )
    assert answer["hasErrors"] is True
    assert [each["statusCode"] for each in answer["results"]] == [204, 200, 404, 200]
    assert answer["results"][0]["result"] is None
    assert answer["results"][1]["result"]["Title"] == "CEO"
    assert answer["results"][2]["result"][0]["errorCode"] == "NOT_FOUND"


def test_a_batch_halts_on_an_error_if_told_to(org: SalesforceOrg) -> None:
    parts = [{"method": "POST", "url": "v60.0/sobjects/Lead", "richInput": {}}]
    parts += [{"method": "GET", "url": "v60.0/limits"}]
    assert [each["statusCode"] for each in batch(org, *parts)["results"]] == [400, 200]
    halted = batch(org, *parts, haltOnError=True)
    assert [each["statusCode"] for each in halted["results"]] == [400, 412]
    assert halted["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


def test_every_call_of_a_batch_counts(opening: Opening) -> None:
    org = opening(limits="real")
    assert batch(org, *[{"method": "GET", "url": "v60.0/limits"}] * 25)["hasErrors"] is False
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=26/100000"
    too_many = {"batchRequests": [{"method": "GET", "url": "v60.0/limits"}] * 26}
    assert org.refusal("POST", "/composite/batch", too_many)[0] == "LIMIT_EXCEEDED"


def test_a_batch_takes_no_composite_and_no_nonsense(org: SalesforceOrg) -> None:
    inner = {"method": "POST", "url": "v60.0/composite", "richInput": {"compositeRequest": []}}
    assert batch(org, inner)["results"][0]["statusCode"] == 404
    wrongs: list[dict[str, list[object]]] = [{"batchRequests": []}, {"batchRequests": [{}]}, {"requests": []}]
    for wrong in wrongs:
        assert org.refusal("POST", "/composite/batch", wrong)[0] == "JSON_PARSER_ERROR"


def leaf(kind: str, name: str, **fields: object) -> dict[str, object]:
    return {"attributes": {"type": kind, "referenceId": name}, **fields}


def below(*records: dict[str, object]) -> dict[str, object]:
    return {"records": list(records)}


def test_a_tree_is_created_with_its_children(org: SalesforceOrg) -> None:
    contacts = below(leaf("Contact", "c1", LastName="Vogel"), leaf("Contact", "c2", LastName="Weber"))
    deals = below(leaf("Opportunity", "o1", Name="Big", StageName="Prospecting", CloseDate="2026-05-01"))
    tree = below(leaf("Account", "a1", Name="Acme", contacts=contacts, Opportunities=deals),
                 leaf("Account", "a2", Name="Bolt"))  # fmt: skip
    answer = org.send("POST", "/composite/tree/account/", tree, status=201)
    assert answer["hasErrors"] is False
    made = {each["referenceId"]: each["id"] for each in answer["results"]}
    assert list(made) == ["a1", "a2", "c1", "c2", "o1"]
    parents = [org.record("Contact", made[name])["AccountId"] for name in ("c1", "c2")]
    assert parents == [made["a1"]] * 2
    assert org.record("Opportunity", made["o1"])["AccountId"] == made["a1"]
    assert org.controlled.log()[-1].batch == 2


def test_a_tree_with_a_fault_creates_nothing_and_lists_what_failed(org: SalesforceOrg) -> None:
    before = org.dump()
    contacts = below(
        leaf("Contact", "c1", LastName="Vogel", Email="nonsense"),
        leaf("Contact", "c2", LastName="Weber"),
        leaf("Contact", "c3", LastName="Klein", Foo=1),
    )
    answer = org.send("POST", "/composite/tree/Account", below(leaf("Account", "a1", Name="A", Contacts=contacts)),
                      status=400)  # fmt: skip
    assert answer["hasErrors"] is True
    assert [(each["referenceId"], each["errors"][0]["statusCode"]) for each in answer["results"]] == [
        ("c1", "INVALID_EMAIL_ADDRESS"),
        ("c3", "INVALID_FIELD"),
    ]
    assert org.dump() == before


def deep(levels: int) -> dict[str, object]:
    record = leaf("Account", f"a{levels}", Name="A")
    return {**record, "ChildAccounts": below(deep(levels - 1))} if levels > 1 else record


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({}, "JSON_PARSER_ERROR"),
        (below(leaf("Contact", "c1", LastName="V")), "INVALID_INPUT"),
        (below({"attributes": {"type": "Account"}, "Name": "A"}), "INVALID_INPUT"),
        (below(leaf("Account", "a1", Name="A"), leaf("Account", "a1", Name="B")), "INVALID_INPUT"),
        (below(*(leaf("Account", f"a{n}", Name="A") for n in range(201))), "LIMIT_EXCEEDED"),
        (below(deep(6)), "INVALID_INPUT"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(org: SalesforceOrg, tree: dict[str, object], code: str) -> None:
    assert org.refusal("POST", "/composite/tree/Account", tree)[0] == code


def test_a_tree_may_be_five_levels_deep(org: SalesforceOrg) -> None:
    answer = org.send("POST", "/composite/tree/Account", below(deep(5)), status=201)
    assert len(answer["results"]) == 5


def graphs(org: SalesforceOrg, *found: list[dict[str, object]]) -> list[dict[str, Any]]:
    body = {
        "graphs": [{"graphId": f"g{n}", "compositeRequest": parts} for n, parts in enumerate(found, start=1)]
    }
    answered: list[dict[str, Any]] = org.send("POST", "/composite/graph", body)["graphs"]
    return answered


def test_each_graph_is_all_or_nothing(org: SalesforceOrg) -> None:
    good, bad = graphs(
        org,
        [new("Account", "a", Name="Acme"), new("Contact", "c", LastName="Vogel", AccountId="@{a.id}")],
        [new("Account", "a", Name="Bolt"), new("Contact", "c", FirstName="Rita", AccountId="@{a.id}")],
    )
    assert (good["graphId"], good["isSuccessful"], bad["isSuccessful"]) == ("g1", True, False)
    assert statuses(good["graphResponse"]["compositeResponse"]) == [201, 201]
    assert bad["graphResponse"]["compositeResponse"][0]["body"] == [ROLLED_BACK]
    assert org.column("SELECT Name FROM Account WHERE Name IN ('Acme', 'Bolt')") == ["Acme"]


def test_graphs_change_and_delete_by_id_and_external_id(org: SalesforceOrg) -> None:
    lead = org.lead()
    (answer,) = graphs(org, [
        part("PATCH", "/sobjects/Lead/Legacy_Key__c/K-77", "up", {"LastName": "Weber", "Company": "Bolt"}),
        part("PATCH", f"/sobjects/Lead/{lead}", "change", {"Title": "CEO"}),
        part("GET", "/sobjects/Lead/@{up.id}", "read"),
        part("DELETE", f"/sobjects/Lead/{lead}", "gone"),
    ])  # fmt: skip
    assert statuses(answer["graphResponse"]["compositeResponse"]) == [201, 204, 200, 204]


def test_after_fourteen_failed_graphs_the_rest_is_halted(org: SalesforceOrg) -> None:
    found = graphs(org, *([[new("Lead", "a")]] * 14), [new("Account", "a", Name="Late")])
    assert [each["isSuccessful"] for each in found] == [False] * 15
    assert found[-1]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.query("SELECT Id FROM Account WHERE Name = 'Late'") == []


def chain(length: int) -> list[dict[str, object]]:
    """Accounts each below the one before."""
    first = [new("Account", "a0", Name="A")]
    return first + [new("Account", f"a{n}", Name="A", ParentId=f"@{{a{n - 1}.id}}") for n in range(1, length)]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([[part("GET", "/query?q=SELECT+Id+FROM+Lead", "q")]], "INVALID_INPUT"),
        ([[part("POST", "/composite/sobjects", "q", {})]], "INVALID_INPUT"),
        ([[new("Lead", "a")]] * 76, "LIMIT_EXCEEDED"),
        ([[new("Lead", f"a{n}") for n in range(251)]] * 2, "LIMIT_EXCEEDED"),
        ([[new(f"Kind{n}", f"a{n}") for n in range(16)]], "LIMIT_EXCEEDED"),
        ([chain(16)], "LIMIT_EXCEEDED"),
    ],
)
def test_graphs_have_limits(org: SalesforceOrg, found: list[list[dict[str, object]]], code: str) -> None:
    body = {"graphs": [{"graphId": "g", "compositeRequest": parts} for parts in found]}
    assert org.refusal("POST", "/composite/graph", body)[0] == code


def test_a_graph_may_be_fifteen_deep(org: SalesforceOrg) -> None:
    (answer,) = graphs(org, chain(15))
    assert answer["isSuccessful"] is True
