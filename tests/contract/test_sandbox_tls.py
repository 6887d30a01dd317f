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
    ports = {"activecampaign": 0, "salesforce": 0, "dynamics": 0}
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
    assert len(addresses) == 8
    assert all(address.startswith("https://127.0.0.1:") for address in addresses)


def test_entra_id_says_https_everywhere(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["dynamics"]
    where = f"{mine['authority']}/{mine['tenant']}/v2.0/.well-known/openid-configuration"
    found = session.get(where, timeout=10).json()
    addresses = [found[name] for name in found if name == "issuer" or name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 6
    assert all(address.startswith(mine["url"] + "/") for address in addresses)
    form = {
        "grant_type": "client_credentials",
        "client_id": mine["client_id"],
        "client_secret": mine["client_secret"],
        "scope": f"{mine['url']}/.default",
    }
    token = session.post(found["token_endpoint"], data=form, timeout=10).json()["access_token"]
    who = session.get(
        f"{mine['url']}/api/data/v9.2/WhoAmI", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    assert who.status_code == 200
    refused = session.get(f"{mine['url']}/api/data/v9.2/WhoAmI", timeout=10)
    assert f"authorization_uri={mine['url']}/" in refused.headers["WWW-Authenticate"]


def test_links_of_the_web_api_lead_back_over_https(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["dynamics"]
    session.headers["Authorization"] = f"Bearer {mine['access_token']}"
    base = f"{mine['url']}/api/data/v9.2/"
    page = session.get(base + "leads", headers={"Prefer": "odata.maxpagesize=100"}, timeout=10).json()
    assert page["@odata.nextLink"].startswith(base)
    assert page["@odata.context"].startswith(base)
    tracked = session.get(base + "contacts", headers={"Prefer": "odata.track-changes"}, timeout=10).json()
    assert session.get(tracked["@odata.deltaLink"], timeout=10).json()["value"] == []
    made = session.post(base + "contacts", json={"lastname": "Vogel"}, timeout=10)
    assert made.headers["OData-EntityId"].startswith(base)


def test_the_cookie_of_a_sign_in_is_for_https_alone(
    ready: Mapping[str, Mapping[str, str]], session: requests.Session
) -> None:
    mine = ready["dynamics"]
    asked = {
        "client_id": mine["client_id"],
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": "http://localhost:8080/callback",
        "decision": "allow",
        "user": "ada.lindqvist@org.example",
    }
    where = f"{mine['authority']}/{mine['tenant']}/oauth2/v2.0/authorize"
    back = session.post(where, data=asked, timeout=10, allow_redirects=False)
    assert back.status_code == 302
    assert "Secure" in back.headers["Set-Cookie"]


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
