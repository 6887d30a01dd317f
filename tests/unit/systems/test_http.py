from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.patience import waited_for
from crosswalk.core.system import Paused
from crosswalk.systems.addresses import public_url
from crosswalk.systems.answers import Answer, explain_by_status
from crosswalk.systems.http import HttpClient
from crosswalk.systems.mending import mend_surrogates
from crosswalk.systems.tries import TRIES

SECRET = "k3y-never-shown"
Reply = httpx2.Response | Exception


class Rig:
    """A client whose vendor answers from a script; the last line of the script repeats."""

    def __init__(
        self, *script: Reply, base_url: str = "https://acme.example/api", packs: bool = False
    ) -> None:
        self.script = list(script)
        self.seen: list[httpx2.Request] = []
        self.clock = SteppedClock()
        self.budget = FreeBudget()
        self.client = HttpClient(
            vendor="Acme",
            base_url=base_url,
            budget=self.budget,
            clock=self.clock,
            transport=httpx2.MockTransport(self._answer),
            packs=packs,
        )

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def get(self, path: str = "/things", accept: frozenset[int] = frozenset({200})) -> Answer:
        headers = {"Api-Token": SECRET}
        return self.client.request("GET", path, headers=headers, repeatable=True, accept=accept)

    def post(self) -> Answer:
        return self.client.request(
            "POST", "/things", json={"a": 1}, repeatable=False, accept=frozenset({201})
        )


def ok(**headers: str) -> httpx2.Response:
    return httpx2.Response(200, json={"things": ["a"]}, headers=headers)


def refusal(call: Callable[[], object]) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        call()
    return caught.value


def test_it_works() -> None:
    rig = Rig(ok())

    answer = rig.client.request(
        "GET", "/things", query=[("filters[email]", "a+b@example.org")], repeatable=True
    )

    assert answer.decode(dict[str, list[str]]) == {"things": ["a"]}
    assert str(rig.seen[0].url) == "https://acme.example/api/things?filters%5Bemail%5D=a%2Bb%40example.org"
    assert (rig.client.calls, rig.budget.waits) == (1, 1)


def test_a_form_and_json_bodies_are_sent_as_such() -> None:
    rig = Rig(ok())

    rig.client.request("POST", "https://login.example/token", form={"a": "1 2"}, repeatable=True)
    rig.client.request("PATCH", "/things", json={"naïve": None}, repeatable=True)

    assert rig.seen[0].content == b"a=1+2"
    assert rig.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert rig.seen[1].content == '{"naïve":null}'.encode()
    assert rig.seen[1].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.Response(503),
        httpx2.Response(502, text="<html>bad gateway</html>"),
        httpx2.Response(429),
        httpx2.Response(200, text="<html><body>Down for maintenance</body></html>"),
        httpx2.Response(200, content=b'{"things": ["a"'),
        httpx2.Response(200, content=b""),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("Server disconnected"),
    ],
    ids=["503", "502", "429", "html", "truncated", "empty", "refused", "slow", "dropped"],
)
def test_a_read_survives_two_faults_in_a_row(fault: Reply) -> None:
    rig = Rig(fault, fault, ok())

    assert rig.get().status == 200
    assert rig.clock.slept == [0.5, 1.0]
    assert rig.budget.waits == 3


def test_a_read_gives_up_after_five_tries() -> None:
    rig = Rig(httpx2.Response(503))

    failure = refusal(rig.get)

    assert (failure.kind, failure.in_doubt) == (FailureKind.TRANSIENT, False)
    assert "Acme is not available at the moment" in failure.message
    assert len(rig.seen) == 5


def test_no_try_begins_after_ninety_seconds() -> None:
    rig = Rig(httpx2.Response(503, headers={"Retry-After": "50"}))

    refusal(rig.get)

    assert rig.clock.slept == [50.0]


def test_a_short_retry_after_is_slept_and_told_to_the_budget() -> None:
    rig = Rig(httpx2.Response(429, headers={"Retry-After": "7"}), ok())

    rig.get()

    assert rig.clock.slept == [7.0]
    assert rig.budget.pauses() == [7.0]


def test_a_long_retry_after_is_left_to_the_budget() -> None:
    rig = Rig(httpx2.Response(429, headers={"Retry-After": "1800"}))

    failure = refusal(rig.get)

    assert (failure.kind, failure.retry_after) == (FailureKind.QUOTA, 1800.0)
    assert "no call before 2026-03-02 14:30:00 UTC" in failure.message
    assert rig.budget.pauses() == [1800.0]
    assert rig.clock.slept == []


