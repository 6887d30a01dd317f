"""Lives of records and rules of an org over HTTP, as a stranger's client meets them: simple-salesforce."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound
from tests.contract.test_sandbox_salesforce import PlainHttp

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

Control = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Mapping[str, str]]:
    options = Options(sizes=Sizes(leads=3, contacts=3, subscribers=0), limits=Limits.parse("off"))
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
def control(running: Mapping[str, str], session: requests.Session) -> Control:
    def post(name: str, body: Any) -> Any:
        answer = session.post(running["control"] + name, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def client(running: Mapping[str, str], session: requests.Session) -> Salesforce:
    return Salesforce(
        instance_url=running["instance_url"], session_id=running["access_token"], session=session
    )


def lead(client: Salesforce, **values: Any) -> str:
    return str(client.Lead.create({"LastName": "Vogel", "Company": "Acme", **values})["id"])


def test_a_conversion_shows_in_the_leads_own_trail(client: Salesforce, control: Control) -> None:
    converted = lead(client, Email="r@example.org")
    control("person", {"object": "Lead", "op": "convert", "id": converted})
    (found,) = client.query(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{converted}'")["records"]
    assert client.Contact.get(found["ConvertedContactId"])["Email"] == "r@example.org"
    with pytest.raises(SalesforceMalformedRequest, match="CANNOT_UPDATE_CONVERTED_LEAD"):
        client.Lead.update(converted, {"Title": "CTO"})


def test_a_merge_shows_in_the_recycle_bin(client: Salesforce, control: Control) -> None:
    winner, loser = lead(client), lead(client)
    order = {"object": "Lead", "op": "merge", "id": winner, "values": {"recordToMergeIds": [loser]}}
    control("person", [order])
    soql = "SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = true"
    (found,) = client.query(soql, include_deleted=True)["records"]
    assert (found["Id"], found["MasterRecordId"]) == (loser, winner)
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        client.Lead.update(loser, {"Title": "CTO"})


def test_a_duplicate_is_told_and_may_be_allowed(client: Salesforce, control: Control) -> None:
    lead(client, Email="r@example.org")
    control("rules", {"duplicates": [{"object": "Lead", "action": "alert"}]})
    with pytest.raises(SalesforceMalformedRequest) as refused:
        lead(client, Email="R@example.org")
    (problem,) = refused.value.content
    assert problem["duplicateResult"]["matchResults"][0]["size"] == 1
    body = {"LastName": "Vogel", "Company": "Acme", "Email": "r@example.org"}
    allowing = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert client.Lead.create(body, headers=allowing)["success"] is True
