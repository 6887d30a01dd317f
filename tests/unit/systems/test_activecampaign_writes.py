from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from tests.helpers.activecampaign import FIELDS, Script, contact, reply

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Batch, Op, Outcome, Receipt, Write, WriteOptions
from crosswalk.core.values import Value

OPTIONS = WriteOptions(import_updates_above=3)


@pytest.fixture
def script() -> Script:
    script = Script()
    script.system.describe("contact")
    script.requests.clear()
    return script


def create(id_: int, email: str | None = None, /, **values: Value) -> Write:
    address = email or f"p{id_}@example.org"
    return Write(
        id=id_,
        object="contact",
        op=Op.CREATE,
        record_id=None,
        key=address,
        values={"email": address, **values},
    )


def update(id_: int, key: str | None = None, **values: Value) -> Write:
    return Write(
        id=id_,
        object="contact",
        op=Op.UPDATE,
        record_id=str(1000 + id_),
        key=key or f"p{id_}@example.org",
        values={name.replace("field_", "field/"): value for name, value in values.items()},
    )


def formed(script: Script, *writes: Write, options: WriteOptions = OPTIONS) -> list[tuple[str, list[int]]]:
    return [
        (batch.kind, [write.id for write in batch.writes]) for batch in script.system.batches(writes, options)
    ]


def send(script: Script, write: Write) -> Receipt:
    (batch,) = script.system.batches([write], OPTIONS)
    (receipt,) = script.system.send(batch, OPTIONS)
    return receipt


# --- batches


def test_few_creates_go_singly(script: Script) -> None:
    assert formed(script, *(create(n) for n in range(9))) == [("create", [n]) for n in range(9)]


def test_many_creates_go_by_import_in_batches_of_250(script: Script) -> None:
    batches = list(script.system.batches([create(n) for n in range(510)], OPTIONS))

    assert [(batch.kind, len(batch.writes), batch.asynchronous) for batch in batches] == [
        ("import_create", 250, True),
        ("import_create", 250, True),
        ("import_create", 10, True),
    ]


def test_an_import_stays_below_the_vendors_400_000_bytes(script: Script) -> None:
    writes = [create(n, **{"field/8": "é" * 4000}) for n in range(100)]

    batches = list(script.system.batches(writes, OPTIONS))
    script.on("POST", "/import/bulk_import", reply(200, {"Success": 1, "batchId": "b"}))
    for batch in batches:
        script.system.send(batch, OPTIONS)

    assert sum(len(batch.writes) for batch in batches) == 100
    assert all(len(request.content) <= 400_000 for request in script.requests)
    assert len(batches) == 3


def test_a_doubtful_address_goes_alone_so_that_it_spoils_no_import(script: Script) -> None:
    doubtful = ["bad@@example.org", "no at", "a b@example.org", "x@nodot", "@example.org", "a@example..org"]
    writes = [*(create(n) for n in range(10)), *(create(100 + n, email) for n, email in enumerate(doubtful))]

    assert formed(script, *writes) == [
        ("import_create", list(range(10))),
        *(("create", [100 + n]) for n in range(len(doubtful))),
    ]


def test_few_updates_go_singly(script: Script) -> None:
    assert formed(script, *(update(n, firstName="A") for n in range(3))) == [
        ("update", [n]) for n in range(3)
    ]


def test_many_updates_go_by_import_but_not_those_that_rename_or_empty(script: Script) -> None:
    writes = [
        update(1, firstName="A"),
        update(2, firstName=None),
        update(3, email="new@example.org"),
        update(4, firstName="A", field_7=None),
        *(update(n, field_7="Oslo") for n in range(5, 9)),
        create(20),
    ]

    assert formed(script, *writes) == [
        ("update", [3]),
        ("update", [2]),
        ("update", [4]),
        ("import_update", [1, 5, 6, 7, 8]),
        ("create", [20]),
    ]


def test_an_address_is_given_up_before_another_contact_takes_it(script: Script) -> None:
    writes = [
        update(1, key="a@example.org", email="b@example.org"),
        update(2, key="b@example.org", email="C@example.org"),
        update(3, key="c@example.org", email="d@example.org"),
        update(4, key="x@example.org", email="y@example.org"),
    ]

    assert formed(script, *writes) == [("update", [n]) for n in (3, 2, 1, 4)]


def test_a_circle_of_addresses_ends(script: Script) -> None:
    writes = [
        update(1, key="a@example.org", email="b@example.org"),
        update(2, key="b@example.org", email="a@example.org"),
    ]

    assert sorted(ids[0] for _kind, ids in formed(script, *writes)) == [1, 2]


def test_forming_batches_calls_nobody(script: Script) -> None:
    formed(script, *(create(n) for n in range(300)))

    assert script.requests == []