def test_no_call_is_made_while_the_budget_rests() -> None:
    class Resting(FreeBudget):
        def wait(self) -> None:
            raise Paused(600)

    rig = Rig(ok())
    client = HttpClient(
        vendor="Acme",
        base_url="https://acme.example/api",
        budget=Resting(),
        clock=rig.clock,
        transport=httpx2.MockTransport(lambda request: pytest.fail("a call was made")),
    )

    failure = refusal(lambda: client.request("POST", "/things", json={}, repeatable=False))

    assert (failure.kind, failure.retry_after, failure.in_doubt) == (FailureKind.QUOTA, 600.0, False)
    assert (
        failure.message == "Acme takes no calls for now. It asks for no call before 2026-03-02 14:10:00 UTC."
    )


@pytest.mark.parametrize("header", ["1e30", "inf", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_vendor_can_ask_for_more_than_a_day(header: str) -> None:
    rig = Rig(httpx2.Response(503, headers={"Retry-After": header}))

    assert refusal(rig.get).retry_after == 86_400.0


def test_an_overloaded_vendors_wait_is_told_to_the_budget_too() -> None:
    rig = Rig(httpx2.Response(503, headers={"Retry-After": "300"}))

    failure = refusal(rig.get)

    assert (failure.kind, failure.retry_after) == (FailureKind.TRANSIENT, 300.0)
    assert rig.budget.pauses() == [300.0]


def test_retry_after_may_be_a_date() -> None:
    date = {"Date": "Mon, 02 Mar 2026 14:00:00 GMT", "Retry-After": "Mon, 02 Mar 2026 14:00:20 GMT"}
    rig = Rig(httpx2.Response(503, headers=date), ok())

    rig.get()

    assert rig.clock.slept == [20.0]


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.Response(503),
        httpx2.Response(201, text="<html>?</html>"),
        httpx2.Response(201, content=b'{"id": "4'),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("Server disconnected"),
    ],
    ids=["503", "html", "truncated", "slow", "dropped"],
)
def test_a_write_that_may_have_happened_is_in_doubt_and_not_repeated(fault: Reply) -> None:
    rig = Rig(fault, httpx2.Response(201, json={}))

    failure = refusal(rig.post)

    assert (failure.kind, failure.in_doubt) == (FailureKind.TRANSIENT, True)
    assert len(rig.seen) == 1


@pytest.mark.parametrize(
    "fault", [httpx2.Response(429), httpx2.ConnectError("refused")], ids=["429", "refused"]
)
def test_a_write_that_cannot_have_happened_is_repeated(fault: Reply) -> None:
    rig = Rig(fault, httpx2.Response(201, json={}))

    assert rig.post().status == 201


def test_a_repeated_write_stays_in_doubt_when_an_earlier_try_was() -> None:
    rig = Rig(httpx2.ReadTimeout("slow"), httpx2.ConnectError("refused"))

    failure = refusal(lambda: rig.client.request("PUT", "/things/4", json={}, repeatable=True))

    assert failure.in_doubt


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.DATA),
        (401, FailureKind.AUTH),
        (403, FailureKind.PERMISSION),
        (404, FailureKind.CONFLICT),
        (301, FailureKind.BUG),
        (501, FailureKind.TRANSIENT),
    ],
)
def test_other_statuses_are_final(status: int, kind: FailureKind) -> None:
    rig = Rig(httpx2.Response(status, json={}, headers={"Location": "https://elsewhere.example/"}))

    failure = refusal(rig.get)

    assert failure.kind is kind
    assert str(status) in failure.message
    assert failure.cure
    assert len(rig.seen) == 1


def test_accepted_statuses_are_handed_back() -> None:
    rig = Rig(httpx2.Response(404, json={"message": "No Result found"}))

    assert rig.get(accept=frozenset({200, 404})).status == 404


def test_an_accepted_204_has_no_body() -> None:
    assert Rig(httpx2.Response(204)).get(accept=frozenset({204})).body == b""


def test_an_unknown_shape_is_named() -> None:
    answer = Rig(ok()).get()

    failure = refusal(lambda: answer.decode(dict[str, int]))

    assert failure.kind is FailureKind.BUG
    assert "/api/things" in failure.message


