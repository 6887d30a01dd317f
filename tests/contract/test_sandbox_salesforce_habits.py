"""What strangers' clients send to the Salesforce org over HTTP, beyond what the documentation shows."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
import requests

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

DATA = "/services/data/v60.0"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def ready() -> Iterator[Mapping[str, str]]:
    sizes = Sizes(leads=20, contacts=20, subscribers=0)
    options = Options(sizes=sizes, limits=Limits.parse("off"), job_seconds=0)
    servers, ready = Sandbox(["salesforce"], options).serve({"salesforce": 0})
    yield ready["salesforce"]
    for server in servers:
        server.close()


@pytest.fixture
def session(ready: Mapping[str, str]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {ready['access_token']}"
        yield session


def in_pieces(body: bytes) -> Iterator[bytes]:
    """A body of unknown length, which goes out chunked."""
    yield from (body[at : at + 7] for at in range(0, len(body), 7))


def sign_in(ready: Mapping[str, str]) -> bytes:
    pair = {"client_id": ready["client_id"], "client_secret": ready["client_secret"]}
    return urlencode({"grant_type": "client_credentials", **pair}).encode()


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/services/oauth2/token/"])
def test_a_token_call_may_be_chunked(ready: Mapping[str, str], session: requests.Session, path: str) -> None:
    answer = session.post(
        ready["login_url"] + path,
        data=in_pieces(sign_in(ready)),
        headers={"Content-Type": f"{FORM}; charset=UTF-8"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.json()["token_type"] == "Bearer"


def test_a_client_may_name_itself_by_basic(ready: Mapping[str, str], session: requests.Session) -> None:
    session.headers.pop("Authorization")
    answer = session.post(
        f"{ready['login_url']}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(ready["client_id"], ready["client_secret"]),
    )
    assert answer.json()["instance_url"] == ready["instance_url"]


@pytest.mark.parametrize(
    "path",
    [
        "/sobjects/lead/describe", "/sobjects/LEAD/Describe/", "/SObjects/Lead/describe.json",
    ],
)  # fmt: skip
def test_paths_may_end_with_a_slash_or_json_in_any_case(
    ready: Mapping[str, str], session: requests.Session, path: str
) -> None:
    answer = session.get(ready["instance_url"] + DATA + path)
    assert answer.json()["name"] == "Lead"


@pytest.mark.parametrize("query", ["q=SELECT+Id,+name+FROM+LEAD", "q=select%20ID,%20Name%20from%20Lead"])
@pytest.mark.parametrize("path", ["/query", "/query/"])
def test_spaces_are_plus_or_percent_20_and_names_in_any_case(
    ready: Mapping[str, str], session: requests.Session, path: str, query: str
) -> None:
    found = session.get(f"{ready['instance_url']}{DATA}{path}?{query}").json()
    assert found["totalSize"] == 20
    assert list(found["records"][0]) == ["attributes", "Id", "Name"]


def test_bodies_may_name_fields_in_any_case_and_come_packed_and_chunked(
    ready: Mapping[str, str], session: requests.Session
) -> None:
    body = gzip.compress(
        json.dumps({"LASTNAME": "Müller", "company": "Acme", "legacy_KEY__C": "H-1"}).encode()
    )
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
    made = session.post(
        f"{ready['instance_url']}{DATA}/sobjects/lead/", data=in_pieces(body), headers=headers
    )
    assert made.status_code == 201, made.text
    read = session.get(
        f"{ready['instance_url']}{DATA}/sobjects/Lead/legacy_key__c/h-1", params={"fields": "lastname"}
    )
    assert read.json()["LastName"] == "Müller"
    assert read.headers["Content-Encoding"] == "gzip"


def test_answers_are_indented_for_those_who_ask(ready: Mapping[str, str], session: requests.Session) -> None:
    url = f"{ready['instance_url']}{DATA}/limits"
    plain, pretty = (session.get(url, headers={"X-PrettyPrint": each}).text for each in ("0", "1"))
    assert "\n" not in plain
    assert pretty.startswith('{\n  "DailyApiRequests": {')


def test_an_upload_may_be_chunked_and_packed_and_its_connection_lives_on(ready: Mapping[str, str]) -> None:
    host = ready["instance_url"].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    headers = {"Authorization": f"Bearer {ready['access_token']}", "Content-Type": "application/json"}

    def send(method: str, path: str, body: object = None, **more: str) -> tuple[int, bytes]:
        connection.request(method, f"{DATA}/jobs/ingest{path}", body, {**headers, **more})  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.read()

    job = json.loads(send("POST", "", b'{"object":"Lead","operation":"insert"}')[1])["id"]
    content = gzip.compress("LastName,Company\nŻółć,Acme\n".encode())
    packed = {"Content-Type": "text/csv; charset=UTF-8", "Content-Encoding": "gzip"}
    assert send("PUT", f"/{job}/batches/", in_pieces(content), **packed) == (201, b"")
    assert (
        json.loads(send("PATCH", f"/{job}/", b'{"state":"UploadComplete"}')[1])["state"] == "UploadComplete"
    )
    assert json.loads(send("GET", f"/{job}.json")[1])["state"] == "JobComplete"
    status, text = send("GET", f"/{job}/SUCCESSFULRESULTS/")
    assert (status, "Żółć" in text.decode()) == (200, True)
    assert send("GET", f"/{job}/unprocessedRecords")[1] == b'"LastName","Company"\n'
    assert send("DELETE", f"/{job}") == (204, b"")
    connection.close()


def test_a_post_may_stand_for_a_patch(ready: Mapping[str, str], session: requests.Session) -> None:
    leads = f"{ready['instance_url']}{DATA}/sobjects/Lead"
    lead = session.post(leads, json={"LastName": "Vogel", "Company": "Acme"}).json()["id"]
    assert session.post(f"{leads}/{lead}?_HttpMethod=PATCH", json={"Title": "CEO"}).status_code == 204
    assert session.get(f"{leads}/{lead}?fields=Title").json()["Title"] == "CEO"
