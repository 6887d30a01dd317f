"""The sandbox over TLS, through strangers' clients that know nothing but https."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from simple_salesforce import Salesforce
from tests.helpers.certificates import write_pair

from crosswalk_sandbox.http import tls_context
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

LEADS = 250


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_pair(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def ready(certificate: tuple[Path, Path]) -> Iterator[Mapping[str, Mapping[str, str]]]:
    options = Options(sizes=Sizes(leads=LEADS, contacts=5, subscribers=5), limits=Limits.parse("off"))
    ports = {"activecampaign": 0, "salesforce": 0}
    servers, ready = Sandbox(ports, options).serve(ports, tls_context(*certificate))
    yield ready
    for server in servers:
        server.close()


@pytest.fixture
def session(certificate: tuple[Path, Path]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(certificate[0])
        yield session


def test_simple_salesforce_works_without_tricks(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["salesforce"]
    client = Salesforce(instance_url=mine["instance_url"], session_id=mine["access_token"], session=session)
    assert len(client.query_all("SELECT Id FROM Lead")["records"]) == LEADS
    made = client.Lead.create({"LastName": "Vogel", "Company": "Acme"})
    assert client.Lead.get(made["id"])["LastName"] == "Vogel"


def test_the_ready_line_says_https_everywhere(ready: Mapping[str, Mapping[str, str]]) -> None:
    addresses = [value for mine in ready.values() for value in mine.values() if "://" in value]
    assert len(addresses) == 5
    assert all(address.startswith("https://127.0.0.1:") for address in addresses)


def test_many_requests_go_over_one_connection(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["activecampaign"]
    headers = {"Api-Token": mine["key"]}
    for _ in range(3):
        answer = session.get(mine["url"] + "/api/3/contacts", headers=headers, timeout=10)
        assert answer.json()["meta"]["total"] == "5"


def test_whoever_does_not_trust_the_certificate_is_told_nothing(
    ready: Mapping[str, Mapping[str, str]],
) -> None:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            session.get(ready["salesforce"]["login_url"], timeout=10)


def test_plain_http_is_not_answered_and_hurts_nobody(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["activecampaign"]
    port = int(mine["url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as end:
        end.sendall(b"GET /api/3/users/me HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b""
        with contextlib.suppress(ConnectionResetError):
            said = end.recv(65536)
    assert b"HTTP" not in said
    answer = session.get(mine["url"] + "/api/3/users/me", headers={"Api-Token": mine["key"]}, timeout=10)
    assert answer.status_code == 200


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    with pytest.raises(OSError, match="PEM"):
        tls_context(nonsense, nonsense)