@pytest.mark.parametrize(
    "url", ["http://acme.example", "ftp://acme.example", "acme.example", "http://127.0.0.1.example", ""]
)
def test_only_https_outside_this_machine(url: str) -> None:
    failure = refusal(lambda: Rig(ok(), base_url=url))

    assert failure.kind is FailureKind.PERMISSION
    assert "https://" in failure.cure


def test_an_insecure_absolute_address_is_refused_before_a_byte_is_sent() -> None:
    rig = Rig(ok())

    failure = refusal(lambda: rig.get("http://acme.example/next?token=" + SECRET))

    assert "http://acme.example/next is not a secure address" in failure.message
    assert rig.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1:81", "127.8.9.1", "[::1]:81", "localhost:81"])
def test_plain_http_is_accepted_on_this_machine(host: str) -> None:
    assert Rig(ok(), base_url=f"http://{host}").get().status == 200


def test_a_secret_shows_nowhere() -> None:
    rig = Rig(httpx2.ReadTimeout(SECRET), base_url=f"https://user:{SECRET}@acme.example/api")

    with capture_logs() as logs:
        failure = refusal(lambda: rig.get(f"/things?api_key={SECRET}"))

    shown = [str(failure), failure.cure, repr(rig.client), repr(logs), public_url(rig.client.base_url)]
    assert SECRET not in " ".join(shown)
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert logs[0] == {
        "event": "call",
        "log_level": "debug",
        "vendor": "Acme",
        "method": "GET",
        "path": "/api/things",
        "status": None,
        "ms": logs[0]["ms"],
    }


def test_the_vendors_clock_is_measured() -> None:
    rig = Rig(ok(Date="Mon, 02 Mar 2026 14:00:09 GMT"))

    answer = rig.get()

    assert answer.vendor_time == datetime(2026, 3, 2, 14, 0, 9, tzinfo=UTC)
    assert rig.client.clock_difference == 9.5


@pytest.fixture
def deaf_server() -> Iterator[int]:
    """A server that takes a connection, reads, and closes it without an answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(2)


def test_a_dropped_connection_over_a_true_socket_is_in_doubt(deaf_server: int) -> None:
    url = f"http://127.0.0.1:{deaf_server}"
    client = HttpClient(vendor="Acme", base_url=url, budget=FreeBudget(), clock=SystemClock())

    failure = refusal(lambda: client.request("POST", "/things", json={}, repeatable=False))

    assert failure.in_doubt
    assert failure.code == "connection_lost"
    client.close()


class Obliging(BaseHTTPRequestHandler):
    """Answers every request with an empty object."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any, **more: Any) -> None:
        """Says nothing: the test reads what is logged."""


def test_a_secret_shows_in_no_librarys_log_either(caplog: pytest.LogCaptureFixture) -> None:
    with HTTPServer(("127.0.0.1", 0), Obliging) as server, caplog.at_level(logging.DEBUG):
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        client = HttpClient(vendor="Acme", base_url=url, budget=FreeBudget(), clock=SystemClock())
        sent = {"query": [("api_key", SECRET)], "headers": {"Api-Token": SECRET}, "form": {"key": SECRET}}
        client.request("POST", "/things", repeatable=False, **sent)  # type: ignore[arg-type]
        client.close()

    assert "send_request_headers" in caplog.text
    assert SECRET not in caplog.text


def test_a_refused_connection_over_a_true_socket_is_not_in_doubt() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    client = HttpClient(
        vendor="Acme", base_url=f"http://127.0.0.1:{port}", budget=FreeBudget(), clock=SteppedClock()
    )

    failure = refusal(lambda: client.request("POST", "/things", json={}, repeatable=False))

    assert not failure.in_doubt
    assert f"Acme cannot be reached at http://127.0.0.1:{port}/things" in failure.message
    client.close()


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ConnectTimeout])
def test_who_waits_is_told_of_an_address_that_cannot_be_reached_after_one_try(
    error: type[httpx2.RequestError], waits: bool
) -> None:
    tries: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        tries.append(str(request.url))
        raise error("no such name")

    clock = SteppedClock()
    client = HttpClient(
        vendor="Acme",
        base_url="https://acme.example",
        budget=FreeBudget(),
        clock=clock,
        transport=httpx2.MockTransport(refuse),
    )
    with waited_for() if waits else nullcontext():
        failure = refusal(lambda: client.request("GET", "/x", repeatable=True))

    assert "Acme cannot be reached" in failure.message
    assert len(tries) == (1 if waits else TRIES)
    assert (not clock.slept) is waits


