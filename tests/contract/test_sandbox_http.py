"""The sandbox's server over real sockets: what HTTP/1.1 clients do, and what they must survive."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox


@dataclass(frozen=True, kw_only=True)
class Served:
    http: httpx2.Client
    port: int
    key: str

    def talk(self, *parts: bytes) -> bytes:
        """Send raw bytes over one connection and read until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as end:
            for part in parts:
                end.sendall(part)
            return b"".join(iter(lambda: end.recv(65536), b""))

    def head(self, method: str, path: str, *headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: sandbox", f"Api-Token: {self.key}", *headers, "", ""]
        return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[int, str]]:
    options = Options(sizes=Sizes(leads=5, contacts=5, subscribers=300), limits=Limits.parse("off"))
    servers, ready = Sandbox(["activecampaign"], options).serve({"activecampaign": 0})
    yield servers[0].port, ready["activecampaign"]["key"]
    for server in servers:
        server.close()


@pytest.fixture
def served(running: tuple[int, str]) -> Iterator[Served]:
    port, key = running
    headers = {"Api-Token": key}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        client.post("/_sandbox/reset")
        yield Served(http=client, port=port, key=key)


def test_it_answers_over_http(served: Served) -> None:
    answer = served.http.get("/api/3/users/me")
    assert answer.json()["user"]["username"] == "crosswalk"
    assert answer.reason_phrase == "OK"


def test_only_loopback_is_listened_on(served: Served) -> None:
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        own = "127.0.0.2"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((own, served.port), timeout=5)


def test_a_chunked_body_is_read(served: Served) -> None:
    body = json.dumps({"contact": {"email": "chunks@example.org"}}).encode()
    parts = (body[at : at + 7] for at in range(0, len(body), 7))
    assert served.http.post("/api/3/contacts", content=parts).status_code == 201


def test_a_client_that_waits_for_100_continue_gets_it(served: Served) -> None:
    body = b'{"contact": {"email": "waits@example.org"}}'
    head = served.head(
        "POST", "/api/3/contacts", f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as end:
        end.sendall(head)
        assert end.recv(65536).startswith(b"HTTP/1.1 100 ")
        end.sendall(body)
        assert end.recv(65536).startswith(b"HTTP/1.1 201 Created")


def test_requests_share_a_connection_and_may_be_sent_ahead(served: Served) -> None:
    first = served.head("GET", "/api/3/contacts/1")
    last = served.head("GET", "/api/3/contacts/999999", "Connection: close")
    answers = served.talk(first + first, last)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.count(b"HTTP/1.1 404 Not Found") == 1


def test_head_has_the_length_but_no_body(served: Served) -> None:
    answer = served.talk(served.head("HEAD", "/api/3/users/me", "Connection: close"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b""
    length = len(served.http.get("/api/3/users/me").content)
    assert f"content-length: {length}".encode() in head.lower()


def test_a_connection_stays_open_after_204(served: Served) -> None:
    served.http.post("/_sandbox/faults", json={"kind": "status", "status": 204})
    request = served.head("GET", "/api/3/users/me")
    answers = served.talk(request, served.head("GET", "/api/3/users/me", "Connection: close"))
    assert answers.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"HTTP/1.1 200 OK" in answers


def test_what_is_no_http_is_refused(served: Served) -> None:
    assert served.talk(b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_an_http_1_0_client_gets_its_answer_and_the_end(served: Served) -> None:
    answer = served.talk(f"GET /api/3/users/me HTTP/1.0\r\nApi-Token: {served.key}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_very_long_address_reaches_the_system(served: Served) -> None:
    ids = "&".join(f"ids[]={number}" for number in range(1, 4001))
    assert served.http.get(f"/api/3/contacts?limit=100&{ids}").json()["meta"]["total"] == "300"


def test_a_dropped_connection_is_closed_without_a_byte(served: Served) -> None:
    served.http.post("/_sandbox/faults", json={"kind": "drop", "when": "after", "route": "POST /contacts"})
    body = b'{"contact": {"email": "drop@example.org"}}'
    assert served.talk(served.head("POST", "/api/3/contacts", f"Content-Length: {len(body)}"), body) == b""
    assert served.http.get("/api/3/contacts?email=drop@example.org").json()["meta"]["total"] == "1"


def test_a_truncated_answer_is_shorter_than_its_length(served: Served) -> None:
    served.http.post("/_sandbox/faults", json={"kind": "truncate", "when": "after"})
    head, _, body = served.talk(served.head("GET", "/api/3/users/me")).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert 0 < len(body) < length
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_delay_holds_up_nobody_else(served: Served) -> None:
    served.http.post("/_sandbox/faults", json={"kind": "delay", "seconds": 1.5, "route": "GET /contacts"})
    slow = threading.Thread(target=served.http.get, args=("/api/3/contacts",))
    started = time.monotonic()
    slow.start()
    time.sleep(0.2)
    assert served.http.get("/api/3/users/me").status_code == 200
    assert time.monotonic() - started < 1.4
    slow.join()
    assert time.monotonic() - started >= 1.5


def test_many_clients_at_once_lose_nothing(served: Served) -> None:
    def make(number: int) -> int:
        body = {"contact": {"email": f"many{number}@example.org"}}
        return served.http.post("/api/3/contacts", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(make, range(80))) == {201}
    assert served.http.get("/api/3/contacts?email_like=many").json()["meta"]["total"] == "80"
    log = served.http.get("/_sandbox/log").json()
    assert [entry["n"] for entry in log] == list(range(1, len(log) + 1))
    assert served.http.get("/_sandbox/counts").json()["calls"]["POST /contacts"] == 80
