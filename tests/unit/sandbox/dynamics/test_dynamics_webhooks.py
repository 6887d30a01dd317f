"""Webhooks of a Dataverse environment: steps of service endpoints send what happens to rows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

from crosswalk_sandbox.http import Request, Response, Server

SECRET = '<settings><setting name="x-key" value="SECRET" /></settings>'


class Listener:
    """A webhook on loopback that answers with the given statuses, then 200."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.statuses: list[int] = []
        self.server = Server(self._answer)
        self.server.start()

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.close()


def made(environment: DataverseEnvironment, set_name: str, **body: Any) -> str:
    answer = environment.call("POST", f"/{set_name}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"][-37:-1]


def wait(environment: DataverseEnvironment, count: int) -> list[dict[str, Any]]:
    """The deliveries, once there are so many."""
    for _ in range(500):
        found: list[dict[str, Any]] = environment.control("GET", "webhooks")
        if len(found) >= count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{len(found)} of {count} events were sent")


def registered(environment: DataverseEnvironment, url: str, message: str, **changed: Any) -> str:
    """A step for contacts, without delay; its id."""
    environment.control("POST", "rules", {"webhooks": {"delay": 0, **changed.pop("habits", {})}})
    point = {
        "contract": 8,
        "authtype": 5,
        "authvalue": SECRET,
        "messageformat": 2,
        **changed.pop("point", {}),
    }
    endpoint = made(environment, "serviceendpoints", name="AC", url=url, **point)
    sdk = environment.get(f"/sdkmessages?$filter=name eq '{message}'")["value"][0]["sdkmessageid"]
    about = f"primaryobjecttypecode eq 'contact' and _sdkmessageid_value eq {sdk}"
    filter_ = environment.get(f"/sdkmessagefilters?$filter={about}")["value"][0]["sdkmessagefilterid"]
    binds = {
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({sdk})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_})",
    }
    step = {"name": message, "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0, **changed}
    return made(environment, "sdkmessageprocessingsteps", **step, **binds)


def test_an_update_is_sent_with_what_was_changed(
    environment: DataverseEnvironment, listener: Listener
) -> None:
    registered(environment, f"{listener.server.url}/hook?a=1", "Update", filteringattributes="jobtitle,pager")
    key = made(environment, "contacts", lastname="Vogel")
    environment.call("PATCH", f"/contacts({key})", {"lastname": "Other"})
    environment.call("PATCH", f"/contacts({key})", {"jobtitle": "CTO", "gendercode": 2})
    (delivery,) = wait(environment, 1)
    assert (delivery["fate"], delivery["status"], delivery["attempts"]) == ("delivered", 200, 1)
    (request,) = listener.requests
    assert (request.path, request.raw_query) == ("/hook", "a=1")
    wanted = {
        "x-key": "SECRET",
        "x-ms-dynamics-entity-name": "contact",
        "x-ms-dynamics-request-name": "Update",
        "content-type": "application/json",
    }
    assert wanted.items() <= request.headers.items()
    body = json.loads(request.body)
    assert (body["MessageName"], body["PrimaryEntityId"], body["Stage"]) == ("Update", key, 40)
    assert body["UserId"] == environment.get("/WhoAmI")["UserId"]
    values = {each["key"]: each["value"] for each in body["InputParameters"][0]["value"]["Attributes"]}
    assert values.keys() == {"jobtitle", "gendercode", "contactid", "modifiedon", "modifiedby"}
    assert (values["jobtitle"], values["gendercode"]["Value"]) == ("CTO", 2)
    assert values["modifiedon"].startswith("/Date(")


def test_creations_and_deletions_are_sent_too(environment: DataverseEnvironment, listener: Listener) -> None:
    for message in ("Create", "Delete"):
        registered(environment, listener.server.url, message, point={"authtype": 4, "authvalue": "k&y"})
    key = made(environment, "contacts", lastname="Vogel")
    environment.controlled.person("contact", "delete", record_id=key)
    wait(environment, 2)
    created, deleted = (json.loads(request.body) for request in listener.requests)
    assert created["OutputParameters"] == [{"key": "id", "value": key}]
    assert deleted["InputParameters"][0]["value"]["__type"].startswith("EntityReference:")
    assert listener.requests[0].raw_query == "code=k%26y"


def test_gateway_errors_are_tried_once_more_and_others_are_lost(
    environment: DataverseEnvironment, listener: Listener
) -> None:
    registered(environment, listener.server.url, "Create")
    listener.statuses = [503, 200, 503, 503, 500]
    for name in "ABC":
        made(environment, "contacts", lastname=name)
    found = wait(environment, 3)
    assert [each["attempts"] for each in found] == [2, 2, 1]
    assert [each["fate"] for each in found] == ["delivered", "failed", "failed"]
    jobs = environment.get("/asyncoperations?$filter=statuscode eq 31&$select=name,message")["value"]
    assert {job["message"] for job in jobs} == {
        "The webhook failed: the answer was 503.",
        "The webhook failed: the answer was 500.",
    }


def test_events_may_be_lost_or_doubled(environment: DataverseEnvironment, listener: Listener) -> None:
    registered(environment, listener.server.url, "Create", habits={"lose": 2, "double": 3})
    for name in "ABC":
        made(environment, "contacts", lastname=name)
    assert [each["fate"] for each in wait(environment, 3)] == ["delivered", "lost", "delivered"]
    assert len(listener.requests) == 3


def test_large_events_lose_their_parts(environment: DataverseEnvironment, listener: Listener) -> None:
    registered(environment, listener.server.url, "Create")
    notes = {f"acx_n{number}": "x" * 100_000 for number in range(3)}
    for name in notes:
        label = {"LocalizedLabels": [{"Label": name, "LanguageCode": 1033}]}
        body = {"@odata.type": "Microsoft.Dynamics.CRM.MemoAttributeMetadata", "SchemaName": name}
        path = "/EntityDefinitions(LogicalName='contact')/Attributes"
        full = {**body, "MaxLength": 200_000, "DisplayName": label}
        assert environment.call("POST", path, full).status_code == 204
    made(environment, "contacts", **notes)
    wait(environment, 1)
    assert listener.requests[0].headers["x-ms-dynamics-msg-size-exceeded"] == "True"
    assert "InputParameters" not in json.loads(listener.requests[0].body)


def test_steps_rest_secrets_stay_and_strangers_are_not_called(
    environment: DataverseEnvironment, listener: Listener
) -> None:
    step = registered(environment, listener.server.url, "Create")
    endpoint = environment.get("/serviceendpoints?$select=name,authvalue")["value"][0]
    assert endpoint["authvalue"] is None
    steps = f"/serviceendpoints({endpoint['serviceendpointid']})/serviceendpoint_sdkmessageprocessingstep"
    assert [each["sdkmessageprocessingstepid"] for each in environment.get(steps)["value"]] == [step]
    off = {"statecode": 1, "statuscode": 2}
    assert environment.call("PATCH", f"/sdkmessageprocessingsteps({step})", off).status_code == 204
    registered(environment, "https://hooks.example/x", "Create")
    made(environment, "contacts", lastname="Vogel")
    (delivery,) = wait(environment, 1)
    assert (delivery["fate"], delivery["status"]) == ("failed", None)
    assert listener.requests == []


def test_what_is_taken_back_is_not_sent(environment: DataverseEnvironment, listener: Listener) -> None:
    registered(environment, listener.server.url, "Create")
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.contact", "lastname": "A"},
        {"@odata.type": "Microsoft.Dynamics.CRM.contact", "nonsense": "B"},
    ]
    path = "/contacts/Microsoft.Dynamics.CRM.CreateMultiple"
    assert environment.refusal("POST", path, {"Targets": targets})[0] == "0x80048d19"
    made(environment, "contacts", lastname="C")
    wait(environment, 1)
    (request,) = listener.requests
    assert b'"C"' in request.body
