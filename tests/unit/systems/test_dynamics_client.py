from __future__ import annotations

import httpx2
import pytest
from tests.helpers.dataverse import DATA, ENVIRONMENT, Environment, batch_answer, error, part

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.systems.dynamics.batch import Request
from crosswalk.systems.dynamics.client import Client

TWO = [Request(path="/contacts"), Request(path="/leads", query=[("$select", "fullname")])]
WRITES = [Request(method="PATCH", path="/contacts(1)", headers={"If-Match": "*"}, json={"jobtitle": "CTO"})]


def client_of(environment: Environment, **credentials: str) -> Client:
    return environment.open(**credentials)._client


def test_a_batch_is_one_call_and_each_request_has_its_own_answer() -> None:
    environment = Environment(batch_answer(part(200, {"value": []}), part(404, {"error": {"code": "0x1"}})))

    answers = client_of(environment).batch(TWO, repeatable=True)

    assert [(each.status, each.path) for each in answers] == [
        (200, f"{DATA}/contacts"),
        (404, f"{DATA}/leads"),
    ]
    assert answers[0].body == b'{"value": []}'
    (sent,) = [request for request in environment.requests if request.url.path.endswith("$batch")]
    assert sent.headers["prefer"] == "odata.continue-on-error"
    assert f"GET {DATA}/leads?$select=fullname HTTP/1.1\r\n".encode() in sent.content


def test_a_write_in_a_batch_carries_its_condition_and_its_body() -> None:
    environment = Environment(batch_answer(part(204, OData_EntityId=f"{ENVIRONMENT}{DATA}/contacts(1)")))

    (answer,) = client_of(environment).batch(WRITES, repeatable=False)

    assert answer.headers["odata-entityid"].endswith("(1)")
    text = environment.requests[-1].content.decode()
    head, body = text.split("\r\n\r\n")[1:3]
    assert head.splitlines() == [
        f"PATCH {DATA}/contacts(1) HTTP/1.1",
        "Accept: application/json",
        "If-Match: *",
        "Content-Type: application/json",
    ]
    assert body.startswith('{"jobtitle":"CTO"}\r\n--batch_')


@pytest.mark.parametrize("requests", [TWO, WRITES * 2])
def test_an_answer_that_breaks_off_leaves_writes_in_doubt_and_reads_to_be_repeated(
    requests: list[Request],
) -> None:
    environment = Environment(*[batch_answer(part(204), part(204), whole=False)] * 4)

    with pytest.raises(SystemFailure) as caught:
        client_of(environment).batch(requests, repeatable=False)

    assert caught.value.kind is FailureKind.TRANSIENT
    assert caught.value.in_doubt is (requests != TWO)
    assert len(environment.calls()) == (4 if requests == TWO else 1)


def test_reads_whose_answer_breaks_off_are_asked_again() -> None:
    whole = batch_answer(part(200, {"value": []}), part(200, {"value": []}))
    environment = Environment(batch_answer(part(200), whole=False), whole)

    assert len(client_of(environment).batch(TWO, repeatable=False)) == 2
    assert len(environment.calls()) == 2


def test_a_refused_part_makes_everybody_pause() -> None:
    environment = Environment(
        batch_answer(part(204), part(429, {"error": {"code": "-2147015902"}}, Retry_After="17"))
    )

    client_of(environment).batch(WRITES * 2, repeatable=False)

    assert environment.budget.pauses() == [17.0]


def test_a_call_beyond_the_limit_waits_as_long_as_it_is_told() -> None:
    environment = Environment(
        error("0x80072322", status=429, Retry_After="8"), httpx2.Response(200, json={"value": []})
    )

    client_of(environment).write("POST", "/contacts", {"lastname": "Ruiz"})

    assert environment.clock.slept == [8.0]
    assert environment.budget.pauses() == [8.0]


def test_a_long_pause_is_left_to_the_next_run() -> None:
    environment = Environment(error("0x80072321", status=429, Retry_After="290"))

    with pytest.raises(SystemFailure) as caught:
        client_of(environment).read("/contacts")

    assert (caught.value.kind, caught.value.retry_after) == (FailureKind.QUOTA, 290.0)


def test_a_lost_write_is_in_doubt_and_not_repeated() -> None:
    environment = Environment(httpx2.ReadTimeout("slow"))

    with pytest.raises(SystemFailure) as caught:
        client_of(environment).write("POST", "/contacts", {"lastname": "Ruiz"})

    assert caught.value.in_doubt
    assert len(environment.calls()) == 1


def test_a_refused_token_is_renewed_once_even_for_a_write() -> None:
    environment = Environment(httpx2.Response(401), httpx2.Response(204))

    client_of(environment).write("POST", "/contacts", {"lastname": "Ruiz"})

    sent = [
        request.headers["authorization"] for request in environment.requests[-3:] if "api" in request.url.path
    ]
    assert sent == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_stays_refused_is_a_lost_sign_in() -> None:
    environment = Environment(httpx2.Response(401), httpx2.Response(401))

    with pytest.raises(SystemFailure) as caught:
        client_of(environment).read("/contacts")

    assert caught.value.kind is FailureKind.AUTH
    assert len(environment.forms) == 2


def test_pages_are_followed_letter_by_letter_and_the_token_stays_at_home() -> None:
    cookie = "%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%22%20/%3E"
    link = f"https://acme.api.crm4.dynamics.com{DATA}/contacts?$select=fullname&$skiptoken={cookie}"
    environment = Environment(
        httpx2.Response(200, json={"value": [1], "@odata.nextLink": link}),
        httpx2.Response(200, json={"value": [2]}),
    )

    pages = list(client_of(environment).pages("/contacts", prefer=["odata.maxpagesize=1"]))

    assert len(pages) == 2
    assert environment.calls()[1] == f"GET {DATA}/contacts?$select=fullname&$skiptoken={cookie}"
    assert environment.requests[-1].url.host == "acme.crm4.dynamics.com"
    assert environment.requests[-1].headers["prefer"] == "odata.maxpagesize=1"


def test_writes_are_made_for_somebody_else_and_reads_are_our_own() -> None:
    environment = Environment(httpx2.Response(204), httpx2.Response(200, json={}))
    client = client_of(environment, caller_object_id="e39c5d16-0000-0000-0000-000000000001")

    client.write("PATCH", "/contacts(1)", {"jobtitle": "CTO"})
    client.read("/contacts(1)")

    calls = [request for request in environment.requests if "api" in request.url.path]
    assert [request.headers.get("callerobjectid") for request in calls] == [
        "e39c5d16-0000-0000-0000-000000000001",
        None,
    ]