# --- single calls

ANSWER: dict[str, Any] = {
    "fieldValues": [
        {
            "contact": "481",
            "field": "7",
            "value": "Madrid",
            "udate": "2026-03-02T08:11:04-06:00",
            "id": "9001",
        },
        {
            "contact": "481",
            "field": "12",
            "value": "||Email||",
            "udate": "2026-03-02T08:11:04-06:00",
            "id": "9002",
        },
    ],
    "contact": {
        "email": "maria.ruiz@example.org",
        "firstName": "María",
        "email_empty": False,
        "cdate": "2026-03-02T08:11:04-06:00",
        "udate": "2026-03-02T08:11:04-06:00",
        "orgid": "",
        "fieldValues": ["9001", "9002"],
        "id": 481,
    },
}


def test_a_contact_is_created_with_one_call(script: Script) -> None:
    script.on("POST", "/contacts", reply(201, ANSWER))
    values: dict[str, Value] = {
        "firstName": " María",
        "lastName": None,
        "field/7": "Madrid",
        "field/12": ("Email", "Phone"),
        "field/8": None,
    }

    receipt = send(script, create(1, "maria.ruiz@example.org", **values))

    assert script.body() == {
        "contact": {
            "email": "maria.ruiz@example.org",
            "firstName": " María",
            "fieldValues": [{"field": "7", "value": "Madrid"}, {"field": "12", "value": "||Email||Phone||"}],
        }
    }
    assert (receipt.outcome, receipt.record_id) == (Outcome.DONE, "481")
    assert receipt.values == {
        "email": "maria.ruiz@example.org",
        "firstName": "María",
        "field/7": "Madrid",
        "field/12": ("Email",),
    }
    assert receipt.stamp is not None


def test_an_update_puts_only_what_changed_and_empties_with_an_empty_text(script: Script) -> None:
    script.on("PUT", "/contacts/1001", reply(200, ANSWER))

    receipt = send(
        script, update(1, lastName=None, field_7=None, field_11="2026-05-19T07:45:00Z", field_12=("Email",))
    )

    assert script.body() == {
        "contact": {
            "lastName": "",
            "fieldValues": [
                {"field": "7", "value": ""},
                {"field": "11", "value": "2026-05-19T07:45:00+00:00"},
                {"field": "12", "value": "||Email||"},
            ],
        }
    }
    assert receipt.outcome is Outcome.DONE
    assert receipt.values == {"field/7": "Madrid", "field/12": ("Email",)}


def test_a_taken_address_is_a_duplicate(script: Script) -> None:
    error = {
        "title": "Email address already exists in the system",
        "detail": "",
        "code": "duplicate",
        "source": {"pointer": "/data/attributes/email"},
    }
    script.on("POST", "/contacts", reply(422, {"errors": [error]}))
    script.on("PUT", "/contacts/1001", reply(422, {"errors": [error]}))

    assert send(script, create(1)).outcome is Outcome.DUPLICATE
    receipt = send(script, update(1, email="taken@example.org"))
    assert receipt.outcome is Outcome.REFUSED
    assert (receipt.problems[0].field, receipt.problems[0].kind) == ("email", FailureKind.CONFLICT)


