"""The Salesforce org over HTTP, through a stranger's client: simple-salesforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)  # fmt: skip
from tests.helpers.certificates import certificate_pem, key_pem, private_key

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

LEADS, CONTACTS = 30, 2345


class PlainHttp(HTTPAdapter):
    """Sends to the sandbox, over http, whatever host the client asks for over https."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path = request.path_url
        request.url = self._base_url + path
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def running() -> Iterator[Mapping[str, str]]:
    sizes = Sizes(leads=LEADS, contacts=CONTACTS, subscribers=0)
    options = Options(sizes=sizes, limits=Limits.parse("real"), job_seconds=0.01)
    servers, ready = Sandbox(["salesforce"], options).serve({"salesforce": 0})
    yield ready["salesforce"]
    for server in servers:
        server.close()


@pytest.fixture
def session(running: Mapping[str, str]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", PlainHttp(running["instance_url"]))
        session.post(running["control"] + "reset")
        yield session


@pytest.fixture
def client(running: Mapping[str, str], session: requests.Session) -> Salesforce:
    return Salesforce(
        instance_url=running["instance_url"], session_id=running["access_token"], session=session
    )


def test_a_query_is_answered(client: Salesforce) -> None:
    found = client.query("SELECT Id, Name, Owner.Name FROM Lead WHERE Email != null ORDER BY Name LIMIT 3")
    assert (found["totalSize"], found["done"], len(found["records"])) == (3, True, 3)
    assert found["records"][0]["attributes"]["type"] == "Lead"


def test_all_pages_of_a_query_are_read(client: Salesforce) -> None:
    found = client.query_all("SELECT Id, Email FROM Contact")
    assert len({each["Id"] for each in found["records"]}) == found["totalSize"] == CONTACTS
    assert len(list(client.query_all_iter("SELECT Id FROM Lead"))) == LEADS


def test_deleted_records_are_read_too(client: Salesforce) -> None:
    lead = client.query("SELECT Id FROM Lead LIMIT 1")["records"][0]["Id"]
    assert client.Lead.delete(lead) == 204
    deleted = client.query("SELECT Id FROM Lead WHERE IsDeleted = true", include_deleted=True)
    assert [each["Id"] for each in deleted["records"]] == [lead]


def test_a_record_is_created_changed_and_read(client: Salesforce) -> None:
    made = client.Contact.create({"LastName": "Vogel", "Email": "r.vogel@acme.example", "Score__c": 1.5})
    assert (made["success"], made["errors"]) == (True, [])
    assert client.Contact.update(made["id"], {"FirstName": "Rita", "Notes__c": "Zeile 1\nZeile 2 🎉"}) == 204
    contact = client.Contact.get(made["id"])
    assert (contact["Name"], contact["Score__c"], contact["Notes__c"]) == (
        "Rita Vogel",
        1.5,
        "Zeile 1\nZeile 2 🎉",
    )


def test_upsert_by_external_id(client: Salesforce) -> None:
    assert client.Contact.upsert("Legacy_Key__c/AB-1", {"LastName": "Vogel"}) == 201
    assert client.Contact.upsert("Legacy_Key__c/AB-1", {"FirstName": "Rita"}) == 200
    assert client.Contact.get_by_custom_id("Legacy_Key__c", "AB-1")["Name"] == "Rita Vogel"


def test_objects_and_fields_are_described(client: Salesforce) -> None:
    described = client.describe()
    assert described is not None
    assert {"Lead", "Contact", "User", "Organization"} <= {each["name"] for each in described["sobjects"]}
    fields = {each["name"]: each for each in client.Lead.describe()["fields"]}
    assert fields["Company"]["length"] == 255
    assert client.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"


def test_collections_go_through_the_plain_call(client: Salesforce) -> None:
    records = [
        {"attributes": {"type": "Lead"}, "LastName": f"L{number}", "Company": "A"} for number in range(200)
    ]
    results = client.restful("composite/sobjects", method="POST", json={"records": records})
    assert len({each["id"] for each in results}) == 200


def test_updated_and_deleted_are_told(client: Salesforce) -> None:
    answer = client.restful("limits")
    assert answer is not None
    deleted = client.restful(
        "sobjects/Lead/deleted", {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    )
    assert deleted is not None
    assert deleted["deletedRecords"] == []


def test_usage_is_counted(client: Salesforce) -> None:
    client.query("SELECT COUNT() FROM Lead")
    assert client.api_usage["api-usage"].used == 1
    assert client.api_usage["api-usage"].total == 100_000


def test_refusals_reach_the_client_as_its_errors(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        client.query("SELECT Foo FROM Lead")
    assert malformed.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get("00Q5g00000zzzzz")
    with pytest.raises(SalesforceError) as refused:
        client.Lead.create({"LastName": "x"})
    assert refused.value.content[0]["fields"] == ["Company"]


def test_a_dead_session_is_an_expired_session(running: Mapping[str, str], session: requests.Session) -> None:
    client = Salesforce(instance_url=running["instance_url"], session_id="00D!dead", session=session)
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Lead")


def test_a_signed_statement_signs_in(running: Mapping[str, str], session: requests.Session) -> None:
    key = private_key()
    session.post(running["control"] + "apps", json={"certificate": certificate_pem(key)})
    client = Salesforce(
        username=running["username"],
        consumer_key=running["client_id"],
        privatekey=key_pem(key),
        session=session,
    )
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert client.session_id != running["access_token"]


def test_a_wrong_key_is_a_failed_sign_in(running: Mapping[str, str], session: requests.Session) -> None:
    session.post(running["control"] + "apps", json={"certificate": certificate_pem(private_key())})
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        Salesforce(
            username=running["username"],
            consumer_key=running["client_id"],
            privatekey=key_pem(private_key("second")),
            session=session,
        )


def test_client_credentials_sign_in_by_basic(running: Mapping[str, str], session: requests.Session) -> None:
    client = Salesforce(
        consumer_key=running["client_id"],
        consumer_secret=running["client_secret"],
        domain="acme.my",
        session=session,
    )
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert client.session_id != running["access_token"]


def bulk(client: Salesforce, object_name: str) -> Any:
    """The client's door to bulk jobs of an object."""
    return getattr(client.bulk2, object_name)


def test_bulk_jobs_insert_and_tell_what_failed(client: Salesforce) -> None:
    records = [
        {"LastName": "Żółć 🎉", "FirstName": 'says "hi"', "Notes__c": "a,b"},
        {"LastName": "", "FirstName": "Nobody", "Notes__c": ""},
    ]
    (job,) = bulk(client, "Contact").insert(records=records, wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"], job["numberRecordsTotal"]) == (2, 1, 2)
    found = bulk(client, "Contact").get_all_ingest_records(job["job_id"])
    (made,), (failed,) = found["successfulRecords"], found["failedRecords"]
    assert client.Contact.get(made["sf__Id"])["Name"] == 'says "hi" Żółć 🎉'
    assert made["LastName"] == "Żółć 🎉"
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]")
    assert found["unprocessedRecords"] == []


def test_bulk_jobs_upsert_update_and_delete(client: Salesforce) -> None:
    records = [
        {"Legacy_Key__c": f"X-{number}", "LastName": f"L{number}", "Company": "A"} for number in range(250)
    ]
    leads = bulk(client, "Lead")
    (job,) = leads.upsert(records=records, external_id_field="Legacy_Key__c", wait=0)
    assert job["numberRecordsFailed"] == 0
    rows = leads.get_all_ingest_records(job["job_id"])["successfulRecords"]
    assert {row["sf__Created"] for row in rows} == {"true"}
    changes = [{"Id": row["sf__Id"], "Title": "#N/A"} for row in rows[:10]]
    assert leads.update(records=changes, wait=0)[0]["numberRecordsFailed"] == 0
    (job,) = leads.delete(records=[{"Id": row["sf__Id"]} for row in rows], wait=0)
    assert job["numberRecordsProcessed"] == 250
    assert client.query("SELECT COUNT() FROM Lead WHERE Legacy_Key__c LIKE 'X-%'")["totalSize"] == 0


def test_a_failed_bulk_job_is_the_clients_error(client: Salesforce) -> None:
    with pytest.raises(SalesforceOperationError, match="Field name not found : Foo__c"):
        bulk(client, "Contact").insert(records=[{"LastName": "Vogel", "Foo__c": "x"}], wait=0)


def test_bulk_queries_are_read_page_by_page(client: Salesforce) -> None:
    pages = list(
        bulk(client, "Contact").query("SELECT Id, Account.Name FROM Contact", max_records=1000, wait=0)
    )
    assert [page.count("\n") for page in pages] == [1001, 1001, CONTACTS - 2000 + 1]
    assert all(page.startswith('"Id","Account.Name"\n') for page in pages)
