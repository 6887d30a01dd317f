"""JSON of the Salesforce CLI as records of the org."""

from __future__ import annotations

from typing import Any

from tests.unit.sandbox.load.conftest import Loading


def record(type_name: str, reference: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": type_name, "referenceId": reference}, **values}


def tree(*records: dict[str, Any]) -> dict[str, Any]:
    return {"records": list(records)}


def test_references_tie_records_of_several_files(load: Loading) -> None:
    loaded = load(
        {
            "Contacts.json": tree(record("Contact", "C1", LastName="Leaf", AccountId="@A1")),
            "Accounts.json": tree(record("Account", "A1", Name="Acme"), record("Account", "A2", Name="Beta")),
        }
    )
    accounts = {row["Name"]: row["Id"] for row in loaded.rows("Account")}
    assert loaded.row("Contact")["AccountId"] == accounts["Acme"]
    assert loaded.refused == []


def test_names_are_understood_in_any_case(load: Loading) -> None:
    values = {"lastname": "Leaf", "EMAIL": "leaf@example.org", "vip__C": True}
    loaded = load({"x.json": tree(record("CONTACT", "C1", **values))})
    contact = loaded.row("Contact")
    assert (contact["LastName"], contact["Email"]) == ("Leaf", "leaf@example.org")
    assert loaded.kinds == {"vip__c": "checkbox"}


def test_children_belong_to_the_record_around_them(load: Loading) -> None:
    deal = record("Opportunity", "O1", Name="Deal", StageName="Closed Won", CloseDate="2026-01-01")
    acme = {
        "attributes": {"type": "Account"},
        "Name": "Acme",
        "contacts": tree(record("Contact", "C1", LastName="Leaf")),
        "Opportunities": tree(deal),
    }
    loaded = load({"Account.json": tree(acme)})
    account = loaded.row("Account")["Id"]
    assert loaded.row("Contact")["AccountId"] == loaded.row("Opportunity")["AccountId"] == account


def test_a_plan_keeps_its_references_to_itself(load: Loading) -> None:
    def plan(accounts: str, contacts: str) -> list[dict[str, Any]]:
        return [{"sobject": "Account", "files": [accounts]}, {"sobject": "Contact", "files": [contacts]}]

    loaded = load(
        {
            "one-plan.json": plan("sub/A.json", "C.json"),
            "two-plan.json": plan("B.json", "D.json"),
            "sub/A.json": tree(record("Account", "Ref1", Name="Acme")),
            "B.json": tree(record("Account", "Ref1", Name="Beta")),
            "C.json": tree({"LastName": "OfAcme", "AccountId": "@Ref1"}),
            "D.json": tree(record("Contact", "Ref2", LastName="OfBeta", AccountId="@Ref1")),
        }
    )
    accounts = {row["Id"]: row["Name"] for row in loaded.rows("Account")}
    found = {row["LastName"]: accounts.get(row["AccountId"]) for row in loaded.rows("Contact")}
    assert found == {"OfAcme": "Acme", "OfBeta": "Beta"}


def test_a_file_that_a_plan_misses_is_said(load: Loading) -> None:
    plan = [{"sobject": "Account", "files": ["Account.json"]}]
    loaded = load({"my-plan.json": plan, "Lead.csv": "LastName\nA\n"})
    assert loaded.report["skipped"] == [
        {"file": "Account.json", "reason": "my-plan.json names it, but it is not in the folder"}
    ]


def test_what_does_not_fit_is_listed_with_its_line(load: Loading) -> None:
    loaded = load(
        {
            "Contact.json": tree(
                record("Contact", "C1", LastName="Leaf", AccountId="@Nowhere"),
                record("Contact", "C2", FirstName="Only"),
                record("Contact", "C3", LastName="Fine"),
                record("Contact", "C3", LastName="Twice"),
                record("Contract", "X1", Name="Other"),
                {"LastName": "Untyped"},
            )
        }
    )
    assert [(line, reason) for _, line, reason in loaded.refused] == [
        (3, "Account ID: no record has the reference @Nowhere"),
        (11, "Required fields are missing: [LastName]"),
        (25, "referenceId: C3 is used in line 18, too"),
        (32, "there is no object Contract here"),
    ]
    assert [row["LastName"] for row in loaded.rows("Contact")] == ["Fine", "Untyped"]


def test_a_broken_file_is_read_as_far_as_it_goes(load: Loading) -> None:
    text = '{"records": [\n{"attributes": {"type": "Account"}, "Name": "Acme"},\n{"attributes": oops}]}'
    loaded = load({"Account.json": text, "other.json": {"a": 1}, "more.json": "["})
    assert loaded.row("Account")["Name"] == "Acme"
    assert [(file, line) for file, line, _ in loaded.refused] == [("Account.json", 3), ("more.json", 1)]
    assert [each["file"] for each in loaded.report["skipped"]] == ["other.json"]


def test_the_answer_of_a_query_keeps_its_ids(load: Loading) -> None:
    lead = {
        "attributes": {"type": "Lead", "url": "/services/data/v62.0/sobjects/Lead/00Q5f00000ABCDEEA5"},
        "Id": "00Q5f00000ABCDEEA5",
        "LastName": "Ruiz",
        "Company": "Acme",
        "CreatedDate": "2024-01-05T10:00:00.000+0000",
        "Owner": {"attributes": {"type": "User"}, "Name": "Ada"},
        "Address": {"city": "Oslo"},
    }
    loaded = load({"leads.json": {"status": 0, "result": {"totalSize": 1, "records": [lead]}}})
    row = loaded.row("Lead")
    assert (row["Id"], row["CreatedDate"]) == ("00Q5f00000ABCDEEA5", "2024-01-05T10:00:00.000+0000")
    assert loaded.remarks == []


def test_csv_and_trees_come_together(load: Loading) -> None:
    loaded = load(
        {
            "Account.csv": "Id,Name,Tier__c\n0015f00000AAAAA,Acme,5\n",
            "Account.json": tree(record("Account", "A1", Name="Beta", tier__c="x")),
        }
    )
    assert {row["Name"]: row["Tier__c"] for row in loaded.rows("Account")} == {"Acme": "5", "Beta": "x"}
    assert loaded.kinds == {"Tier__c": "text"}