def test_who_waits_is_answered_after_an_overload_like_everybody() -> None:
    answers = [httpx2.Response(503), httpx2.Response(200, json={})]
    client = HttpClient(
        vendor="Acme",
        base_url="https://acme.example",
        budget=FreeBudget(),
        clock=SteppedClock(),
        transport=httpx2.MockTransport(lambda _: answers.pop(0)),
    )
    with waited_for():
        assert client.request("GET", "/x", repeatable=True).status == 200


def test_learning_sees_every_answer() -> None:
    limits: list[str] = []
    client = HttpClient(
        vendor="Acme",
        base_url="https://acme.example",
        budget=FreeBudget(),
        clock=SteppedClock(),
        transport=httpx2.MockTransport(lambda _: httpx2.Response(404, headers={"RateLimit-Limit": "5"})),
        learn=lambda answer, _: limits.append(answer.headers["ratelimit-limit"]),
    )

    refusal(lambda: client.request("GET", "/x", repeatable=True))

    assert limits == ["5"]


def test_numbers_of_a_struct_are_typed() -> None:
    class Thing(msgspec.Struct):
        id: str

    rig = Rig(httpx2.Response(200, json={"id": "4", "other": 1}))

    assert rig.get().decode(Thing) == Thing(id="4")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (rb'{"name": "Ana \ud83d"}', "Ana \N{REPLACEMENT CHARACTER}"),
        (rb'{"name": "\uDE00 Ana"}', "\N{REPLACEMENT CHARACTER} Ana"),
        (rb'{"name": "\ud83dx"}', "\N{REPLACEMENT CHARACTER}x"),
        (rb'{"name": "\ud83d\ud83d\ude00"}', "\N{REPLACEMENT CHARACTER}\N{GRINNING FACE}"),
        (rb'{"name": "\ud83d", "more": "C:\\ud83d \ud83d\ude00"}', "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_half_a_character_in_an_answer_is_replaced_and_nothing_else(body: bytes, name: str) -> None:
    rig = Rig(httpx2.Response(200, content=body))

    answer = rig.get().decode(dict[str, str])

    assert answer["name"] == name
    assert answer.get("more") in {None, "C:\\ud83d \N{GRINNING FACE}"}
    assert len(rig.seen) == 1


def test_half_a_character_in_a_refusal_is_replaced_too() -> None:
    said: list[Answer] = []

    def explain(answer: Answer) -> SystemFailure:
        said.append(answer)
        return explain_by_status(answer)

    rig = Rig(httpx2.Response(422, content=rb'{"message": "bad name Ana \ud83d"}'))
    rig.client._explain = explain
    refusal(rig.get)

    assert json.loads(said[0].body) == {"message": "bad name Ana \N{REPLACEMENT CHARACTER}"}


def test_an_answer_that_is_cut_inside_an_escape_is_still_broken() -> None:
    rig = Rig(httpx2.Response(200, content=rb'{"name": "\ud83'), ok())

    assert rig.get().decode(dict[str, list[str]]) == {"things": ["a"]}
    assert len(rig.seen) == 2


@given(st.text(), st.lists(st.sampled_from([r"\ud83d", r"\udc00", r"\\", r"\n", "x"])))
def test_mending_touches_no_json_that_can_be_read_and_makes_the_rest_readable(
    text: str, pieces: list[str]
) -> None:
    whole = json.dumps(text).encode()
    assert mend_surrogates(whole) == whole

    broken = f'"{"".join(pieces)}"'.encode()
    read = msgspec.json.decode(mend_surrogates(broken), type=str)
    assert read == json.loads(broken).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("size", [100, 20_000])
def test_large_bodies_are_sent_packed_to_vendors_that_unpack_them(packs: bool, size: int) -> None:
    rig = Rig(ok(), packs=packs)

    rig.client.request("POST", "/things", json={"a": "x" * size}, repeatable=False)

    (request,) = rig.seen
    packed = request.headers.get("content-encoding") == "gzip"
    assert packed is (packs and size > 10_000)
    content = gzip.decompress(request.content) if packed else request.content
    assert msgspec.json.decode(content) == {"a": "x" * size}
    assert "gzip" in request.headers["accept-encoding"]