def blames(pointer: str, **error: str) -> dict[str, Any]:
    return {
        "errors": [{**error, "code": "field_invalid", "source": {"pointer": f"/data/attributes/{pointer}"}}]
    }


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (blames("email", title="Not valid", detail="no at sign"), "email", "Not valid: no at sign"),
        (blames("first_name", title="Too long"), "firstName", "Too long"),
        (blames("fields/7", title="Bad"), "field/7", "Bad"),
        ({"errors": [{"title": "Bad", "source": {"type": "pointer", "value": "/a/phone"}}]}, "phone", "Bad"),
        ({"errors": [{"title": "Bad", "status": 422}]}, None, "Bad"),
        ({"errors": "plain text"}, None, "plain text"),
        ({"errors": ["Field name is required"]}, None, "Field name is required"),
        ({"errors": {"title": "alone"}}, None, "alone"),
        ({"message": "said so"}, None, "said so"),
        ({}, None, "refused without a reason"),
        ([], None, "refused without a reason"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_names_the_field_and_the_reason(
    script: Script, status: int, body: object, field: str | None, message: str
) -> None:
    script.on("POST", "/contacts", httpx2.Response(status, json=body))

    receipt = send(script, create(1))

    assert receipt.outcome is Outcome.REFUSED
    assert (receipt.problems[0].field, receipt.problems[0].message) == (field, message)


@pytest.mark.parametrize("op", [Op.CREATE, Op.UPDATE])
def test_a_refusal_because_of_a_vanished_field_is_no_fault_of_the_contact(script: Script, op: Op) -> None:
    without_city = {**FIELDS, "fields": FIELDS["fields"][1:], "meta": {"total": "7"}}
    refusal = reply(422, {"errors": [{"title": "There is no field with id 7.", "code": "field_invalid"}]})
    script.on("GET", "/fields", reply(200, without_city))
    script.on("POST", "/contacts", refusal)
    script.on("PUT", "/contacts/1001", refusal)
    write = create(1, **{"field/7": "Oslo"}) if op is Op.CREATE else update(1, field_7="Oslo")

    with pytest.raises(SystemFailure, match=r"no contact field City \(field/7\) any more") as caught:
        send(script, write)

    assert (caught.value.kind, caught.value.in_doubt) == (FailureKind.MAPPING, False)
    assert "mapping" in caught.value.cure


def test_a_throttle_with_status_400_is_no_fault_of_the_contact(script: Script) -> None:
    throttled = {"success": 0, "message": "Rate limit exceeded."}
    script.on("PUT", "/contacts/1001", reply(400, throttled))

    with pytest.raises(SystemFailure) as caught:
        send(script, update(1, firstName="A"))

    assert (caught.value.kind, caught.value.in_doubt) == (FailureKind.QUOTA, False)


def test_a_contact_that_is_gone_is_missing(script: Script) -> None:
    script.on("PUT", "/contacts/1001", reply(404, {"message": "No Result found for Subscriber with id 1001"}))

    assert send(script, update(1, firstName="A")).outcome is Outcome.MISSING


def test_a_404_of_a_wrong_address_is_no_proof_that_the_contact_is_gone(script: Script) -> None:
    script.on("PUT", "/contacts/1001", httpx2.Response(404, text="<html>nothing here</html>"))

    with pytest.raises(SystemFailure, match="a web page instead of data"):
        send(script, update(1, firstName="A"))


@pytest.mark.parametrize(
    "values",
    [{"field/99": "x"}, {"field/14": "10.99"}, {"field/12": ("a||b",)}],
    ids=["vanished", "read-only", "separator"],
)
def test_what_cannot_be_written_is_refused_without_a_call(script: Script, values: dict[str, Value]) -> None:
    receipt = send(script, create(1, **values))

    assert receipt.outcome is Outcome.REFUSED
    assert [problem.field for problem in receipt.problems] == list(values)
    assert script.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.RemoteProtocolError("gone"),
        httpx2.ReadTimeout("slow"),
        httpx2.Response(503),
        httpx2.Response(201, text="<html>?</html>"),
        httpx2.Response(201, content=b'{"contact": {"id"'),
        httpx2.Response(201, json={"contacts": []}),
    ],
    ids=["dropped", "slow", "503", "html", "truncated", "odd"],
)
def test_a_create_whose_answer_is_lost_is_in_doubt_and_not_repeated(
    script: Script, fault: httpx2.Response | Exception
) -> None:
    script.on("POST", "/contacts", fault)

    with pytest.raises(SystemFailure) as caught:
        send(script, create(1))

    assert caught.value.in_doubt
    assert len(script.requests) == 1


def test_an_update_is_repeated_until_answered(script: Script) -> None:
    script.on(
        "PUT", "/contacts/1001", httpx2.RemoteProtocolError("gone"), httpx2.Response(503), reply(200, ANSWER)
    )

    assert send(script, update(1, firstName="A")).outcome is Outcome.DONE


def test_a_throttled_create_is_repeated(script: Script) -> None:
    script.on("POST", "/contacts", reply(429, None, **{"Retry-After": "3"}), reply(201, ANSWER))

    assert send(script, create(1)).outcome is Outcome.DONE
    assert script.budget.pauses() == [3.0]


def test_the_writes_of_a_batch_each_get_a_receipt(script: Script) -> None:
    answer = {**ANSWER, "contact": contact(1, script.clock.now())}
    script.on("PUT", "/contacts/1001", reply(200, answer))
    script.on("PUT", "/contacts/1002", reply(404, {"message": "No Result found"}))
    batch = Batch(
        kind="update",
        object="contact",
        op=Op.UPDATE,
        writes=(update(1, firstName="A"), update(2, firstName="B")),
    )

    receipts = script.system.send(batch, OPTIONS)

    assert [(receipt.write_id, receipt.outcome) for receipt in receipts] == [
        (1, Outcome.DONE),
        (2, Outcome.MISSING),
    ]


def test_receipts_can_be_stored_as_json(script: Script) -> None:
    script.on("POST", "/contacts", reply(201, ANSWER))

    assert b'"outcome":"done"' in msgspec.json.encode(send(script, create(1)))
