"""Bulk API 2.0: jobs that read records."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg

from crosswalk_sandbox.salesforce.bulk import Sizes

QUERY = "/jobs/query"
JOB_SECONDS = 0.3


def order(org: SalesforceOrg, soql: str, operation: str = "query", **more: str) -> str:
    return str(org.send("POST", QUERY, {"operation": operation, "query": soql, **more})["id"])


def ask(org: SalesforceOrg, soql: str, operation: str = "query", **more: str) -> str:
    """A job taken to its end; its id."""
    job = order(org, soql, operation, **more)
    org.clock.advance(JOB_SECONDS)
    assert org.get(f"{QUERY}/{job}")["state"] == "JobComplete"
    return job


def page(org: SalesforceOrg, job: str, parameters: str = "") -> httpx2.Response:
    answer = org.call("GET", f"{QUERY}/{job}/results{parameters}")
    assert answer.status_code == 200, answer.text
    return answer


def rows(answer: httpx2.Response, delimiter: str = ",") -> list[dict[str, str]]:
    text = io.StringIO(answer.content.decode(), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def found(org: SalesforceOrg, soql: str, operation: str = "query") -> list[dict[str, str]]:
    return rows(page(org, ask(org, soql, operation)))


def test_a_query_is_answered_as_text(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme")
    org.create("Contact", LastName='Vo"gel', AccountId=account, Score__c=12.5, Annual_Budget__c=20_000_000,
               Notes__c="line 1\nline 2", Partner__c=True)  # fmt: skip
    soql = (
        "SELECT lastname, Account.Name, CreatedDate, Score__c, Annual_Budget__c, Notes__c, Partner__c, Birthdate "
        "FROM Contact WHERE Account.Name = 'Acme'"
    )
    answer = page(org, ask(org, soql))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.content.decode() == (
        '"LastName","Account.Name","CreatedDate","Score__c","Annual_Budget__c","Notes__c","Partner__c","Birthdate"\n'
        '"Vo""gel","Acme","2026-03-02T12:00:00.000Z","12.5","2.0E7","line 1\nline 2","true",""\n'
    )
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "1")


def test_a_new_job_says_what_it_is(org: SalesforceOrg) -> None:
    job = org.send("POST", QUERY, {"operation": "query", "query": "SELECT Id FROM lead"})
    assert job == {
        "id": job["id"],
        "operation": "query",
        "object": "Lead",
        "createdById": org.ready["user_id"],
        "createdDate": "2026-03-02T12:00:00.000+0000",
        "systemModstamp": "2026-03-02T12:00:00.000+0000",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 60.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def test_results_come_when_the_job_is_complete(org: SalesforceOrg) -> None:
    job = order(org, "SELECT Id FROM Lead")
    seen = []
    for _ in range(4):
        status = org.call("GET", f"{QUERY}/{job}/results").status_code
        seen.append((org.get(f"{QUERY}/{job}")["state"], status))
        org.clock.advance(0.11)
    assert seen == [
        ("UploadComplete", 204), ("InProgress", 204), ("InProgress", 204), ("JobComplete", 200),
    ]  # fmt: skip
    told = org.get(f"{QUERY}/{job}")
    assert (told["jobType"], told["numberRecordsProcessed"], told["retries"]) == ("V2Query", 12, 0)


def test_a_locator_leads_through_all_pages(org: SalesforceOrg) -> None:
    job = ask(org, "SELECT Id FROM Contact")
    seen, locator, sizes = [], "", []
    while locator != "null":
        answer = page(org, job, f"?maxRecords=5&locator={locator}")
        seen += [row["Id"] for row in rows(answer)]
        sizes.append(int(answer.headers["Sforce-NumberOfRecords"]))
        locator = answer.headers["Sforce-Locator"]
    assert sizes == [5, 5, 2]
    assert sorted(seen) == sorted(org.column("SELECT Id FROM Contact"))


def test_without_a_wish_the_org_chooses_the_size_of_pages(opening: Opening) -> None:
    org = opening(bulk=Sizes(result_rows=8))
    job = ask(org, "SELECT Id FROM Contact")
    first = page(org, job)
    assert (first.headers["Sforce-NumberOfRecords"], first.headers["Sforce-Locator"]) == ("8", "OA")
    assert page(org, job, "?locator=OA").headers["Sforce-NumberOfRecords"] == "4"


def test_an_empty_result_has_a_header(org: SalesforceOrg) -> None:
    answer = page(org, ask(org, "SELECT Id, Email FROM Lead WHERE LastName = 'Nobody'"))
    assert answer.content == b'"Id","Email"\n'
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "0")


def test_results_are_of_the_moment_when_the_job_was_made(org: SalesforceOrg) -> None:
    lead = org.lead(Title="CEO")
    job = order(org, f"SELECT Title FROM Lead WHERE Id = '{lead}'")
    org.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CFO"}, status=204)
    org.clock.advance(JOB_SECONDS)
    assert rows(page(org, job)) == [{"Title": "CEO"}]


def test_deleted_records_are_for_query_all_alone(org: SalesforceOrg) -> None:
    lead = org.lead()
    org.send("DELETE", f"/sobjects/Lead/{lead}", status=204)
    soql = f"SELECT Id, IsDeleted FROM Lead WHERE Id = '{lead}'"
    assert found(org, soql) == []
    assert found(org, soql, "queryAll") == [{"Id": lead, "IsDeleted": "true"}]


def test_other_signs_and_line_ends_may_be_asked_for(org: SalesforceOrg) -> None:
    lead = org.lead(LastName="Vo;gel")
    job = ask(
        org,
        f"SELECT Id, LastName FROM Lead WHERE Id = '{lead}'",
        columnDelimiter="SEMICOLON",
        lineEnding="CRLF",
    )
    assert page(org, job).content.decode() == f'"Id";"LastName"\r\n"{lead}";"Vo;gel"\r\n'


def test_results_are_packed_if_asked_for(org: SalesforceOrg) -> None:
    job = ask(org, "SELECT Id FROM Lead")
    packed = page(org, job)
    plain = org.call("GET", f"{QUERY}/{job}/results", headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert packed.content == plain.content
    assert plain.content.startswith(b'"Id"\n')


def test_old_versions_sort_the_columns_and_a_job_keeps_its_version(org: SalesforceOrg) -> None:
    old = "/services/data/v49.0/jobs/query"
    job = org.http.post(
        old, json={"operation": "query", "query": "SELECT LastName, Id, Company FROM Lead"}
    ).json()["id"]
    org.clock.advance(JOB_SECONDS)
    assert org.http.get(f"{old}/{job}/results").text.startswith('"Company","Id","LastName"\n')
    assert org.call("GET", f"{QUERY}/{job}/results").status_code == 409


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT COUNT() FROM Lead", "API_ERROR"),
        ("SELECT Status, COUNT(Id) FROM Lead GROUP BY Status", "API_ERROR"),
        ("SELECT Id FROM Lead LIMIT 5 OFFSET 2", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT Id, Address FROM Lead", "API_ERROR"),
        ("SELECT Foo FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("", "INVALIDJOB"),
    ],
)
def test_what_query_jobs_do_not_take_is_refused(org: SalesforceOrg, soql: str, code: str) -> None:
    assert org.refusal("POST", QUERY, {"operation": "query", "query": soql})[0] == code


def test_compound_data_is_refused_in_the_vendors_words(org: SalesforceOrg) -> None:
    _, message = org.refusal("POST", QUERY, {"operation": "query", "query": "SELECT Address FROM Lead"})
    assert message == "Selecting compound data not supported in Bulk Query"


@pytest.mark.parametrize(
    "sent", [{"operation": "insert"}, {"operation": "query", "object": "Lead"}, {"operation": "query"}]
)
def test_a_job_that_cannot_be_is_refused(org: SalesforceOrg, sent: dict[str, Any]) -> None:
    assert org.refusal("POST", QUERY, sent)[0] in ("INVALIDJOB", "JSON_PARSER_ERROR")


@pytest.mark.parametrize("parameters", ["?locator=!!!", "?locator=OTk5", "?maxRecords=0", "?maxRecords=many"])
def test_wrong_parameters_of_results_are_refused(org: SalesforceOrg, parameters: str) -> None:
    job = ask(org, "SELECT Id FROM Lead")
    assert org.call("GET", f"{QUERY}/{job}/results{parameters}").status_code == 400


def test_jobs_are_aborted_listed_and_deleted(org: SalesforceOrg) -> None:
    first, second = order(org, "SELECT Id FROM Lead"), order(org, "SELECT Id FROM Contact")
    assert org.send("PATCH", f"{QUERY}/{first}", {"state": "Aborted"})["state"] == "Aborted"
    assert org.refusal("PATCH", f"{QUERY}/{second}", {"state": "UploadComplete"})[0] == "INVALIDJOB"
    org.clock.advance(JOB_SECONDS)
    refusal = org.refusal("PATCH", f"{QUERY}/{second}", {"state": "Aborted"})
    assert refusal == ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    listed = org.get(QUERY)["records"]
    assert [(each["id"], each["state"]) for each in listed] == [(first, "Aborted"), (second, "JobComplete")]
    assert org.call("GET", f"{QUERY}/{first}/results").status_code == 204
    for job in (first, second):
        org.send("DELETE", f"{QUERY}/{job}", status=204)
        assert org.refusal("GET", f"{QUERY}/{job}", status=404)[0] == "NOT_FOUND"


def test_a_day_has_room_for_so_many_jobs(opening: Opening) -> None:
    org = opening(limits="real", bulk=Sizes(queries_a_day=2))
    for _ in range(2):
        ask(org, "SELECT Id FROM Lead")
    assert org.get("/limits")["DailyBulkV2QueryJobs"] == {"Max": 2, "Remaining": 0}
    refusal = org.refusal("POST", QUERY, {"operation": "query", "query": "SELECT Id FROM Lead"})
    assert refusal == ("LIMIT_EXCEEDED", "Max bulk v2 query jobs (2) per 24 hrs has been reached (3)")


def test_a_day_has_room_for_so_many_results(opening: Opening) -> None:
    org = opening(limits="real", bulk=Sizes(results_mb_a_day=1), leads=0)
    for number in range(40):
        org.lead(LastName=f"L{number}", Notes__c="x" * 32_000)
    ask(org, "SELECT Id, Notes__c FROM Lead")
    assert org.get("/limits")["DailyBulkV2QueryFileStorageMB"] == {"Max": 1, "Remaining": 0}
    code, message = org.refusal("POST", QUERY, {"operation": "query", "query": "SELECT Id FROM Lead"})
    assert (code, message) == (
        "LIMIT_EXCEEDED",
        "Max bulk v2 query result size stored (1024) kb per 24 hrs has been exceeded",
    )


def test_without_limits_nothing_is_refused(opening: Opening) -> None:
    org = opening(limits="off", bulk=Sizes(queries_a_day=1))
    for _ in range(3):
        ask(org, "SELECT Id FROM Lead")
    assert org.get("/limits")["DailyBulkV2QueryJobs"]["Remaining"] == 0
