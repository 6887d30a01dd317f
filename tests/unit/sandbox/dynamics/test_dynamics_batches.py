"""Batches of a Dataverse environment: several requests in one body, and change sets among them."""

from __future__ import annotations

import json
from typing import Any

import httpx2
from tests.helpers.sandbox_environment import DATA, DataverseEnvironment

NOBODY = "00000000-0000-0000-0000-00000000dead"
HEAD = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
GET_NOBODY = (
    f"{HEAD}\r\nGET {DATA}/contacts({NOBODY})?$select=fullname HTTP/1.1\r\nAccept: application/json\r\n\r\n"
)
GET_ALL = f"{HEAD}\r\nGET {DATA}/contacts?$select=fullname&$top=1 HTTP/1.1\r\n\r\n"


def writing(number: int, method: str, target: str, body: dict[str, Any]) -> str:
    line = f"Content-ID: {number}\r\n\r\n{method} {target} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
    return HEAD + line + json.dumps(body)


def joined(boundary: str, *parts: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    return 'Content-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n' + joined("changeset_1", *parts)


def send(environment: DataverseEnvironment, *parts: str, **headers: str) -> httpx2.Response:
    kind = {"Content-Type": "multipart/mixed; boundary=batch_1"}
    body = "\r\n" + joined("batch_1", *parts)
    return environment.http.post(f"{DATA}/$batch", content=body.encode(), headers={**kind, **headers})


def statuses(answer: httpx2.Response) -> list[int]:
    return [int(part[:3]) for part in answer.text.split("HTTP/1.1 ")[1:]]


def test_a_change_set_refers_to_rows_that_it_made(environment: DataverseEnvironment) -> None:
    bind = {"lastname": "Ruiz", "parentcustomerid_account@odata.bind": "$1"}
    parts = (
        writing(1, "POST", f"{DATA}/accounts", {"name": "Contoso"}),
        writing(2, "POST", f"{environment.ready['url']}{DATA}/contacts", bind),
        writing(3, "PATCH", "$2", {"jobtitle": "CTO"}),
    )
    answer = send(environment, change_set(*parts), GET_ALL)
    assert (answer.status_code, statuses(answer)) == (200, [204, 204, 204, 200])
    assert answer.text.startswith("--batchresponse_")
    assert "--changesetresponse_" in answer.text
    assert [f"Content-ID: {number}\r\n" in answer.text for number in (1, 2, 3)] == [True] * 3
    query = "$filter=lastname eq 'Ruiz' and parentcustomerid_account/name eq 'Contoso'"
    (row,) = environment.get(f"/contacts?{query}")["value"]
    assert row["jobtitle"] == "CTO"


def test_a_failed_change_set_leaves_nothing_and_is_one_error(environment: DataverseEnvironment) -> None:
    before = environment.controlled.dump()
    parts = (
        writing(1, "POST", f"{DATA}/accounts", {"name": "Contoso"}),
        writing(2, "POST", f"{DATA}/accounts", {"nonsense": 1}),
    )
    answer = send(environment, change_set(*parts), GET_ALL, Prefer="odata.continue-on-error")
    assert (answer.status_code, statuses(answer)) == (200, [400, 200])
    assert "--changesetresponse_" not in answer.text
    assert environment.controlled.dump() == before


def test_the_first_error_ends_a_batch_unless_asked_otherwise(environment: DataverseEnvironment) -> None:
    answer = send(environment, GET_ALL, GET_NOBODY, GET_ALL)
    assert (answer.status_code, statuses(answer)) == (404, [200, 404])
    answer = send(environment, GET_ALL, GET_NOBODY, GET_ALL, Prefer="odata.continue-on-error")
    assert (answer.status_code, statuses(answer)) == (200, [200, 404, 200])


def test_a_reference_forward_is_refused(environment: DataverseEnvironment) -> None:
    part = writing(1, "PATCH", "$2", {"jobtitle": "CTO"})
    answer = send(environment, change_set(part))
    assert answer.status_code == 400
    assert "Content-ID Reference: '$2' does not exist in the batch context." in answer.text


def test_batches_are_multipart_and_hold_at_most_a_thousand(environment: DataverseEnvironment) -> None:
    assert environment.refusal("POST", "/$batch", {}, status=415)[0] == "0x80060888"
    assert send(environment, *[GET_NOBODY] * 1001).status_code == 400


def test_a_malformed_part_keeps_what_came_before(environment: DataverseEnvironment) -> None:
    for bad in (f"{HEAD}\r\nGET\r\n\r\n", "no part at all", f"{HEAD}\r\nGET {DATA}/x HTTP/2\r\n\r\n"):
        answer = send(environment, GET_ALL, bad, GET_ALL)
        assert (answer.status_code, statuses(answer)) == (400, [200, 400])
        assert "Invalid HTTP request line in batch" in answer.text
    answer = send(environment, bad, GET_ALL, Prefer="odata.continue-on-error")
    assert (answer.status_code, statuses(answer)) == (200, [400, 200])


def test_a_body_that_breaks_off_does_nothing(environment: DataverseEnvironment) -> None:
    before = environment.controlled.dump()
    part = writing(1, "POST", f"{DATA}/accounts", {"name": "Contoso"})
    kind = {"Content-Type": "multipart/mixed; boundary=batch_1"}
    whole = joined("batch_1", part)
    answer = environment.http.post(f"{DATA}/$batch", content=whole[:-4].encode(), headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "0x80060888")
    inner = change_set(part).replace("--changeset_1--", "")
    answer = send(environment, inner)
    assert answer.status_code == 400
    assert environment.controlled.dump() == before


def test_a_content_id_is_of_one_request_of_a_change_set(environment: DataverseEnvironment) -> None:
    before = environment.controlled.dump()
    part = writing(1, "POST", f"{DATA}/accounts", {"name": "Contoso"})
    answer = send(environment, change_set(part, part), GET_ALL, Prefer="odata.continue-on-error")
    assert (answer.status_code, statuses(answer)) == (200, [400, 200])
    assert environment.controlled.dump() == before


def test_addresses_in_a_batch_may_be_twice_as_long(environment: DataverseEnvironment) -> None:
    query = f"/contacts?$select=contactid&$filter=lastname eq '{'x' * 40_000}'"
    assert environment.call("GET", query).status_code == 414
    assert statuses(send(environment, f"{HEAD}\r\nGET {DATA}{query} HTTP/1.1\r\n\r\n")) == [200]
    answer = send(environment, f"{HEAD}\r\nGET {DATA}{query[:-1]}{'x' * 40_000}' HTTP/1.1\r\n\r\n")
    assert statuses(answer) == [400]
