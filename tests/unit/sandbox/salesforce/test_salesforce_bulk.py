"""Bulk API 2.0: jobs that save records."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from typing import Any

import pytest
from tests.helpers.sandbox_org import DATA, Opening, SalesforceOrg

from crosswalk_sandbox.salesforce.bulk import Sizes

INGEST = "/jobs/ingest"
JOB_SECONDS = 0.3


def start(org: SalesforceOrg, operation: str, object_name: str = "Contact", **more: str) -> str:
    return str(org.send("POST", INGEST, {"object": object_name, "operation": operation, **more})["id"])


def put(
    org: SalesforceOrg, job: str, content: str | bytes, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    given = {"Content-Type": "text/csv", **(headers or {})}
    answer = org.http.put(f"{DATA}{INGEST}/{job}/batches", content=content, headers=given)
    return answer.status_code, answer.content


def close(org: SalesforceOrg, job: str) -> Any:
    return org.send("PATCH", f"{INGEST}/{job}", {"state": "UploadComplete"})


def load(org: SalesforceOrg, operation: str, content: str, object_name: str = "Contact", **more: str) -> str:
    """A job taken to its end; its id."""
    job = start(org, operation, object_name, **more)
    assert put(org, job, content) == (201, b"")
    close(org, job)
    org.clock.advance(JOB_SECONDS)
    return job


def info(org: SalesforceOrg, job: str) -> dict[str, Any]:
    found: dict[str, Any] = org.get(f"{INGEST}/{job}")
    return found


def results(org: SalesforceOrg, job: str, which: str, delimiter: str = ",") -> list[dict[str, str]]:
    answer = org.call("GET", f"{INGEST}/{job}/{which}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), delimiter=delimiter))


def errors(org: SalesforceOrg, job: str) -> list[str]:
    return sorted(row["sf__Error"] for row in results(org, job, "failedResults"))


def counts(org: SalesforceOrg, job: str) -> tuple[str, int, int]:
    told = info(org, job)
    return told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]


def test_records_are_inserted_beside_bad_ones(org: SalesforceOrg) -> None:
    job = load(org, "insert", "LastName,Email\nVogel,r.vogel@acme.example\n,x@acme.example\nWeber,nonsense\n")
    assert counts(org, job) == ("JobComplete", 3, 2)
    (made,) = results(org, job, "successfulResults")
    assert list(made) == ["sf__Id", "sf__Created", "LastName", "Email"]
    assert (made["sf__Created"], made["LastName"]) == ("true", "Vogel")
    assert org.record("Contact", made["sf__Id"])["Email"] == "r.vogel@acme.example"
    assert errors(org, job) == [
        "INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --",
        "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
    ]
    assert results(org, job, "unprocessedrecords") == []


def test_a_new_job_says_what_it_is(org: SalesforceOrg) -> None:
    sent = {"object": "contact", "operation": "upsert", "externalIdFieldName": "legacy_key__c"}
    job = org.send(
        "POST", INGEST, {**sent, "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
    )
    assert job == {
        "id": job["id"],
        "operation": "upsert",
        "object": "Contact",
        "createdById": org.ready["user_id"],
        "createdDate": "2026-03-02T12:00:00.000+0000",
        "systemModstamp": "2026-03-02T12:00:00.000+0000",
        "state": "Open",
        "externalIdFieldName": "Legacy_Key__c",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 60.0,
        "contentUrl": f"services/data/v60.0/jobs/ingest/{job['id']}/batches",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    assert (job["id"][:3], len(job["id"])) == ("750", 18)
    told = info(org, job["id"][:15])
    assert (told["jobType"], told["numberRecordsProcessed"], told["totalProcessingTime"]) == (
        "V2Ingest",
        0,
        0,
    )


def test_states_follow_the_clock(org: SalesforceOrg) -> None:
    job = start(org, "insert")
    org.clock.advance(3600)
    assert info(org, job)["state"] == "Open"
    put(org, job, "LastName\nVogel\n")
    assert close(org, job)["state"] == "UploadComplete"
    seen = []
    for seconds in (0.0, 0.11, 0.1, 0.1):
        org.clock.advance(seconds)
        seen.append(info(org, job)["state"])
    assert seen == ["UploadComplete", "InProgress", "InProgress", "JobComplete"]
    assert info(org, job)["totalProcessingTime"] == 310


def test_a_finished_job_shows_without_anybody_asking_for_it(org: SalesforceOrg) -> None:
    load(org, "insert", "LastName\nVogel\n")
    assert "Vogel" in [each["LastName"] for each in org.dump()["Contact"]]


def test_updates_leave_empty_cells_alone_and_empty_with_n_a(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Vogel", FirstName="Rita", Title="CEO", Partner__c=True)
    org.clock.advance(60)
    job = load(org, "update", f'Id,FirstName,Title,Partner__c,Score__c\n{contact[:15]},,#N/A,false,"12.5"\n')
    (row,) = results(org, job, "successfulResults")
    assert (row["sf__Id"], row["sf__Created"]) == (contact, "false")
    record = org.record("Contact", contact)
    assert (record["FirstName"], record["Title"], record["Partner__c"]) == ("Rita", None, False)
    assert (record["Score__c"], record["LastModifiedById"]) == (12.5, org.ready["user_id"])
    assert record["SystemModstamp"] > record["CreatedDate"]


def test_updates_name_what_they_cannot_change(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Vogel")
    rows = f"{contact},a\n,b\n{org.lead()},c\n{contact},d\n{contact},{'x' * 200}\n0035g00000zzzzz,e\n"
    job = load(org, "update", "Id,Title\n" + rows)
    assert counts(org, job) == ("JobComplete", 6, 5)
    codes = [error.partition(":")[0] for error in errors(org, job)]
    assert codes == [
        "DUPLICATE_VALUE", "DUPLICATE_VALUE", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "MISSING_ARGUMENT",
    ]  # fmt: skip
    failed = {row["Title"]: row["sf__Id"] for row in results(org, job, "failedResults")}
    assert (failed["d"], failed["b"]) == (contact, "")


def test_upserts_create_and_change_by_external_id(org: SalesforceOrg) -> None:
    old = org.create("Contact", LastName="Vogel", Legacy_Key__c="K-77")
    content = "Legacy_Key__c,LastName\nk-77,Weber\nK-78,Klein\nK-78,Again\n,Nobody\n"
    job = load(org, "upsert", content, externalIdFieldName="Legacy_Key__c")
    done = {row["Legacy_Key__c"]: row for row in results(org, job, "successfulResults")}
    assert (done["k-77"]["sf__Id"], done["k-77"]["sf__Created"], done["K-78"]["sf__Created"]) == (
        old,
        "false",
        "true",
    )
    assert org.record("Contact", old)["LastName"] == "Weber"
    assert errors(org, job) == [
        "DUPLICATE_VALUE:Duplicate external id specified: K-78:Legacy_Key__c --",
        "MISSING_ARGUMENT:Legacy_Key__c not specified:--",
    ]


def test_upserts_by_id_create_where_there_is_none(org: SalesforceOrg) -> None:
    old = org.create("Contact", LastName="Vogel")
    job = load(org, "upsert", f"Id,LastName\n{old},Weber\n,Klein\n", externalIdFieldName="Id")
    created = {row["LastName"]: row["sf__Created"] for row in results(org, job, "successfulResults")}
    assert created == {"Weber": "false", "Klein": "true"}


def test_parents_are_named_by_their_external_ids(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Acme", Legacy_Key__c="A-77")
    job = load(org, "insert", "LastName,Account.Legacy_Key__c\nVogel,A-77\nWeber,\nKlein,A-99\n")
    made = {row["LastName"]: row["sf__Id"] for row in results(org, job, "successfulResults")}
    assert org.record("Contact", made["Vogel"])["AccountId"] == account
    assert org.record("Contact", made["Weber"])["AccountId"] is None
    (error,) = errors(org, job)
    assert error.startswith("INVALID_FIELD:Foreign key external ID: A-99 not found for field Legacy_Key__c")
    content = f"Id,account.legacy_key__c\n{made['Vogel']},#N/A\n"
    load(org, "update", content)
    assert org.record("Contact", made["Vogel"])["AccountId"] is None


def test_a_parent_of_several_objects_needs_its_type(org: SalesforceOrg) -> None:
    lead = org.lead(Legacy_Key__c="L-77")
    job = load(org, "insert", "Subject,Lead:Who.Legacy_Key__c\nCall,L-77\n", "Task")
    (task,) = results(org, job, "successfulResults")
    assert org.record("Task", task["sf__Id"])["WhoId"] == lead
    for column, text in (
        ("Who.Legacy_Key__c", "Field name not found : Who.Legacy_Key__c"),
        ("User:Who.Username", "Field name not found : User:Who.Username"),
        ("Account:Account.Legacy_Key__c", "type is not needed for non polymorphic foreign key"),
    ):
        object_name = "Contact" if column.startswith("Account") else "Task"
        failed = info(org, load(org, "insert", f"{column}\nL-77\n", object_name))
        assert failed["state"] == "Failed"
        assert text in failed["errorMessage"]


def test_deleted_records_lie_in_the_bin_and_hard_deleted_ones_nowhere(org: SalesforceOrg) -> None:
    soft, hard = org.create("Account", Name="Soft"), org.create("Account", Name="Hard")
    below = org.create("Contact", LastName="Vogel", AccountId=hard)
    job = load(org, "delete", f"Id\n{soft}\n{soft}\n", "Account")
    assert counts(org, job) == ("JobComplete", 2, 1)
    load(org, "hardDelete", f"Id\n{hard}\n", "Account")
    dump = org.dump()
    assert [each["IsDeleted"] for each in dump["Account"] if each["Id"] in (soft, hard)] == [True]
    assert below not in [each["Id"] for each in dump["Contact"]]
    again = load(org, "hardDelete", f"Id\n{soft}\n", "Account")
    assert errors(org, again) == ["ENTITY_IS_DELETED:entity is deleted:--"]


def test_deletes_take_ids_of_the_jobs_object_alone(org: SalesforceOrg) -> None:
    contact = org.create("Contact", LastName="Vogel")
    failed = info(org, load(org, "delete", f"Id,LastName\n{contact},Vogel\n"))
    assert (failed["state"], failed["numberRecordsProcessed"]) == ("Failed", 0)
    job = load(org, "delete", f"Id\n{contact}\n#N/A\n", "Lead")
    assert counts(org, job) == ("JobComplete", 2, 2)


@pytest.mark.parametrize(
    ("name", "sign"),
    [("COMMA", ","), ("TAB", "\t"), ("SEMICOLON", ";"), ("PIPE", "|"), ("CARET", "^"), ("BACKQUOTE", "`")],
)
def test_cells_may_be_parted_by_other_signs(org: SalesforceOrg, name: str, sign: str) -> None:
    content = f'LastName{sign}Notes__c\r\n"Vo{sign}gel"{sign}"line 1\nline ""2"""\r\nWeber{sign}plain'
    job = load(org, "insert", content, columnDelimiter=name, lineEnding="CRLF")
    rows = results(org, job, "successfulResults", sign)
    assert sorted(row["LastName"] for row in rows) == [f"Vo{sign}gel", "Weber"]
    notes = {org.record("Contact", row["sf__Id"])["Notes__c"] for row in rows}
    assert notes == {'line 1\nline "2"', "plain"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("LastName\r\nVogel\r\n", "ClientInputError : LineEnding is invalid on user data. Current LineEnding"),
        ("LastName,Foo__c\nVogel,1\n", "InvalidBatch : Field name not found : Foo__c"),
        ("\ufeffLastName\nVogel\n", "InvalidBatch : Field name not found : \ufeffLastName"),
        ("LastName,lastname\nVogel,Vogel\n", "InvalidBatch : Duplicate field name : lastname"),
        ("LastName,Account.Name\nVogel,Acme\n", "InvalidBatch : Field name not found : Account.Name"),
        ("LastName,Title\nVogel\n", "ClientInputError : Failed to read record 1"),
        ('LastName,Title\nVogel,"CEO\n', "ClientInputError : Failed to read line 2"),
        ('LastName,Title\n"Vogel" ,CEO\n', "ClientInputError : Failed to read line 2"),
        ("", "InvalidBatch : Records not found"),
        (b"LastName\nM\xfcller\n", "ClientInputError : Failed to read the file"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_fails_the_job(
    org: SalesforceOrg, content: str | bytes, message: str
) -> None:
    before = org.dump()
    job = start(org, "insert")
    put(org, job, content)
    close(org, job)
    org.clock.advance(JOB_SECONDS)
    failed = info(org, job)
    assert (failed["state"], failed["numberRecordsProcessed"]) == ("Failed", 0)
    assert failed["errorMessage"].startswith(message)
    assert org.dump() == before


def test_rows_of_a_failed_job_are_unprocessed(org: SalesforceOrg) -> None:
    job = load(org, "insert", "LastName,Foo__c\nVogel,1\nWeber,2\n")
    names = [row["LastName"] for row in results(org, job, "unprocessedrecords")]
    assert sorted(names) == ["Vogel", "Weber"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Score__c", "abc"),
        ("Birthday__c", "2026-02-30"),
        ("Partner__c", "yes"),
        ("Last_Meeting__c", "yesterday"),
    ],
)
def test_a_value_of_the_wrong_kind_fails_its_row_alone(org: SalesforceOrg, column: str, cell: str) -> None:
    job = load(org, "insert", f"LastName,{column}\nVogel,{cell}\nWeber,\n")
    assert counts(org, job) == ("JobComplete", 2, 1)
    (error,) = errors(org, job)
    assert error.startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:")
    assert error.endswith(f"value not of required type: {cell}:{column} --")


def test_results_do_not_keep_the_order_of_the_file(org: SalesforceOrg) -> None:
    names = [f"Person {number:03d}" for number in range(100)]
    job = load(org, "insert", "LastName\n" + "\n".join(names))
    done = [row["LastName"] for row in results(org, job, "successfulResults")]
    assert done != names
    assert sorted(done) == names
    assert [row["LastName"] for row in results(org, job, "successfulResults")] == done


def test_batches_are_saved_one_after_the_other_and_an_abort_stops_between_them(opening: Opening) -> None:
    org = opening(bulk=Sizes(batch_rows=2))
    job = load(org, "insert", "LastName\nA\nB\nC\nD\nE\n")
    assert (info(org, job)["state"], info(org, job)["numberRecordsProcessed"]) == ("InProgress", 2)
    assert org.send("PATCH", f"{INGEST}/{job}", {"state": "Aborted"})["state"] == "Aborted"
    org.clock.advance(60)
    assert counts(org, job) == ("Aborted", 2, 0)
    left = sorted(row["LastName"] for row in results(org, job, "unprocessedrecords"))
    assert left == ["C", "D", "E"]
    assert org.column("SELECT LastName FROM Contact WHERE LastName IN ('A','B','C','D','E') ORDER BY LastName") == [
        "A", "B",
    ]  # fmt: skip


def test_keys_may_come_again_after_two_hundred_rows(org: SalesforceOrg) -> None:
    rows = [f"K-{number},L{number}" for number in range(1000, 1200)]
    content = "\n".join(["Legacy_Key__c,LastName", *rows, "K-1000,Late"])
    job = load(org, "upsert", content, externalIdFieldName="Legacy_Key__c")
    assert counts(org, job) == ("JobComplete", 201, 0)
    assert org.column("SELECT LastName FROM Contact WHERE Legacy_Key__c = 'K-1000'") == ["Late"]


def test_the_assignment_rule_runs_only_for_a_job_that_names_it(org: SalesforceOrg) -> None:
    owners = []
    for more in ({}, {"assignmentRuleId": "01Q5g0000000001"}):
        job = load(org, "insert", "LastName,Company\nVogel,Acme\n", "Lead", **more)
        (made,) = results(org, job, "successfulResults")
        owners.append(org.record("Lead", made["sf__Id"])["OwnerId"][:3])
    assert owners == ["005", "00G"]


def test_one_upload_a_job(org: SalesforceOrg) -> None:
    job = start(org, "insert")
    assert put(org, job, "LastName\nVogel\n", {"Content-Type": "text/csv; charset=UTF-8"}) == (201, b"")
    status, body = put(org, job, "LastName\nWeber\n")
    assert status == 400
    assert b"Found multiple contents for job" in body
    close(org, job)
    assert put(org, job, "LastName\nWeber\n")[0] == 400
    assert put(org, start(org, "insert"), "{}", {"Content-Type": "application/json"})[0] == 415


def test_an_upload_may_be_packed_but_not_be_too_large(opening: Opening) -> None:
    org = opening(bulk=Sizes(upload_bytes=100))
    job = start(org, "insert")
    packed = gzip.compress(b"LastName\nVogel\n")
    assert put(org, job, packed, {"Content-Encoding": "gzip"})[0] == 201
    close(org, job)
    org.clock.advance(JOB_SECONDS)
    assert counts(org, job) == ("JobComplete", 1, 0)
    assert put(org, start(org, "insert"), "LastName\n" + "x" * 100)[0] == 413


def test_a_job_without_a_file_fails(org: SalesforceOrg) -> None:
    job = start(org, "insert")
    close(org, job)
    org.clock.advance(JOB_SECONDS)
    assert info(org, job)["state"] == "Failed"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"object": "Contact"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Nothing__c", "operation": "insert"}, "INVALIDJOB"),
        ({"operation": "insert"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "contentType": "JSON"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "columnDelimiter": "SPACE"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "lineEnding": "CR"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "insert", "assignmentRuleId": "x"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "colour": "red"}, "JSON_PARSER_ERROR"),
        ({"object": "Contact", "operation": "insert", "lineEnding": 1}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_job_that_cannot_be_is_refused(org: SalesforceOrg, sent: dict[str, object], code: str) -> None:
    assert org.refusal("POST", INGEST, sent)[0] == code


def test_jobs_change_state_only_forwards(org: SalesforceOrg) -> None:
    job = load(org, "insert", "LastName\nVogel\n")
    refusal = org.refusal("PATCH", f"{INGEST}/{job}", {"state": "Aborted"})
    assert refusal == ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert org.refusal("PATCH", f"{INGEST}/{job}", {"state": "UploadComplete"})[0] == "INVALIDJOBSTATE"
    assert org.refusal("PATCH", f"{INGEST}/{job}", {"state": "Open"})[0] == "INVALIDJOB"
    early = start(org, "insert")
    assert org.refusal("GET", f"{INGEST}/{early}/successfulResults")[0] == "INVALIDJOBSTATE"
    assert org.refusal("DELETE", f"{INGEST}/{early}")[0] == "INVALIDJOBSTATE"
    assert org.send("PATCH", f"{INGEST}/{early}", {"state": "Aborted"})["state"] == "Aborted"
    assert org.refusal("PATCH", f"{INGEST}/{early}", {"state": "Aborted"})[1] == (
        "Aborting already Aborted Job not allowed"
    )


def test_a_deleted_or_old_job_is_not_found(org: SalesforceOrg) -> None:
    job, other = load(org, "insert", "LastName\nVogel\n"), load(org, "insert", "LastName\nWeber\n")
    org.send("DELETE", f"{INGEST}/{job}", status=204)
    assert org.refusal("GET", f"{INGEST}/{job}", status=404)[0] == "NOT_FOUND"
    org.clock.advance(7 * 24 * 3600)
    fresh = org.http.post("/services/oauth2/token", data={
        "grant_type": "client_credentials", "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
    }).json()  # fmt: skip
    org.http.headers["Authorization"] = f"Bearer {fresh['access_token']}"
    assert org.refusal("GET", f"{INGEST}/{other}", status=404)[0] == "NOT_FOUND"


def test_jobs_are_listed_page_by_page(opening: Opening) -> None:
    org = opening(bulk=Sizes(listed=2))
    made = [start(org, "insert") for _ in range(5)]
    seen, path = [], f"{INGEST}?jobType=V2Ingest&isPkChunkingEnabled=false&queryLocator="
    while path:
        page = org.get(path)
        seen += [each["id"] for each in page["records"]]
        assert page["done"] is (page["nextRecordsUrl"] is None)
        path = (page["nextRecordsUrl"] or "").removeprefix(DATA)
    assert seen == made
    assert org.get(f"{INGEST}?jobType=Classic")["records"] == []
    assert org.get("/jobs/query")["records"] == []


def test_every_call_counts_and_no_record_does(opening: Opening) -> None:
    org = opening(limits="real")
    job = load(org, "insert", "LastName\n" + "Vogel\n" * 50)
    results(org, job, "successfulResults")
    answer = org.call("GET", "/limits")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=5/100000"
    assert answer.json()["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 14_999}


def test_a_day_has_room_for_so_many_batches(opening: Opening) -> None:
    org = opening(limits="real", bulk=Sizes(batch_rows=2, batches_a_day=1))
    job = load(org, "insert", "LastName\nA\nB\nC\n")
    org.clock.advance(JOB_SECONDS)
    failed = info(org, job)
    assert (failed["state"], failed["numberRecordsProcessed"]) == ("Failed", 2)
    assert failed["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded."
    assert [row["LastName"] for row in results(org, job, "unprocessedrecords")] == ["C"]


def test_a_reset_forgets_all_jobs(org: SalesforceOrg) -> None:
    job = start(org, "insert")
    org.controlled.reset()
    assert org.refusal("GET", f"{INGEST}/{job}", status=404)[0] == "NOT_FOUND"
    assert start(org, "insert") == job


def test_the_log_names_the_routes(org: SalesforceOrg) -> None:
    load(org, "insert", "LastName\nVogel\n")
    assert [entry.route for entry in org.controlled.log()] == [
        "POST /jobs/ingest",
        "PUT /jobs/ingest/{job}/batches",
        "PATCH /jobs/ingest/{job}",
    ]
